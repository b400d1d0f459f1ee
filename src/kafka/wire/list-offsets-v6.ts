import type { TopicPartition } from '../cluster.js';
import { api } from './api.js';
import { byTopic } from './by-topic.js';

/** Timestamps with a meaning of their own. */
export const earliest = -2n;
export const latest = -1n;

export interface ListOffsetsRequest {
  /** 0 read_uncommitted, 1 read_committed: decides whether `latest` is the high watermark or the last stable offset. */
  isolation: 0 | 1;
  timestamp: bigint;
  partitions: readonly TopicPartition[];
}

export interface ListedOffset extends TopicPartition {
  code: number;
  timestamp: bigint;
  /** −1: no record at or after the timestamp. */
  offset: bigint;
}

/*
  ListOffsets Request (Version: 6) => replica_id isolation_level [topics] TAG_BUFFER
    replica_id => INT32
    isolation_level => INT8
    topics => name [partitions] TAG_BUFFER
      name => COMPACT_STRING
      partitions => partition_index current_leader_epoch timestamp TAG_BUFFER
        partition_index => INT32
        current_leader_epoch => INT32
        timestamp => INT64

  ListOffsets Response (Version: 6) => throttle_time_ms [topics] TAG_BUFFER
    throttle_time_ms => INT32
    topics => name [partitions] TAG_BUFFER
      name => COMPACT_STRING
      partitions => partition_index error_code timestamp offset leader_epoch TAG_BUFFER
        partition_index => INT32
        error_code => INT16
        timestamp => INT64
        offset => INT64
        leader_epoch => INT32
*/
export const listOffsetsV6 = api<ListOffsetsRequest, ListedOffset[]>(
  ['ListOffsets', 2, 6],
  ({ isolation, timestamp, partitions }, writer) =>
    writer
      .appendInt32(-1)
      .appendInt8(isolation)
      .appendArray(byTopic(partitions), (w, { topic, partitions }) =>
        w
          .appendString(topic)
          .appendArray(partitions, (w, { partition }) =>
            w.appendInt32(partition).appendInt32(-1).appendInt64(timestamp),
          ),
      )
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r
      .readArray(() => {
        const topic = r.readString();
        return r.readArray(() => {
          const row = {
            topic,
            partition: r.readInt32(),
            code: r.readInt16(),
            timestamp: r.readInt64(),
            offset: r.readInt64(),
          };
          r.readInt32();
          return row;
        });
      })
      .flat();
  },
);
