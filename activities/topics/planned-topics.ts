import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicFacts,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { offsetTable, type OffsetTable, type Side } from '../../src/migration/offsets.js';
import { valueOf } from '../kit/rows.js';

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
    const id = planned.topicIds?.[name];
    if (id != null && topic.topicId !== null && topic.topicId !== id)
      throw new FerryError(
        'Changed',
        `The topic ${name} on ${cluster.name} was deleted and created again (its id was ${id} and is now ${topic.topicId}): what had not been read is lost, and offsets mean other records now. Find out who did it, then abort the migration and start it anew.`,
      );
    const partitions = planned.partitions?.get(name);
    if (partitions !== undefined && partitions !== topic.partitions.length)
      throw new FerryError(
        'Changed',
        `The topic ${name} on ${cluster.name} had ${partitions} partitions and has ${topic.partitions.length} now: the target was prepared for ${partitions}. Abort the migration and start it anew, so that the target gets as many.`,
      );
    return topic;
  });
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
