import type { TopicPartition } from '../cluster.js';

/** Kafka's requests name each topic once, with its partitions below it. */
export function byTopic<P extends TopicPartition>(
  partitions: readonly P[],
): { topic: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>();
  for (const partition of partitions) {
    const same = topics.get(partition.topic);
    if (same) same.push(partition);
    else topics.set(partition.topic, [partition]);
  }
  return [...topics].map(([topic, of]) => ({ topic, partitions: of }));
}
