import type { TopicPartition } from '../cluster.js';
import { api } from './api.js';
import { byTopic } from './by-topic.js';

export interface OffsetDeleteResponse {
  code: number;
  partitions: (TopicPartition & { code: number })[];
}

/*
  OffsetDelete Request (Version: 0) => group_id [topics]
    group_id => STRING
    topics => name [partitions]
      name => STRING
      partitions => partition_index
        partition_index => INT32

  OffsetDelete Response (Version: 0) => error_code throttle_time_ms [topics]
    error_code => INT16
    throttle_time_ms => INT32
    topics => name [partitions]
      name => STRING
      partitions => partition_index error_code
        partition_index => INT32
        error_code => INT16
*/
export const offsetDeleteV0 = api<
  { group: string; partitions: readonly TopicPartition[] },
  OffsetDeleteResponse
>(
  ['OffsetDelete', 47, 0],
  ({ group, partitions }, writer) =>
    writer
      .appendString(group, false)
      .appendArray(
        byTopic(partitions),
        (w, { topic, partitions }) =>
          w
            .appendString(topic, false)
            .appendArray(partitions, (w, { partition }) => w.appendInt32(partition), false, false),
        false,
        false,
      ),
  (r) => {
    const code = r.readInt16();
    r.readThrottle();
    const topics = r.readArray(
      () => {
        const topic = r.readString(false);
        return r.readArray(() => ({ topic, partition: r.readInt32(), code: r.readInt16() }), false, false);
      },
      false,
      false,
    );
    return { code, partitions: topics.flat() };
  },
  { flexible: false },
);
