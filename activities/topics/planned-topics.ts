import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicFacts,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { targetName } from '../../src/migration/file.js';
import { repartitioned } from '../../src/mirror/source-changes.js';
import { insistOnCopies } from '../../src/mirror/copies.js';
import { offsetTable, type OffsetTable, type Side } from '../../src/migration/offsets.js';
import type { Work } from '../../src/migration/work/work.js';
import { valueOf } from '../kit/rows.js';
import { under } from '../../src/migration/by-name.js';

/** How the topics that a migration moves are told from others of the same name: by the ids that its plan saw. */
export type TopicIds = Readonly<Record<string, string | null>>;

/**
 * The topics as they are now on the cluster.
 *
 * @throws FerryError `Changed` when one is gone, or is there under another id than planned, or has other partitions
 * than `partitions` says (by topic).
 */
export async function plannedTopics(
  cluster: Cluster,
  names: readonly string[],
  planned: { topicIds?: TopicIds | undefined; partitions?: ReadonlyMap<string, number> } = {},
): Promise<TopicFacts[]> {
  const rows = await cluster.topics(names);
  return names.map((name) => {
    if (rows.get(name)?.error?.type === 'NotFound')
      throw new FerryError(
        'Changed',
        `The topic ${name} is no longer on ${cluster.name}: what had not been read there is lost. Find out who deleted it, then abort the migration.`,
      );
    const topic = valueOf(rows, name);
    const id = under(planned.topicIds, name);
    if (id != null && topic.topicId !== null && topic.topicId !== id)
      throw new FerryError(
        'Changed',
        `The topic ${name} on ${cluster.name} was deleted and created again (its id was ${id} and is now ${topic.topicId}): what had not been read is lost, and offsets mean other records now. Find out who did it, then abort the migration and start it anew.`,
      );
    const partitions = planned.partitions?.get(name);
    if (partitions !== undefined && partitions !== topic.partitions.length)
      throw repartitioned(cluster, name, partitions, topic.partitions.length);
    return topic;
  });
}

/**
 * The copies as they have to be while a mirror writes to them, and until producers do.
 *
 * @param from the topics of the source as they are now
 * @param targetIds by target topic, as they were when the mirror was prepared
 * @throws FerryError `Changed` when one is gone, or another topic than it was, or has other partitions than its source; the
 * last may be accepted
 */
export async function plannedCopies(
  target: Cluster,
  { migration, accepted = [] }: Pick<Work, 'migration' | 'accepted'>,
  from: readonly TopicFacts[],
  targetIds: TopicIds = {},
): Promise<void> {
  const rows = await target.topics(migration.topics.map(targetName));
  for (const move of migration.topics) {
    const name = targetName(move);
    const source = from.find((facts) => facts.name === move.name);
    if (rows.get(name)?.error?.type === 'NotFound')
      throw new FerryError(
        'Changed',
        `The topic ${name} is no longer on ${target.name}: what was copied there is lost. Find out who deleted it, then abort the migration and start it anew.`,
      );
    const copy = valueOf(rows, name);
    const id = under(targetIds, name);
    if (id != null && copy.topicId !== null && copy.topicId !== id)
      throw new FerryError(
        'Changed',
        `The topic ${name} on ${target.name} was deleted and created again (its id was ${id} and is now ${copy.topicId}): what was copied there is lost. Find out who did it, then abort the migration and start it anew.`,
      );
    if (source)
      insistOnCopies(target, name, {
        has: copy.partitions.length,
        copied: source.partitions.length,
        accepted,
      });
  }
}

/** By topic; a topic that is not there is thrown. */
export async function topicIdsOn(
  cluster: Cluster,
  names: readonly string[],
): Promise<Record<string, string | null>> {
  const rows = await cluster.topics(names);
  return Object.fromEntries(names.map((name) => [name, valueOf(rows, name).topicId]));
}

export function partitionsIn(topics: readonly TopicFacts[]): TopicPartition[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  );
}

/** The high watermarks as a table. @throws FerryError the error of a partition that has none. */
export function endsTable<S extends Side>(
  partitions: readonly TopicPartition[],
  marks: Rows<string, Watermarks>,
): OffsetTable<S> {
  return offsetTable(
    partitions.map((at) => ({ ...at, offset: valueOf(marks, partitionKey(at)).highWatermark })),
  );
}
