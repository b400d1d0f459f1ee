import type { TopicPartition } from '../cluster.js';
import { api } from './api.js';
import { byTopic } from './by-topic.js';

export interface ProduceRequest {
  /** How long the broker waits for the other replicas, ms. */
  timeoutMs: number;
  /** One batch for each partition, in one or more parts; brokers refuse more from version 3 on. */
  batches: readonly (TopicPartition & { parts: readonly Buffer[] })[];
}

export interface ProduceResponse {
  partitions: (TopicPartition & { code: number; baseOffset: bigint })[];
  throttleMs: number;
}

/*
  Produce Request (Version: 9) => transactional_id acks timeout_ms [topic_data] TAG_BUFFER
    transactional_id => COMPACT_NULLABLE_STRING       null: nothing in it belongs to a transaction
    acks => INT16                                      −1: all replicas in sync
    timeout_ms => INT32
    topic_data => name [partition_data] TAG_BUFFER
      name => COMPACT_STRING
      partition_data => index records TAG_BUFFER
        index => INT32
        records => COMPACT_RECORDS

  Produce Response (Version: 9) => [responses] throttle_time_ms TAG_BUFFER
    responses => name [partition_responses] TAG_BUFFER
      name => COMPACT_STRING
      partition_responses => index error_code base_offset log_append_time_ms log_start_offset [record_errors] error_message TAG_BUFFER
        index => INT32
        error_code => INT16
        base_offset => INT64
        log_append_time_ms => INT64
        log_start_offset => INT64
        record_errors => batch_index batch_index_error_message TAG_BUFFER
          batch_index => INT32
          batch_index_error_message => COMPACT_NULLABLE_STRING
        error_message => COMPACT_NULLABLE_STRING
    throttle_time_ms => INT32
*/
export const produceV9 = api<ProduceRequest, ProduceResponse>(
  ['Produce', 0, 9],
  ({ timeoutMs, batches }, writer) =>
    writer
      .appendString(null)
      .appendInt16(-1)
      .appendInt32(timeoutMs)
      .appendArray(byTopic(batches), (w, { topic, partitions }) =>
        w.appendString(topic).appendArray(partitions, (w, { partition, parts }) => {
          w.appendInt32(partition).appendUnsignedVarInt(
            1 + parts.reduce((sum, { length }) => sum + length, 0),
          );
          for (const part of parts) w.append(part);
        }),
      )
      .appendTaggedFields(),
  (r) => {
    const partitions = r
      .readArray(() => {
        const topic = r.readString();
        return r.readArray(() => {
          const row = { topic, partition: r.readInt32(), code: r.readInt16(), baseOffset: r.readInt64() };
          r.readInt64();
          r.readInt64();
          r.readArray(() => {
            r.readInt32();
            r.readNullableString();
          });
          r.readNullableString();
          return row;
        });
      })
      .flat();
    return { partitions, throttleMs: r.readThrottle() };
  },
);
