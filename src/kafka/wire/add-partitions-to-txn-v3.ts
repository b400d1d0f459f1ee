import type { TopicPartition } from '../cluster.js';
import { api, appendInts } from './api.js';
import { byTopic } from './by-topic.js';

export interface AddPartitionsToTxnRequest {
  transactionalId: string;
  producerId: bigint;
  producerEpoch: number;
  partitions: readonly TopicPartition[];
}

/*
  AddPartitionsToTxn Request (Version: 3) => transactional_id producer_id producer_epoch [topics] TAG_BUFFER
    transactional_id => COMPACT_STRING
    producer_id => INT64
    producer_epoch => INT16
    topics => name [partitions] TAG_BUFFER
      name => COMPACT_STRING
      partitions => INT32

  AddPartitionsToTxn Response (Version: 3) => throttle_time_ms [results] TAG_BUFFER
    throttle_time_ms => INT32
    results => name [results_by_partition] TAG_BUFFER
      name => COMPACT_STRING
      results_by_partition => partition_index partition_error_code TAG_BUFFER
        partition_index => INT32
        partition_error_code => INT16

  The last version that clients before KIP-890 speak; 4 is for brokers among themselves.
*/
export const addPartitionsToTxnV3 = api<AddPartitionsToTxnRequest, (TopicPartition & { code: number })[]>(
  ['AddPartitionsToTxn', 24, 3],
  ({ transactionalId, producerId, producerEpoch, partitions }, writer) =>
    writer
      .appendString(transactionalId)
      .appendInt64(producerId)
      .appendInt16(producerEpoch)
      .appendArray(byTopic(partitions), (w, { topic, partitions }) =>
        appendInts(
          w.appendString(topic),
          partitions.map(({ partition }) => partition),
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
