import { api } from './api.js';

export interface EndTxnRequest {
  transactionalId: string;
  producerId: bigint;
  producerEpoch: number;
  committed: boolean;
}

/*
  EndTxn Request (Version: 3) => transactional_id producer_id producer_epoch committed TAG_BUFFER
    transactional_id => COMPACT_STRING
    producer_id => INT64
    producer_epoch => INT16
    committed => BOOLEAN

  EndTxn Response (Version: 3) => throttle_time_ms error_code TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16

  Up to version 4 the producer keeps its epoch; from 5 on (KIP-890) each end of a transaction raises it.
*/
export const endTxnV3 = api<EndTxnRequest, { code: number }>(
  ['EndTxn', 26, 3],
  ({ transactionalId, producerId, producerEpoch, committed }, writer) =>
    writer
      .appendString(transactionalId)
      .appendInt64(producerId)
      .appendInt16(producerEpoch)
      .appendBoolean(committed)
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    return { code: r.readInt16() };
  },
);
