import type { TopicPartition } from '../../src/kafka/cluster.js';
import { targetName, type Migration } from '../../src/migration/file.js';

/** Where the copy of a partition of the source is. */
export type OnTarget = (at: TopicPartition) => TopicPartition;

export function onTargetOf({ topics }: Migration): OnTarget {
  const names = new Map(topics.map((move) => [move.name, targetName(move)]));
  return ({ topic, partition }) => ({ topic: names.get(topic) ?? topic, partition });
}
