import type { TopicPartition } from '../cluster.js';
import type { Writer } from '@platformatic/kafka';
import { appendInts } from './api.js';
import type { WireReader } from './reader.js';
import { byTopic } from './by-topic.js';

/** What is asked of one group; `null`: everything it has committed. */
export interface WantedOffsets {
  group: string;
  partitions: readonly TopicPartition[] | null;
}

export interface GroupOffsets {
  group: string;
  code: number;
  /** An offset of −1: nothing committed. */
  offsets: (TopicPartition & { code: number; offset: bigint; leaderEpoch: number; metadata: string })[];
}

/*
  topics => name [partition_indexes] TAG_BUFFER       null: all
    name => COMPACT_STRING
    partition_indexes => INT32
*/
export function appendWanted(writer: Writer, partitions: readonly TopicPartition[] | null): Writer {
  return writer.appendArray(partitions && byTopic(partitions), (w, { topic, partitions }) =>
    appendInts(
      w.appendString(topic),
      partitions.map(({ partition }) => partition),
    ),
  );
}

/*
  topics => name [partitions] TAG_BUFFER
    name => COMPACT_STRING
    partitions => partition_index committed_offset committed_leader_epoch metadata error_code TAG_BUFFER
      partition_index => INT32
      committed_offset => INT64
      committed_leader_epoch => INT32
      metadata => COMPACT_NULLABLE_STRING
      error_code => INT16
*/
export function readOffsets(r: WireReader): GroupOffsets['offsets'] {
  return r
    .readArray(() => {
      const topic = r.readString();
      return r.readArray(() => ({
        topic,
        partition: r.readInt32(),
        offset: r.readInt64(),
        leaderEpoch: r.readInt32(),
        metadata: r.readString(),
        code: r.readInt16(),
      }));
    })
    .flat();
}
