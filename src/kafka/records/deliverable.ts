import { batchesIn, type LegacyEntry, type RecordBatch } from './batch.js';
import { controlType, recordOffsets } from './records.js';

/** How the members of a group read (`isolation.level`); what nobody states is Kafka's default, `read_uncommitted`. */
export type GroupIsolation = 'read_committed' | 'read_uncommitted';

/** What one Fetch with isolation `committed` brought: batches back to back and the aborted transactions among them. */
export interface FetchedRange {
  readonly batches: Buffer;
  readonly aborted: readonly AbortedTransaction[];
  /** Where it was read, for sentences: `orders/3 on cluster "main"`. */
  readonly place?: string;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  /** Offset of the first record of the transaction in this partition. */
  readonly firstOffset: bigint;
}

/**
 * `record`: the first record at or after the position that a consumer of the group would be given. Inside a compressed
 * batch from before Kafka 0.11 it is the last record, the only one whose offset the batch states.
 *
 * `none`: everything from the position up to, not including, `next` is one of what the counts name:
 * commit and abort markers, batches emptied by compaction, batches of aborted transactions (for `read_committed`), and
 * offsets that nothing holds any more. `next` is where the next Fetch goes on.
 */
export type Deliverable =
  | { readonly kind: 'record'; readonly offset: bigint }
  | ({ readonly kind: 'none'; readonly next: bigint } & Undeliverable);

export interface Undeliverable {
  readonly controlBatches: number;
  readonly emptyBatches: number;
  readonly abortedBatches: number;
  /** Offsets (not batches) between and inside batches that compaction took out. */
  readonly holes: bigint;
}

/**
 * Whether a group that has committed `position` has anything left to read: feed it what Fetch brings, in order, until a
 * record is found or `next` has reached the high watermark.
 *
 * An abort is recognised as the Java consumer does it (`CompletedFetch`): a transactional batch is aborted when the
 * Fetch lists a transaction of its producer that began at or before it, and no ABORT marker of that producer has come
 * since. Each Fetch lists every aborted transaction that overlaps what it brings, so lists are not carried on; the
 * markers are, so that one Fetch may also be fed in parts.
 *
 * `next` stays where it was when a Fetch brought nothing, which below the end says nothing (`silence.ts`).
 */
export class DeliverableScan {
  private found: bigint | undefined;
  private next: bigint;
  private controlBatches = 0;
  private emptyBatches = 0;
  private abortedBatches = 0;
  private holes = 0n;
  /** Producer id → offset of its latest ABORT marker seen. */
  private readonly aborts = new Map<bigint, bigint>();

  /** @param position the committed offset: the first one that the group has not processed. */
  constructor(
    position: bigint,
    private readonly isolation: GroupIsolation,
  ) {
    this.next = position;
  }

  /**
   * @returns the answer for all that has been fed so far; batches below the position are passed over.
   * @throws FerryError `Unexpected`, `Unsupported` when the bytes are not batches this code can read.
   */
  feed(range: FetchedRange): Deliverable {
    const transactions = new OpenAborts(range.aborted, this.aborts);
    for (const entry of batchesIn(range.batches, range.place)) {
      if (this.found !== undefined) break;
      if (entry.kind === 'legacy') this.takeLegacy(entry);
      else this.take(entry, transactions);
    }
    return this.result;
  }

  get result(): Deliverable {
    if (this.found !== undefined) return { kind: 'record', offset: this.found };
    const { next, controlBatches, emptyBatches, abortedBatches, holes } = this;
    return { kind: 'none', next, controlBatches, emptyBatches, abortedBatches, holes };
  }

  private take(batch: RecordBatch, transactions: OpenAborts): void {
    if (batch.control && controlType(batch) === 'abort') this.aborts.set(batch.producerId, batch.baseOffset);
    if (batch.lastOffset < this.next) return;
    if (batch.control) this.controlBatches++;
    else if (batch.count === 0) this.emptyBatches++;
    else if (this.isolation === 'read_committed' && transactions.include(batch)) this.abortedBatches++;
    else {
      this.found = firstRecordFrom(this.next, batch);
      if (this.found === undefined) this.pass(batch.lastOffset + 1n, batch.lastOffset + 1n);
      return;
    }
    this.pass(batch.baseOffset, batch.lastOffset + 1n);
  }

  private takeLegacy(entry: LegacyEntry): void {
    if (entry.lastOffset >= this.next) this.found = entry.lastOffset;
  }

  /** Moves on to `end`; what lies between here and `begin` nothing held. */
  private pass(begin: bigint, end: bigint): void {
    if (begin > this.next) this.holes += begin - this.next;
    this.next = end;
  }
}

/**
 * Which transactions of one Fetch's list are still without their ABORT marker.
 *
 * @param markers producer id → offset of its latest ABORT marker seen; kept by the caller from one Fetch to the next.
 */
export class OpenAborts {
  private readonly firstOffsets = new Map<bigint, bigint[]>();

  constructor(
    aborted: readonly AbortedTransaction[],
    private readonly markers: ReadonlyMap<bigint, bigint>,
  ) {
    for (const { producerId, firstOffset } of aborted) {
      const known = this.firstOffsets.get(producerId);
      if (known) known.push(firstOffset);
      else this.firstOffsets.set(producerId, [firstOffset]);
    }
  }

  include(batch: RecordBatch): boolean {
    if (!batch.transactional) return false;
    const marker = this.markers.get(batch.producerId) ?? -1n;
    const begun = this.firstOffsets.get(batch.producerId) ?? [];
    return begun.some((firstOffset) => firstOffset <= batch.lastOffset && firstOffset > marker);
  }
}

/** Compaction may have taken the first records of a batch, or all from the position on, without changing its bounds. */
function firstRecordFrom(position: bigint, batch: RecordBatch): bigint | undefined {
  const { baseOffset } = batch;
  if (batch.contiguous) return baseOffset > position ? baseOffset : position;
  for (const offset of recordOffsets(batch)) if (offset >= position) return offset;
  return undefined;
}
