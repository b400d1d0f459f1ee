import type { OpenTransaction } from '../cluster.js';
import { api, appendStrings } from './api.js';

/*
  DescribeTransactions Request (Version: 0) => [transactional_ids] TAG_BUFFER
    transactional_ids => COMPACT_STRING

  DescribeTransactions Response (Version: 0) => throttle_time_ms [transaction_states] TAG_BUFFER
    throttle_time_ms => INT32
    transaction_states => error_code transactional_id transaction_state transaction_timeout_ms transaction_start_time_ms producer_id producer_epoch [topics] TAG_BUFFER
      error_code => INT16
      transactional_id => COMPACT_STRING
      transaction_state => COMPACT_STRING
      transaction_timeout_ms => INT32
      transaction_start_time_ms => INT64
      producer_id => INT64
      producer_epoch => INT16
      topics => topic [partitions] TAG_BUFFER
        topic => COMPACT_STRING
        partitions => INT32
*/
export const describeTransactionsV0 = api<readonly string[], (OpenTransaction & { code: number })[]>(
  ['DescribeTransactions', 65, 0],
  (transactionalIds, writer) => appendStrings(writer, transactionalIds).appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return r.readArray(() => ({
      code: r.readInt16(),
      transactionalId: r.readString(),
      state: r.readString(),
      timeoutMs: r.readInt32(),
      startTimestamp: Number(r.readInt64()),
      producerId: r.readInt64(),
      producerEpoch: r.readInt16(),
      partitions: r
        .readArray(() => {
          const topic = r.readString();
          return r.readInts().map((partition) => ({ topic, partition }));
        })
        .flat(),
    }));
  },
);
