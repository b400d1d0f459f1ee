import type { TopicPartition } from '../cluster.js';
import { api, appendInts } from './api.js';
import { byTopic } from './by-topic.js';

export interface PartitionProducers extends TopicPartition {
  code: number;
  producers: {
    producerId: bigint;
    producerEpoch: number;
    lastSequence: number;
    lastTimestamp: bigint;
    /** Of the coordinator that has ended its last transaction here; −1: it has ended none. */
    coordinatorEpoch: number;
    /** −1: no transaction is open here. */
    openTransactionStart: bigint;
  }[];
}

/*
  DescribeProducers Request (Version: 0) => [topics] TAG_BUFFER
    topics => name [partition_indexes] TAG_BUFFER
      name => COMPACT_STRING
      partition_indexes => INT32

  DescribeProducers Response (Version: 0) => throttle_time_ms [topics] TAG_BUFFER
    throttle_time_ms => INT32
    topics => name [partitions] TAG_BUFFER
      name => COMPACT_STRING
      partitions => partition_index error_code error_message [active_producers] TAG_BUFFER
        partition_index => INT32
        error_code => INT16
        error_message => COMPACT_NULLABLE_STRING
        active_producers => producer_id producer_epoch last_sequence last_timestamp coordinator_epoch current_txn_start_offset TAG_BUFFER
          producer_id => INT64
          producer_epoch => INT32
          last_sequence => INT32
          last_timestamp => INT64
          coordinator_epoch => INT32
          current_txn_start_offset => INT64
*/
export const describeProducersV0 = api<readonly TopicPartition[], PartitionProducers[]>(
  ['DescribeProducers', 61, 0],
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
    return r
      .readArray(() => {
        const topic = r.readString();
        return r.readArray(() => {
          const partition = r.readInt32();
          const code = r.readInt16();
          r.readNullableString();
          const producers = r.readArray(() => ({
            producerId: r.readInt64(),
            producerEpoch: r.readInt32(),
            lastSequence: r.readInt32(),
            lastTimestamp: r.readInt64(),
            coordinatorEpoch: r.readInt32(),
            openTransactionStart: r.readInt64(),
          }));
          return { topic, partition, code, producers };
        });
      })
      .flat();
  },
);
