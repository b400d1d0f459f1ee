import type { TopicPartition } from '../cluster.js';
import { api, appendInts } from './api.js';
import { byTopic } from './by-topic.js';

export interface LogDirs {
  code: number;
  dirs: { code: number; partitions: (TopicPartition & { bytes: bigint; future: boolean })[] }[];
}

/*
  DescribeLogDirs Request (Version: 4) => [topics] TAG_BUFFER
    topics => topic [partitions] TAG_BUFFER
      topic => COMPACT_STRING
      partitions => INT32

  DescribeLogDirs Response (Version: 4) => throttle_time_ms error_code [results] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    results => error_code log_dir [topics] total_bytes usable_bytes TAG_BUFFER
      error_code => INT16
      log_dir => COMPACT_STRING
      topics => name [partitions] TAG_BUFFER
        name => COMPACT_STRING
        partitions => partition_index partition_size offset_lag is_future_key TAG_BUFFER
          partition_index => INT32
          partition_size => INT64
          offset_lag => INT64
          is_future_key => BOOLEAN
      total_bytes => INT64
      usable_bytes => INT64

  From version 3 on a broker says that it refuses to answer; before that it answered nothing.
*/
export const describeLogDirsV4 = api<readonly TopicPartition[], LogDirs>(
  ['DescribeLogDirs', 35, 4],
  (partitions, writer) =>
    writer
      .appendArray(byTopic(partitions), (w, { topic, partitions }) =>
        appendInts(
          w.appendString(topic),
          partitions.map(({ partition }) => partition),
        ),
      )
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    const code = r.readInt16();
    const dirs = r.readArray(() => {
      const code = r.readInt16();
      r.readString();
      const partitions = r
        .readArray(() => {
          const topic = r.readString();
          return r.readArray(() => {
            const partition = r.readInt32();
            const bytes = r.readInt64();
            r.readInt64();
            return { topic, partition, bytes, future: r.readBoolean() };
          });
        })
        .flat();
      r.readInt64();
      r.readInt64();
      return { code, partitions };
    });
    return { code, dirs };
  },
);
