import type { FetchedBatches, TopicPartition } from '../kafka/cluster.js';
import { batchesIn, type RecordBatch } from '../kafka/records/batch.js';
import { converted } from '../kafka/records/converted.js';
import { OpenAborts } from '../kafka/records/deliverable.js';
import { controlType } from '../kafka/records/records.js';
import { hold } from '../kafka/wire/slabs.js';

/** Records at offsets from `start` up to, not including, `end`. */
export interface Range extends TopicPartition {
  readonly start: bigint;
  readonly end: bigint;
}

/** Retention has removed what was to be read: the log begins at `logStart` now. */
export class Trimmed extends Error {
  override readonly name = 'Trimmed';

  constructor(
    readonly reader: PartitionReader,
    readonly logStart: bigint,
  ) {
    super('the log begins later now');
  }
}

/**
 * What a read_committed consumer would be given of one partition, batch by batch: markers and aborted transactions are left
 * out. Positions are offsets; `at` is the first record that has not been taken.
 */
export class PartitionReader {
  /** The next offset to ask the cluster for. */
  position: bigint;
  /** Leader epoch of the last batch of the range that was given, markers among them; −1: none was, or it has none. */
  epoch = -1;
  /** Bytes fetched and not taken. */
  atHand = 0;
  private from: bigint;
  private queue: RecordBatch[] = [];
  private ended: boolean;
  private failure: { error: unknown } | undefined;
  private waiting: { resolve: () => void } | undefined;
  private aborts = new Map<bigint, bigint>();

  constructor(
    readonly range: Range,
    private readonly wake: () => void,
    private readonly asCopied: (batch: RecordBatch) => RecordBatch = (batch) => batch,
  ) {
    this.position = this.from = range.start;
    this.ended = range.start >= range.end;
  }

  get wants(): boolean {
    return !this.ended && !this.failure;
  }

  /** Reads from another offset on; what is at hand is dropped. */
  seek(offset: bigint): void {
    this.position = this.from = offset;
    this.queue = [];
    this.atHand = 0;
    this.failure = undefined;
    this.aborts = new Map();
    this.ended = offset >= this.range.end;
  }

  /**
   * The next batch that holds records of the range, its first record not taken yet; `null` at the end of the range. Its bytes
   * are held (see `slabs.ts`); whoever takes it may let go of them.
   * @throws Trimmed, FerryError, the reason of an abort
   */
  async batch(): Promise<RecordBatch | null> {
    for (;;) {
      const next = this.queue.shift();
      if (next) {
        this.atHand -= next.bytes.length;
        this.wake();
        return this.asCopied(next);
      }
      if (this.failure) throw this.failure.error;
      if (this.ended) return null;
      await new Promise<void>((resolve) => {
        this.waiting = { resolve };
        this.wake();
      });
    }
  }

  /** Whether all records of the batch belong to the range. */
  isWhole(batch: RecordBatch): boolean {
    return batch.baseOffset >= this.from && batch.lastOffset < this.range.end;
  }

  /** Whether the range holds this offset. */
  holds(offset: bigint): boolean {
    return offset >= this.from && offset < this.range.end;
  }

  feed({ batches, aborted, place }: FetchedBatches): void {
    const transactions = new OpenAborts(aborted, this.aborts);
    for (const entry of batchesIn(batches, place)) {
      const batch = entry.kind === 'legacy' ? converted(entry) : entry;
      if (batch.control && controlType(batch) === 'abort')
        this.aborts.set(batch.producerId, batch.baseOffset);
      if (batch.lastOffset < this.position) continue;
      this.position = batch.lastOffset + 1n;
      if (batch.baseOffset < this.range.end)
        this.epoch = entry.kind === 'legacy' ? -1 : batch.partitionLeaderEpoch;
      if (batch.control || batch.count === 0 || transactions.include(batch)) continue;
      hold(batch.bytes);
      this.queue.push(batch);
      this.atHand += batch.bytes.length;
    }
    if (this.position >= this.range.end) this.ended = true;
    this.tell();
  }

  nothingFollows(): void {
    this.ended = true;
    this.tell();
  }

  trimmedTo(logStart: bigint): void {
    this.fail(new Trimmed(this, logStart));
  }

  fail(error: unknown): void {
    this.failure = { error };
    this.tell();
  }

  private tell(): void {
    this.waiting?.resolve();
    this.waiting = undefined;
  }
}
