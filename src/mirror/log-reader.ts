import type { Cluster, TopicPartition } from '../kafka/cluster.js';
import { legacyRecords } from '../kafka/records/legacy.js';
import { recordsIn, type KafkaRecord } from '../kafka/records/records.js';
import { fetchStretch, type StretchOptions } from '../kafka/stretch.js';
import { SourceQueue } from './source-queue.js';

/** A record and how its time came about. */
export interface LogRecord extends KafkaRecord {
  readonly stamped: 'create' | 'append';
}

export interface ReadOptions extends Pick<StretchOptions, 'mirror' | 'signal' | 'patienceMs'> {
  /** Takes the offsets of the control batches that were passed over. */
  markers?: Set<number>;
}

/**
 * The records of a partition that a `read_committed` consumer is given, in order, from `from` on: up to, not including,
 * `until`, or to a transaction that is open.
 *
 * @throws FerryError as `fetchStretch`
 */
export async function* readLog(
  cluster: Cluster,
  partition: TopicPartition,
  from: number,
  until: number,
  { markers, ...options }: ReadOptions = {},
): AsyncGenerator<LogRecord, void, undefined> {
  const queue = new SourceQueue(from, -1, markers);
  const stretch = { ...partition, from: BigInt(from), until: BigInt(until) };
  for await (const fetched of fetchStretch(cluster, stretch, {
    ...options,
    isolation: 'committed',
    maxBytes: 4 * 1024 * 1024,
  })) {
    queue.feed(fetched);
    for (let entry = queue.shift(); entry; entry = queue.shift()) {
      const { batch } = entry;
      const stamped = batch.kind === 'batch' ? batch.timestampType : 'create';
      const records = batch.kind === 'batch' ? recordsIn(batch) : legacyRecords(batch).records;
      for (const record of records) {
        const offset = Number(record.offset);
        if (offset >= until) return;
        if (offset >= from) yield { ...record, stamped };
      }
    }
  }
}
