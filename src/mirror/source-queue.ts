import type { FetchedBatches } from '../kafka/cluster.js';
import { batchesIn, type LegacyEntry, type RecordBatch } from '../kafka/records/batch.js';
import { OpenAborts } from '../kafka/records/deliverable.js';
import { controlType } from '../kafka/records/records.js';
import { hold } from '../kafka/wire/slabs.js';

/** A batch that has records for consumers, held (see `slabs.ts`) for whoever takes it; `end` is the offset after it. */
export interface Entry {
  readonly batch: RecordBatch | LegacyEntry;
  readonly end: number;
  /** Its records are not as they were fetched. */
  readonly rewritten?: boolean;
}

/**
 * What was fetched of one source partition and is not written yet, without what no consumer is given: markers, aborted
 * transactions, batches emptied by compaction. The offsets of those count as passed.
 */
export class SourceQueue {
  private entries: Entry[] = [];
  private head = 0;
  /** Producer id → offset of its latest ABORT marker seen. */
  private readonly aborts = new Map<bigint, bigint>();
  /** Where the next Fetch begins. */
  position: number;
  /** Leader epoch of the last batch fetched, −1 when none or older than epochs. */
  epoch: number;
  /** Bytes of the batches held. */
  bytes = 0;
  /** The last stable offset as the last Fetch saw it. */
  end: number;

  /**
   * @param markers takes the offsets of control batches
   * @param end the last stable offset, if it is known before the first Fetch
   */
  constructor(
    position: number,
    epoch: number,
    private readonly markers?: Set<number>,
    end = position,
  ) {
    this.position = position;
    this.epoch = epoch;
    this.end = Math.max(position, end);
  }

  /** Takes a Fetch from `position`; answers the bytes that are held more. */
  feed({ batches, aborted, watermarks, place }: FetchedBatches): number {
    const before = this.bytes;
    const transactions = new OpenAborts(aborted, this.aborts);
    for (const batch of batchesIn(batches, place)) {
      const end = Number(batch.lastOffset) + 1;
      if (batch.kind === 'batch') {
        if (batch.control && controlType(batch) === 'abort')
          this.aborts.set(batch.producerId, batch.baseOffset);
        if (end <= this.position) continue;
        this.epoch = batch.partitionLeaderEpoch;
      } else if (end <= this.position) continue;
      this.position = end;
      if (batch.kind === 'batch' && batch.control) this.markers?.add(Number(batch.baseOffset));
      if (batch.kind === 'batch' && (batch.control || batch.count === 0 || transactions.include(batch)))
        continue;
      hold(batch.bytes);
      this.entries.push({ batch, end });
      this.bytes += batch.bytes.length;
    }
    this.end = Number(watermarks.lastStable);
    return this.bytes - before;
  }

  peek(ahead = 0): Entry | undefined {
    return this.entries[this.head + ahead];
  }

  shift(): Entry | undefined {
    const entry = this.entries[this.head];
    if (!entry) return undefined;
    this.bytes -= entry.batch.bytes.length;
    this.entries[this.head++] = nothing;
    if (this.head > 1024 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    return entry;
  }

  get empty(): boolean {
    return this.head === this.entries.length;
  }
}

/** Lets go of a batch's bytes before the list is shortened. */
const nothing = { batch: undefined, end: 0 } as unknown as Entry;
