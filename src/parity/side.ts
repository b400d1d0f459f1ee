import type { RecordBatch } from '../kafka/records/batch.js';
import { letGo } from '../kafka/wire/slabs.js';
import { Block } from './block.js';
import type { PartitionReader } from './partition-reader.js';
import { type SeenRecord, seenRecord } from './seen-record.js';

/** A look ahead goes so far, by records and by bytes. */
const windowRecords = 256;
const windowBytes = 8 << 20;

/**
 * One side of a comparison: what comes next on it. That is the first of `looked`, records taken out of their batches; else
 * the current record of `block`; else `fresh`, a batch that was not opened yet.
 */
export class Side {
  looked: SeenRecord[] = [];
  block: Block | undefined;
  fresh: RecordBatch | undefined;
  /** Whether every record of `block` is of the range. */
  private whole = false;

  constructor(readonly reader: PartitionReader) {}

  /** Sees to it that something comes next; false at the end. @throws as `PartitionReader.batch` */
  async fill(): Promise<boolean> {
    while (this.looked.length === 0 && !this.block && !this.fresh) {
      const batch = await this.reader.batch();
      if (batch === null) return false;
      if (this.reader.isWhole(batch)) this.fresh = batch;
      else this.openUp(batch);
    }
    return true;
  }

  /** Goes on behind `fresh`, of which nothing is needed any more. */
  pass(): void {
    if (this.fresh) letGo(this.fresh.bytes);
    this.fresh = undefined;
  }

  /** Opens `fresh`, so that `block` is at its first record. */
  open(): void {
    if (this.block || !this.fresh) return;
    this.openUp(this.fresh);
    this.fresh = undefined;
  }

  /** Moves on to the next record of the block; there is no block any more after its last. */
  step(): void {
    const { block } = this;
    if (!block) return;
    if (!block.next()) this.close(block);
    else if (!this.whole && !this.reader.holds(block.offset)) this.skip(block);
  }

  /** The next records, without taking them; `ended`: nothing follows them. */
  async window(): Promise<{ records: readonly SeenRecord[]; ended: boolean }> {
    let bytes = this.looked.reduce((sum, { canonical }) => sum + canonical.length, 0);
    while (this.looked.length < windowRecords && bytes < windowBytes) {
      const record = await this.unpack();
      if (!record) return { records: this.looked, ended: true };
      this.looked.push(record);
      bytes += record.canonical.length;
    }
    return { records: this.looked, ended: false };
  }

  /** Takes the next record. */
  async take(): Promise<SeenRecord | undefined> {
    return this.looked.shift() ?? this.unpack();
  }

  /** Passes over as many records as there are, or at most so many; how many those were. */
  async passOver(most = Infinity): Promise<number> {
    let passed = 0;
    while (passed < most && (await this.fill())) {
      const whole = this.looked.length === 0 && !this.block ? this.fresh : undefined;
      if (whole && passed + whole.count <= most) {
        passed += whole.count;
        this.pass();
      } else if (await this.take()) passed++;
    }
    return passed;
  }

  drop(records: number): void {
    this.looked.splice(0, records);
  }

  /** Goes on from another offset. */
  seek(offset: bigint): void {
    this.looked = [];
    this.block = this.fresh = undefined;
    this.reader.seek(offset);
  }

  /** The next record that is in a batch still. */
  private async unpack(): Promise<SeenRecord | undefined> {
    while (!this.block) {
      if (!this.fresh) {
        const batch = await this.reader.batch();
        if (batch === null) return undefined;
        this.fresh = batch;
      }
      this.open();
    }
    const record = seenRecord(this.block);
    this.step();
    return record;
  }

  private openUp(batch: RecordBatch): void {
    this.block = new Block(batch);
    this.whole = this.reader.isWhole(batch);
    this.step();
  }

  private skip(block: Block): void {
    while (block.next()) if (this.reader.holds(block.offset)) return;
    this.close(block);
  }

  /** What was taken out of it was copied. */
  private close({ batch }: Block): void {
    this.block = undefined;
    letGo(batch.bytes);
  }
}
