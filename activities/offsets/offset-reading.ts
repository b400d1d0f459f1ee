import { partitionKey, type Cluster, type TopicPartition, type Watermarks } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { valueOf } from '../kit/rows.js';
import { asking } from '../kit/weights.js';
import { count } from '../kit/wording.js';

/** Where the log of one partition begins and ends. */
export interface Ends extends TopicPartition, Watermarks {}

/** Reads many partitions, all in one call; a partition that cannot be read is thrown. */
export async function readEnds(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<Ends[]> {
  if (partitions.length === 0) return [];
  const marks = await cluster.watermarks(partitions);
  return partitions.map((partition) => ({ ...partition, ...valueOf(marks, partitionKey(partition)) }));
}

/** Topics on the target that hold records before any producer was moved: what becomes of them is for a person to say. */
export function recordsThere(ends: readonly Ends[], target: string): Finding[] {
  const held = new Map<string, bigint>();
  for (const { topic, logStart, highWatermark } of ends)
    held.set(topic, (held.get(topic) ?? 0n) + highWatermark - logStart);
  return [...held]
    .filter(([, records]) => records > 0n)
    .map(([topic, records]) =>
      asking(
        `records-on-target:${topic}`,
        `${topic} on ${target} holds ${count(records, 'record')} already, which no group of the migration will get when it starts after them: accept that, or empty the topic.`,
      ),
    );
}
