import type { TopicPartition } from '../cluster.js';
import { WireReader } from './reader.js';

/*
  What members of a classic consumer group tell each other through the broker, which does not look inside.

  ConsumerProtocolSubscription => version [topics] user_data ...       later versions only append
    version => INT16
    topics => STRING
    user_data => NULLABLE_BYTES

  ConsumerProtocolAssignment => version [assigned_partitions] user_data
    version => INT16
    assigned_partitions => topic [partitions]
      topic => STRING
      partitions => INT32
    user_data => NULLABLE_BYTES
*/

/**
 * Topics of a ConsumerProtocolSubscription; none where there are no bytes yet.
 * @throws RangeError when the bytes are something else: a member may write any
 */
export function subscribedTopics(metadata: Buffer): string[] {
  if (metadata.length === 0) return [];
  const r = new WireReader(metadata);
  r.readInt16();
  return r.readArray(() => r.readString(false), false, false);
}

/** Partitions of a ConsumerProtocolAssignment; none where there are no bytes yet. Errors as `subscribedTopics`. */
export function assignedPartitions(assignment: Buffer): TopicPartition[] {
  if (assignment.length === 0) return [];
  const r = new WireReader(assignment);
  r.readInt16();
  const topics = r.readArray(
    () => {
      const topic = r.readString(false);
      return r.readArray(() => ({ topic, partition: r.readInt32() }), false, false);
    },
    false,
    false,
  );
  return topics.flat();
}
