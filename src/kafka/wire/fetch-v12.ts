import type { TopicPartition } from '../cluster.js';
import { api } from './api.js';
import { byTopic } from './by-topic.js';

export interface FetchRequest {
  isolation: 0 | 1;
  maxWaitMs: number;
  maxBytes: number;
  maxBytesPerPartition: number;
  /** `lastEpoch`: leader epoch of the record before `offset`, by which the broker notices a truncated log (KIP-595). */
  positions: readonly (TopicPartition & { offset: bigint; lastEpoch?: number })[];
}

export interface FetchResponse {
  /** The broker holds this client back by a quota; it may then have left out all records. */
  throttleMs: number;
  code: number;
  partitions: (TopicPartition & {
    code: number;
    highWatermark: bigint;
    lastStable: bigint;
    logStart: bigint;
    aborted: { producerId: bigint; firstOffset: bigint }[];
    /** Where the broker's log and the one that was read part, when `lastEpoch` says so; there are no records then. */
    diverging?: { epoch: number; endOffset: bigint };
    /** Whole batches as on disk; the last one may be cut off. */
    records: Buffer;
  })[];
}

/*
  Fetch Request (Version: 12) => replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch [topics] [forgotten_topics_data] rack_id TAG_BUFFER
    replica_id => INT32
    max_wait_ms => INT32
    min_bytes => INT32
    max_bytes => INT32
    isolation_level => INT8
    session_id => INT32
    session_epoch => INT32       −1: no incremental session (KIP-227)
    topics => topic [partitions] TAG_BUFFER
      topic => COMPACT_STRING
      partitions => partition current_leader_epoch fetch_offset last_fetched_epoch log_start_offset partition_max_bytes TAG_BUFFER
        partition => INT32
        current_leader_epoch => INT32
        fetch_offset => INT64
        last_fetched_epoch => INT32
        log_start_offset => INT64
        partition_max_bytes => INT32
    forgotten_topics_data => topic [partitions] TAG_BUFFER
    rack_id => COMPACT_STRING

  Fetch Response (Version: 12) => throttle_time_ms error_code session_id [responses] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    session_id => INT32
    responses => topic [partitions] TAG_BUFFER
      topic => COMPACT_STRING
      partitions => partition_index error_code high_watermark last_stable_offset log_start_offset [aborted_transactions] preferred_read_replica records TAG_BUFFER
        partition_index => INT32
        error_code => INT16
        high_watermark => INT64
        last_stable_offset => INT64
        log_start_offset => INT64
        aborted_transactions => producer_id first_offset TAG_BUFFER       nullable
          producer_id => INT64
          first_offset => INT64
        preferred_read_replica => INT32
        records => COMPACT_RECORDS
        TAG_BUFFER, tag 0 => epoch end_offset TAG_BUFFER       diverging epoch
          epoch => INT32
          end_offset => INT64

  The last version that names topics instead of ids, so that one version serves brokers from 2.7 to 4.x.
*/
export const fetchV12 = api<FetchRequest, FetchResponse>(
  ['Fetch', 1, 12],
  ({ isolation, maxWaitMs, maxBytes, maxBytesPerPartition, positions }, writer) =>
    writer
      .appendInt32(-1)
      .appendInt32(maxWaitMs)
      .appendInt32(1)
      .appendInt32(maxBytes)
      .appendInt8(isolation)
      .appendInt32(0)
      .appendInt32(-1)
      .appendArray(byTopic(positions), (w, { topic, partitions }) =>
        w
          .appendString(topic)
          .appendArray(partitions, (w, { partition, offset, lastEpoch = -1 }) =>
            w
              .appendInt32(partition)
              .appendInt32(-1)
              .appendInt64(offset)
              .appendInt32(lastEpoch)
              .appendInt64(-1n)
              .appendInt32(maxBytesPerPartition),
          ),
      )
      .appendArray([], () => {})
      .appendString('')
      .appendTaggedFields(),
  (r) => {
    const throttleMs = r.readThrottle();
    const code = r.readInt16();
    r.readInt32();
    const partitions = r
      .readArray(() => {
        const topic = r.readString();
        return r.readUntaggedArray(() => {
          const row = {
            topic,
            partition: r.readInt32(),
            code: r.readInt16(),
            highWatermark: r.readInt64(),
            lastStable: r.readInt64(),
            logStart: r.readInt64(),
            aborted: r.readArray(() => ({ producerId: r.readInt64(), firstOffset: r.readInt64() })),
          };
          r.readInt32();
          const records = r.readBytes();
          let diverging: { epoch: number; endOffset: bigint } | undefined;
          r.readTagged((tag, size) => {
            if (tag !== 0) return void r.skip(size);
            diverging = { epoch: r.readInt32(), endOffset: r.readInt64() };
            r.readTaggedFields();
          });
          return { ...row, ...(diverging && { diverging }), records };
        });
      })
      .flat();
    return { throttleMs, code, partitions };
  },
);
