import type { TopicPartition } from '../cluster.js';
import { api } from './api.js';

export interface ShareGroupOffsets {
  group: string;
  code: number;
  /**
   * What lies before the start offset is done with; −1: nothing has been acknowledged. Lag (KIP-1226): how many records from there
   * on are not; −1: not known.
   */
  offsets: (TopicPartition & { code: number; startOffset: bigint; lag: bigint })[];
}

/*
  DescribeShareGroupOffsets Request (Version: 1) => [groups] TAG_BUFFER
    groups => group_id [topics] TAG_BUFFER
      group_id => COMPACT_STRING
      topics => null: all

  DescribeShareGroupOffsets Response (Version: 1) => throttle_time_ms [groups] TAG_BUFFER
    throttle_time_ms => INT32
    groups => group_id [topics] error_code error_message TAG_BUFFER
      group_id => COMPACT_STRING
      topics => topic_name topic_id [partitions] TAG_BUFFER
        topic_name => COMPACT_STRING
        topic_id => UUID
        partitions => partition_index start_offset leader_epoch lag error_code error_message TAG_BUFFER
          partition_index => INT32
          start_offset => INT64
          leader_epoch => INT32
          lag => INT64
          error_code => INT16
          error_message => COMPACT_NULLABLE_STRING
      error_code => INT16
      error_message => COMPACT_NULLABLE_STRING
*/
export const describeShareGroupOffsetsV1 = api<readonly string[], ShareGroupOffsets[]>(
  ['DescribeShareGroupOffsets', 90, 1],
  (groups, writer) =>
    writer
      .appendArray([...groups], (w, group) => w.appendString(group).appendArray(null, () => {}))
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => {
      const group = r.readString();
      const offsets = r
        .readArray(() => {
          const topic = r.readString();
          r.readTopicId();
          return r.readArray(() => {
            const partition = r.readInt32();
            const startOffset = r.readInt64();
            r.readInt32();
            const lag = r.readInt64();
            const code = r.readInt16();
            r.readNullableString();
            return { topic, partition, startOffset, lag, code };
          });
        })
        .flat();
      const code = r.readInt16();
      r.readNullableString();
      return { group, code, offsets };
    });
  },
);
