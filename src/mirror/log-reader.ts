import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster, type TopicPartition } from '../kafka/cluster.js';
import { legacyRecords } from '../kafka/records/legacy.js';
import { recordsIn, type KafkaRecord } from '../kafka/records/records.js';
import { SourceQueue } from './source-queue.js';

/** A record and how its time came about. */
export interface LogRecord extends KafkaRecord {
  readonly stamped: 'create' | 'append';
}

export interface ReadOptions {
  /** Whose connections to use. */
  mirror?: string;
  signal?: AbortSignal;
  /** Takes the offsets of the control batches that were passed over. */
  markers?: Set<number>;
}

/**
 * The records of a partition that a `read_committed` consumer is given, in order, from `from` on: up to, not including,
 * `until`, or to where the log ends when it has been read that far.
 *
 * @throws FerryError that of the Fetch, among them `Unreachable` when no broker leads the partition for a while
 */
export async function* readLog(
  cluster: Cluster,
  partition: TopicPartition,
  from: number,
  until: number,
  { mirror, signal, markers }: ReadOptions = {},
): AsyncGenerator<LogRecord, void, undefined> {
  const queue = new SourceQueue(from, -1, markers);
  const key = partitionKey(partition);
  while (queue.position < until) {
    const rows = await cluster.fetch([{ ...partition, offset: BigInt(queue.position) }], {
      isolation: 'committed',
      maxBytes: 4 * 1024 * 1024,
      maxWaitMs: 100,
      ...(mirror !== undefined && { mirror }),
      ...(signal && { signal }),
    });
    const row = rows.get(key);
    if (!row || row.error) throw row?.error ?? new Error(`no row for ${key}`);
    if (row.value.batches.length === 0 && !row.value.throttled) return;
    if (row.value.throttled) await sleep(100, undefined, { signal });
    queue.feed(row.value);
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
