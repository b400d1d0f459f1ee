import type { TopicPartition } from '../cluster.js';
import { api } from './api.js';
import { byTopic } from './by-topic.js';

export interface OffsetCommitRequest {
  group: string;
  offsets: readonly (TopicPartition & { offset: bigint; metadata: string })[];
}

/*
  OffsetCommit Request (Version: 8) => group_id generation_id member_id group_instance_id [topics] TAG_BUFFER
    group_id => COMPACT_STRING
    generation_id => INT32
    member_id => COMPACT_STRING
    group_instance_id => COMPACT_NULLABLE_STRING
    topics => name [partitions] TAG_BUFFER
      name => COMPACT_STRING
      partitions => partition_index committed_offset committed_leader_epoch committed_metadata TAG_BUFFER
        partition_index => INT32
        committed_offset => INT64
        committed_leader_epoch => INT32
        committed_metadata => COMPACT_NULLABLE_STRING

  OffsetCommit Response (Version: 8) => throttle_time_ms [topics] TAG_BUFFER
    throttle_time_ms => INT32
    topics => name [partitions] TAG_BUFFER
      name => COMPACT_STRING
      partitions => partition_index error_code TAG_BUFFER
        partition_index => INT32
        error_code => INT16

  Generation −1 without a member is an administrator's commit: the broker takes it only while the group has no
  members. A leader epoch of −1 says that the epoch is not known, which never sends a consumer looking for it.
*/
export const offsetCommitV8 = api<OffsetCommitRequest, (TopicPartition & { code: number })[]>(
  ['OffsetCommit', 8, 8],
  ({ group, offsets }, writer) =>
    writer
      .appendString(group)
      .appendInt32(-1)
      .appendString('')
      .appendString(null)
      .appendArray(byTopic(offsets), (w, { topic, partitions }) =>
        w
          .appendString(topic)
          .appendArray(partitions, (w, { partition, offset, metadata }) =>
            w.appendInt32(partition).appendInt64(offset).appendInt32(-1).appendString(metadata),
          ),
      )
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r
      .readArray(() => {
        const topic = r.readString();
        return r.readArray(() => ({ topic, partition: r.readInt32(), code: r.readInt16() }));
      })
      .flat();
  },
);
