import { api } from './api.js';

export interface InitProducerIdRequest {
  transactionalId: string;
  /** After which the coordinator aborts a transaction that its producer has left open, ms. */
  timeoutMs: number;
}

export interface InitProducerIdResponse {
  code: number;
  producerId: bigint;
  producerEpoch: number;
}

/*
  InitProducerId Request (Version: 4) => transactional_id transaction_timeout_ms producer_id producer_epoch TAG_BUFFER
    transactional_id => COMPACT_NULLABLE_STRING
    transaction_timeout_ms => INT32
    producer_id => INT64         −1: whichever the coordinator keeps for the transactional id, or a new one
    producer_epoch => INT16      −1: the next one; every older one is fenced at the coordinator

  InitProducerId Response (Version: 4) => throttle_time_ms error_code producer_id producer_epoch TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    producer_id => INT64
    producer_epoch => INT16
*/
export const initProducerIdV4 = api<InitProducerIdRequest, InitProducerIdResponse>(
  ['InitProducerId', 22, 4],
  ({ transactionalId, timeoutMs }, writer) =>
    writer
      .appendString(transactionalId)
      .appendInt32(timeoutMs)
      .appendInt64(-1n)
      .appendInt16(-1)
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return { code: r.readInt16(), producerId: r.readInt64(), producerEpoch: r.readInt16() };
  },
);
