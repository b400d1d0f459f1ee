import type { Committed, TopicPartition } from '../../src/kafka/cluster.js';
import { type Cluster, partitionKey } from '../../src/kafka/cluster.js';

/** By group, then by `partitionKey`: offsets. */
export type Offsets = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/** A commit of each group on each partition, at any offset from the log's start to its end, both included. */
export async function commitAnywhere(
  cluster: Cluster,
  groups: readonly string[],
  partitions: readonly TopicPartition[],
  randomBelow: (limit: number) => number,
): Promise<void> {
  const ends = await cluster.watermarks(partitions);
  for (const group of groups) {
    const offsets = partitions.map((at) => {
      const { value, error } = ends.get(partitionKey(at)) ?? {};
      if (!value) throw error ?? new Error(`${partitionKey(at)} was not found`);
      const length = Number(value.highWatermark - value.logStart);
      return { ...at, offset: value.logStart + BigInt(randomBelow(length + 1)) };
    });
    for (const { error } of (await cluster.commitOffsets(group, offsets)).values()) if (error) throw error;
  }
}

/** What groups have committed on these partitions; absent where they have not. */
export async function readCommitted(
  cluster: Cluster,
  groups: readonly string[],
  partitions: readonly TopicPartition[],
): Promise<Offsets> {
  const offsets = new Map<string, Map<string, bigint>>();
  for (const [group, { value, error }] of await cluster.committedOffsets(groups, partitions)) {
    if (error) throw error;
    offsets.set(group, new Map([...value].map(([key, { offset }]: [string, Committed]) => [key, offset])));
  }
  return offsets;
}
