import type { Cluster, GroupFacts, Rows } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { describeMember, isOpaque, membersReading } from '../groups/membership.js';
import { isRebalancing } from '../groups/settled.js';
import { lastingAt } from '../kit/rows.js';
import { asking, blocking } from '../kit/weights.js';
import { listed } from '../kit/wording.js';

/**
 * Whoever has a member that reads the topics now, or of which nobody can say whether it does.
 *
 * @throws FerryError `Unreachable` where that may be told in a moment
 */
export function readerFindings(
  source: Cluster,
  described: Rows<string, GroupFacts>,
  alive: readonly string[],
  topics: ReadonlySet<string>,
): Finding[] {
  return alive.flatMap((group) => {
    const row = lastingAt(described, group);
    // It may be anybody's, and its application may live for ever.
    if (row.error)
      return [
        asking(
          `members-unknown:${group}`,
          `Whether ${group} reads from ${source.name} what is to be deleted cannot be told: ${row.error.message} Find out what its applications read, and accept that the topics are deleted.`,
        ),
      ];
    const members = membersReading(row.value, topics);
    const seen = members.filter((member) => !isOpaque(member));
    const said = listed((seen.length > 0 ? seen : members).map((member) => describeMember(member, topics)));
    if (seen.length > 0)
      return [
        blocking(
          `still-reading:${group}`,
          `${group} still reads ${source.name}: ${said}. Stop it there first.`,
        ),
      ];
    if (members.length === 0) return [];
    return [
      isRebalancing(row.value)
        ? blocking(
            `members-unknown:${group}`,
            `What ${group} reads on ${source.name} cannot be told while it rebalances: ${said}. Once it is stable, retry; if it does not become so, stop it there.`,
          )
        : asking(
            `members-unknown:${group}`,
            `What ${group} reads on ${source.name} cannot be told, because its members do not say: ${said}. Stop it there and retry, or find out what it reads and accept that the topics are deleted.`,
          ),
    ];
  });
}
