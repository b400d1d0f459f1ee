import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Migration } from '../../src/migration/file.js';
import { rowAt } from '../kit/rows.js';

const lookAgainMs = 250;

/**
 * Looks again for topics that were not there, as often as answers have to agree, since much is left out for a topic that is
 * gone: nobody looks for records that came late, for readers or for open transactions.
 *
 * @param topics by the id of the plan, or by name where that is `null`
 * @throws FerryError `Unreachable` when one is there again: a broker that has just begun knows no topics yet
 */
export async function insistGone(
  source: Pick<Cluster, 'name' | 'topics' | 'topicsById'>,
  topics: readonly { name: string; topicId: string | null }[],
  { waits }: Pick<Migration, 'waits'>,
  signal?: AbortSignal,
): Promise<void> {
  if (topics.length === 0) return;
  const ids = topics.flatMap(({ topicId }) => topicId ?? []);
  const names = topics.flatMap(({ name, topicId }) => (topicId === null ? name : []));
  for (let agreed = 1; agreed < waits.agreeing; agreed++) {
    await sleep(lookAgainMs, undefined, { signal });
    const rows = new Map([
      ...(ids.length > 0 ? await source.topicsById(ids) : []),
      ...(names.length > 0 ? await source.topics(names) : []),
    ]);
    for (const { name, topicId } of topics) {
      const { error } = rowAt(rows, topicId ?? name);
      if (error?.type === 'NotFound') continue;
      throw (
        error ??
        new FerryError(
          'Unreachable',
          `${source.name} has answered that ${name} is not there, and then that it is, as a broker does that has just begun: it is asked again.`,
        )
      );
    }
  }
}
