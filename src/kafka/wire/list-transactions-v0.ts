import { api, appendStrings } from './api.js';

/*
  ListTransactions Request (Version: 0) => [state_filters] [producer_id_filters] TAG_BUFFER       empty: all
    state_filters => COMPACT_STRING
    producer_id_filters => INT64

  ListTransactions Response (Version: 0) => throttle_time_ms error_code [unknown_state_filters] [transaction_states] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    unknown_state_filters => COMPACT_STRING
    transaction_states => transactional_id producer_id transaction_state TAG_BUFFER
      transactional_id => COMPACT_STRING
      producer_id => INT64
      transaction_state => COMPACT_STRING
*/
export const listTransactionsV0 = api<readonly string[], { code: number; transactionalIds: string[] }>(
  ['ListTransactions', 66, 0],
  (states, writer) =>
    appendStrings(writer, states)
      .appendArray([], () => {})
      .appendTaggedFields(),
  (r) => {
    r.readThrottle();
    const code = r.readInt16();
    r.readStrings();
    const transactionalIds = r.readArray(() => {
      const transactionalId = r.readString();
      r.readInt64();
      r.readString();
      return transactionalId;
    });
    return { code, transactionalIds };
  },
);
