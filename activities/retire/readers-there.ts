import type { Cluster, GroupFacts, GroupListing, Rows, TopicPartition } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import type { Work } from '../../src/migration/work/work.js';
import { describeMember, isOpaque, membersReading } from '../groups/membership.js';
import { isRebalancing } from '../groups/settled.js';
import { lastingAt, rowAt } from '../kit/rows.js';
import { asking, blocking, noting } from '../kit/weights.js';
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

/**
 * Groups that the migration does not know and that have been reading all the same. One that nobody ever joined may still
 * read: nothing comes to a quiet source, so that its commits cannot move, and they alone would show it.
 */
export async function otherCommits(
  source: Cluster,
  { migration, accepted = [] }: Work,
  groups: readonly GroupListing[],
  partitions: readonly TopicPartition[],
): Promise<Finding[]> {
  const known = new Set(migration.consumers.map(({ group }) => group));
  const neverJoined = new Set(groups.flatMap((one) => (one.neverJoined ? [one.group] : [])));
  const leftBehind = new Set(migration.leaveBehind.groups);
  const others = groups.map(({ group }) => group).filter((group) => !known.has(group));
  if (others.length === 0) return [];
  const rows = await source.committedOffsets(others, partitions);
  return others.flatMap((group) => {
    const topics = new Set(
      [...(rows.get(group)?.value?.keys() ?? [])].map((key) => key.replace(/\/\d+$/, '')),
    );
    const decided = leftBehind.has(group) || accepted.includes(`group-not-in-file:${group}`);
    const { error } = rowAt(rows, group);
    if (error && neverJoined.has(group) && !decided)
      return [
        asking(
          `may-still-read:${group}`,
          `Whether ${group}, which the migration does not name and which has never had a member, has committed offsets on the topics of ${source.name} cannot be told (${error.message}): a consumer that assigns partitions to itself (Flink, Spark) may still read there. Find out whose it is, and accept that the topics are deleted.`,
        ),
      ];
    if (error)
      return [
        noting(
          `other-commits:${group}`,
          `Whether ${group}, which the migration does not name, has committed offsets on the topics of ${source.name} cannot be told (${error.message}); if it has, they go with the topics.`,
        ),
      ];
    if (topics.size > 0 && neverJoined.has(group) && !decided)
      return [
        asking(
          `may-still-read:${group}`,
          `${group}, which the migration does not name, has committed offsets on ${listed([...topics])} of ${source.name} without ever having had a member: a consumer that assigns partitions to itself (Flink, Spark) may still read there, which brokers cannot tell. Find out whose it is, and accept that the topic is deleted.`,
        ),
      ];
    return topics.size === 0
      ? []
      : [
          noting(
            `other-commits:${group}`,
            `${group}, which the migration does not name, has committed offsets on ${listed([...topics])} of ${source.name}; they go with the topic.`,
          ),
        ];
  });
}
