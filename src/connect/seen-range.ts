import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster, type FetchedBatches, type TopicPartition } from '../kafka/cluster.js';
import { batchesIn, type RecordBatch } from '../kafka/records/batch.js';
import { OpenAborts, type FetchedRange } from '../kafka/records/deliverable.js';
import { controlType, recordsIn, type KafkaRecord } from '../kafka/records/records.js';
import { Silence } from '../kafka/silence.js';
import type { SeenRange, SeenRecord } from './refine.js';

export interface RangeAsked extends TopicPartition {
  from: bigint;
  /** At most the last stable offset. */
  to: bigint;
  /** Of the partition; what lies before it is gone. */
  logStart: bigint;
  /** Reading ends early when there is enough; the range then ends where it has been read to. */
  enough?: (records: readonly SeenRecord[]) => boolean;
}

const bytesPerPartition = 256 * 1024;
const partitionsPerFetch = 64;
/** Of one range: what lies further apart is not worth the reading. */
const mostRecords = 250_000;

/**
 * Reads stretches of partitions as a `read_committed` consumer sees them, hashed. One answer for each stretch, in order.
 *
 * @throws FerryError what the cluster refused; `Unreachable` when a stretch was not given.
 */
export async function readRanges(cluster: Cluster, asked: readonly RangeAsked[]): Promise<SeenRange[]> {
  const readings = asked.map((one) => new RangeReading(one, new Silence(cluster.name, one)));
  for (;;) {
    const open = readings.filter((reading) => !reading.finished);
    if (open.length === 0) return readings.map((reading) => reading.range);
    for (const share of shares(open)) {
      const moved = await fetchInto(cluster, share, 0);
      if (moved) continue;
      // Only a partition that is asked for alone is always given its next batch (KIP-74).
      for (const reading of share) {
        const { silence, next, asked } = reading;
        if (await fetchInto(cluster, [reading], silence.waitMs)) continue;
        silence.heard(next, asked.to);
        await sleep(silence.pauseMs);
      }
    }
  }
}

/** One call of `fetch` names a partition once, so stretches of the same one take turns. */
function shares(open: readonly RangeReading[]): RangeReading[][] {
  const shares: { taken: Set<string>; readings: RangeReading[] }[] = [];
  for (const reading of open) {
    const key = partitionKey(reading.asked);
    const free = shares.find(
      ({ taken, readings }) => readings.length < partitionsPerFetch && !taken.has(key),
    );
    if (free) {
      free.taken.add(key);
      free.readings.push(reading);
    } else shares.push({ taken: new Set([key]), readings: [reading] });
  }
  return shares.map(({ readings }) => readings);
}

async function fetchInto(
  cluster: Cluster,
  share: readonly RangeReading[],
  maxWaitMs: number,
): Promise<boolean> {
  const rows = await cluster.fetch(
    share.map(({ asked: { topic, partition, to }, next }) => ({ topic, partition, offset: next, until: to })),
    {
      isolation: 'committed',
      maxBytes: bytesPerPartition * share.length,
      maxBytesPerPartition: bytesPerPartition,
      maxWaitMs,
    },
  );
  let moved = false;
  for (const reading of share) {
    const row = rows.get(partitionKey(reading.asked));
    if (row?.error) throw row.error;
    if (row && reading.take(row.value)) moved = true;
  }
  return moved;
}

class RangeReading {
  next: bigint;
  private readonly records: SeenRecord[] = [];
  private readonly holes: { from: bigint; to: bigint }[] = [];
  private readonly aborts = new Map<bigint, bigint>();

  constructor(
    readonly asked: RangeAsked,
    readonly silence: Silence,
  ) {
    this.next = asked.from;
    this.nothingUntil(asked.logStart < asked.to ? asked.logStart : asked.to);
  }

  get finished(): boolean {
    return (
      this.next >= this.asked.to ||
      this.records.length >= mostRecords ||
      (this.asked.enough?.(this.records) ?? false)
    );
  }

  get range(): SeenRange {
    const { from, to } = this.asked;
    const { records, holes } = this;
    return { from, to: this.next < to ? this.next : to, records, holes };
  }

  /** Whether it brought anything. */
  take(fetched: FetchedBatches): boolean {
    const before = this.next;
    this.feed(fetched);
    if (fetched.untilReached) this.nothingUntil(this.asked.to);
    if (this.next > before) this.silence.broken();
    return this.next > before;
  }

  /** Offsets up to `end` that nothing holds any more. */
  nothingUntil(end: bigint): void {
    if (end <= this.next) return;
    this.holes.push({ from: this.next, to: end });
    this.next = end;
  }

  private feed({ batches, aborted, place }: FetchedRange): void {
    const transactions = new OpenAborts(aborted, this.aborts);
    for (const batch of batchesIn(batches, place)) {
      if (batch.kind === 'legacy') {
        // Its records are not compared: written before Kafka 0.11.
        this.nothingUntil(batch.lastOffset + 1n);
        continue;
      }
      if (batch.control && controlType(batch) === 'abort')
        this.aborts.set(batch.producerId, batch.baseOffset);
      if (batch.lastOffset < this.next) continue;
      this.nothingUntil(batch.baseOffset);
      if (!batch.control && !transactions.include(batch)) this.takeRecords(batch);
      else this.next = batch.lastOffset + 1n;
    }
  }

  private takeRecords(batch: RecordBatch): void {
    for (const record of recordsIn(batch)) {
      if (record.offset < this.next) continue;
      this.nothingUntil(record.offset);
      if (record.offset >= this.asked.to) return;
      this.records.push(seen(record, batch.timestampType === 'append'));
      this.next = record.offset + 1n;
    }
    this.nothingUntil(batch.lastOffset + 1n < this.asked.to ? batch.lastOffset + 1n : this.asked.to);
  }
}

function seen({ offset, key, value, headers, timestamp }: KafkaRecord, stamped: boolean): SeenRecord {
  const hash = createHash('sha256');
  for (const part of [key, value, ...headers.flatMap((header) => [header.key, header.value])]) {
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(part?.length ?? -1);
    hash.update(length);
    if (part) hash.update(part);
  }
  return {
    offset,
    key: key === null ? '' : createHash('sha256').update(key).digest('base64'),
    digest: hash.digest('base64'),
    timestamp: stamped ? null : timestamp,
  };
}
