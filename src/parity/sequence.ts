import { setImmediate as breathe } from 'node:timers/promises';
import type { ParityDifference } from '../migration/work/parity.js';
import { align, beginAlike, mayRepeat, type Alignment, type Window } from './alignment.js';
import { Block, sameBytes } from './block.js';
import { HashChain } from './chain.js';
import { explain } from './differences.js';
import { Trimmed, type PartitionReader } from './partition-reader.js';
import { sameRecord, type SeenRecord } from './seen-record.js';
import { Side } from './side.js';

/** What is known of one partition, and where to go on; plain JSON. Offsets are decimal strings. */
export interface PartitionState {
  /** The next offset to compare on each side. */
  source: string;
  target: string;
  /** Compared and equal. */
  records: number;
  /** Of keys, values and headers. */
  bytes: number;
  /** Over the records that were equal, see `HashChain`. */
  hash?: string | undefined;
  differences: Omit<ParityDifference, 'topic' | 'partition'>[];
  unverifiable: Unverifiable[];
  /** On the source, and not copied yet; only where a copy is still under way. */
  pending?: { from: string; to: string } | undefined;
  /** Leader epoch of what was read last on the target. */
  targetEpoch?: number | undefined;
}

export interface Unverifiable {
  /** Offsets of the source. */
  from: string;
  to: string;
  why: string;
  /** The source still holds them and the target does not: so many records. */
  onSourceAlone?: number | undefined;
}

export interface SequenceOptions {
  /** Where the log of each side begins later than it did once: retention has removed records there. */
  trimmed: { source: boolean; target: boolean };
  /** A copy is still under way: what the source has beyond the target's end is not missing. */
  sourceGoesOn?: boolean | undefined;
  /** Producers write to the target: what it has beyond the source's end is theirs. */
  targetGoesOn?: boolean | undefined;
  /** Only to find what retention has removed on one side: the rest is not compared. */
  startsOnly?: boolean | undefined;
  /** Called where an attempt can go on. */
  onCheckpoint: (state: PartitionState) => void;
}

/** A partition that differs so often is looked at no further. */
export const mostDifferences = 10;

/** Records at the beginning of a side, by which its place on the other is found. */
const headRecords = 16;

const breatheMs = 10;

/**
 * Compares one partition of two clusters record by record, in order. Offsets need not correspond; the sequence has to.
 * @throws FerryError, the reason of an abort
 */
export class SequenceComparison {
  private readonly source: Side;
  private readonly target: Side;
  private readonly chain: HashChain;
  private readonly logStart: { source: bigint; target: bigint };
  private breathed = Date.now();

  constructor(
    source: PartitionReader,
    target: PartitionReader,
    private readonly state: PartitionState,
    private readonly options: SequenceOptions,
  ) {
    this.source = new Side(source);
    this.target = new Side(target);
    this.chain = new HashChain(state.hash);
    this.logStart = { source: source.range.start, target: target.range.start };
  }

  async run(): Promise<PartitionState> {
    const { trimmed } = this.options;
    let lost: Lost | undefined = trimmed.source || trimmed.target ? trimmed : undefined;
    for (;;) {
      try {
        const placed = !lost || (await this.findPlace(lost));
        lost = undefined;
        if (this.options.startsOnly) return placed ? await this.startsFound() : this.nowhere();
        if (await this.compare()) return this.finished();
      } catch (error) {
        if (!(error instanceof Trimmed)) throw error;
        lost = this.trimmed(error);
      }
    }
  }

  /** @returns whether it is done; false to be called again. */
  private async compare(): Promise<boolean> {
    for (;;) {
      const more = { source: await this.source.fill(), target: await this.target.fill() };
      await this.letOthersRun();
      if (!more.source && !more.target) return true;
      if (!more.source && this.options.targetGoesOn) return true;
      if (!more.target && this.options.sourceGoesOn) return this.leavePending();
      if (!(more.source && more.target ? await this.takeEqual() : await this.takeDifferent())) return true;
    }
  }

  /** Takes what is equal at hand; false when the partition is to be looked at no further. */
  private async takeEqual(): Promise<boolean> {
    const { source, target } = this;
    if (source.looked.length > 0 || target.looked.length > 0) {
      const [one, other] = [await first(source), await first(target)];
      if (!sameRecord(one, other)) return this.takeDifferent();
      source.drop(1);
      target.drop(1);
      const ended = this.chain.addCanonical(one.canonical);
      this.count(1, one.canonical.length - timestampBytes);
      if (ended) this.checkpoint(one.offset + 1n, other.offset + 1n);
      return true;
    }
    if (source.fresh && target.fresh && sameBytes(source.fresh, target.fresh)) {
      this.takeWhole(new Block(source.fresh), target.fresh.baseOffset);
      source.pass();
      target.pass();
      return true;
    }
    source.open();
    target.open();
    while (source.block && target.block) {
      if (!source.block.sameRecord(target.block)) return this.takeDifferent();
      const ended = this.chain.add(source.block);
      this.count(1, source.block.size);
      if (ended) this.checkpoint(source.block.offset + 1n, target.block.offset + 1n);
      source.step();
      target.step();
    }
    return true;
  }

  /** All records of a batch whose bytes are those of the batch at `targetBase`. */
  private takeWhole(block: Block, targetBase: bigint): void {
    while (block.next()) {
      const ended = this.chain.add(block);
      this.count(1, block.size);
      if (ended) this.checkpoint(block.offset + 1n, targetBase + BigInt(block.offsetDelta) + 1n);
    }
  }

  /** Notes what differs until both sides agree again; false when they do not, or have differed too often. */
  private async takeDifferent(): Promise<boolean> {
    const [source, target] = [await this.source.window(), await this.target.window()];
    const place = align(source, target);
    const { differences } = this.state;
    differences.push(...explain(source, target, place).slice(0, mostDifferences - differences.length));
    if (!place || differences.length >= mostDifferences) return false;
    this.source.drop(place.source);
    this.target.drop(place.target);
    return true;
  }

  /** What the source has beyond what was copied. */
  private leavePending(): boolean {
    const from = this.nextOffset(this.source);
    this.state.pending = { from: String(from), to: String(this.source.reader.range.end) };
    return true;
  }

  private nextOffset({ looked, block, fresh, reader }: Side): bigint {
    return looked[0]?.offset ?? block?.offset ?? fresh?.baseOffset ?? reader.position;
  }

  private trimmed({ reader, logStart }: Trimmed): Lost {
    const guess = this.nextOffset(this.source) - this.nextOffset(this.target);
    const side = reader === this.source.reader ? 'source' : 'target';
    this.logStart[side] = logStart;
    // What was looked at already has to be dropped with the rest: it is compared again from the new place.
    this[side].seek(logStart);
    return { source: side === 'source', target: side === 'target', guess };
  }

  /**
   * Retention has removed records on one side: leaves out on the other what was between, since nothing can be said of it.
   *
   * Where both sides agree is found by the records themselves, nearest first: close by; where offsets would put it if
   * neither log had holes; anywhere further on. If nothing of that agrees, the sides are left where they are, to be
   * compared and to be said to differ.
   * @returns whether both sides agree where they are now.
   */
  private async findPlace(lost: Lost): Promise<boolean> {
    const [source, target] = [await this.source.window(), await this.target.window()];
    if (source.records.length === 0 || target.records.length === 0) {
      if (source.records.length === 0 && lost.source && target.records.length > 0)
        this.lostOnSource(await this.skipToEnd(this.target));
      if (target.records.length === 0 && lost.target && source.records.length > 0)
        await this.lostOnTarget(this.source.reader.range.end);
      return source.records.length === 0 || lost.target;
    }
    const near = align(source, target);
    if (near) {
      await this.leaveOut(near, lost, source);
      return near.source === 0 || near.target === 0;
    }
    const { source: from, target: to } = {
      source: source.records[0]!.offset,
      target: target.records[0]!.offset,
    };
    const guess = lost.guess ?? this.source.reader.range.end - this.target.reader.range.end;
    if (lost.target && to + guess > from && (await this.isPlace(this.source, to + guess, target))) {
      await this.lostOnTarget(this.nextOffset(this.source), from);
      return true;
    }
    if (lost.source && from - guess > to && (await this.isPlace(this.target, from - guess, source))) {
      this.lostOnSource(from - guess - to, from);
      return true;
    }
    if (lost.target && (await this.search(this.source, from, target))) {
      await this.lostOnTarget(this.nextOffset(this.source), from);
      return true;
    }
    const skipped = lost.source ? await this.search(this.target, to, source) : 0n;
    if (skipped) this.lostOnSource(skipped, from);
    return skipped > 0n;
  }

  /**
   * The target begins later than it did: that nothing is left out on the source, or that what agrees comes again further on,
   * shows no place. Both sides were equal up to their ends and lose records at their beginnings alone, so the source has as
   * many more in front as it has more in all.
   */
  private async startsFound(): Promise<PartitionState> {
    const { state, source, target } = this;
    const windows = [await source.window(), await target.window()] as const;
    const nothingLeft = windows[0].records.length === 0;
    if (nothingLeft || (state.unverifiable.length > 0 && !mayRepeat(...windows))) return this.finished();
    state.unverifiable = [];
    source.seek(this.logStart.source);
    target.seek(this.logStart.target);
    const more = (await source.passOver()) - (await target.passOver());
    if (more <= 0) return this.finished();
    source.seek(this.logStart.source);
    await source.fill();
    const from = this.nextOffset(source);
    await source.passOver(more);
    await source.fill();
    await this.lostOnTarget(this.nextOffset(source), from, more);
    return this.finished();
  }

  /** Nothing of the source is found on the target any more. */
  private nowhere(): PartitionState {
    const from = this.nextOffset(this.source);
    const { end } = this.source.reader.range;
    this.state.unverifiable.push({
      from: String(from),
      to: String(end),
      why: `what the target holds from offset ${this.logStart.target} on is not found on the source`,
      onSourceAlone: Number(end - from),
    });
    return this.state;
  }

  private async leaveOut(near: Alignment, lost: Lost, source: Window): Promise<void> {
    if (near.target === 0 && near.source > 0 && lost.target) {
      const from = source.records[0]!.offset;
      this.source.drop(near.source);
      await this.source.fill();
      await this.lostOnTarget(this.nextOffset(this.source), from);
    }
    if (near.source === 0 && near.target > 0 && lost.source) {
      this.target.drop(near.target);
      this.lostOnSource(BigInt(near.target), source.records[0]!.offset);
    }
  }

  /** Whether the side goes on at this offset as the other does. It is left there if so, else where it was. */
  private async isPlace(side: Side, offset: bigint, other: Window): Promise<boolean> {
    const before = this.nextOffset(side);
    side.seek(offset);
    // A few records there may differ; the comparison will say so.
    const place = align(await side.window(), other);
    if (place && place.source === place.target && place.source < headRecords) return true;
    side.seek(before);
    return false;
  }

  /** Looks for the place where the side goes on as the other does; answers how many records lie before it, 0: nowhere. */
  private async search(side: Side, from: bigint, other: Window): Promise<bigint> {
    const head = other.records.slice(0, headRecords);
    const last = head.at(-1)!;
    const seen: SeenRecord[] = [];
    let taken = 0n;
    side.seek(from);
    for (;;) {
      const record = await side.take();
      if (!record) break;
      taken++;
      seen.push(record);
      if (seen.length > head.length) seen.shift();
      if (taken % 1024n === 0n) await this.letOthersRun();
      if (seen.length === head.length && sameRecord(record, last) && beginAlike(seen, head)) {
        side.seek(seen[0]!.offset);
        await side.fill();
        return taken - BigInt(head.length);
      }
    }
    side.seek(from);
    return 0n;
  }

  private async skipToEnd(side: Side): Promise<bigint> {
    let skipped = 0n;
    while (await side.take()) skipped++;
    return skipped;
  }

  private async lostOnTarget(
    to: bigint,
    from = this.nextOffset(this.source),
    records = Number(to - from),
  ): Promise<void> {
    this.state.unverifiable.push({
      from: String(from),
      to: String(to),
      why: `retention has removed the copies from the target, whose log begins at offset ${this.logStart.target}`,
      onSourceAlone: records,
    });
    if (to === this.source.reader.range.end) this.source.seek(to);
  }

  /** @param records how many the target holds of those that the source does not hold any more. */
  private lostOnSource(records: bigint, to = this.source.reader.range.end): void {
    // With markers between them they began even earlier: this many there were at least.
    const from = to - records;
    this.state.unverifiable.push({
      from: String(from > 0n ? from : 0n),
      to: String(to),
      why: `retention has removed them from the source; the target holds ${records} records from before offset ${to}`,
    });
  }

  private count(records: number, bytes: number): void {
    this.state.records += records;
    this.state.bytes += bytes;
  }

  private checkpoint(source: bigint, target: bigint): void {
    const { state, chain } = this;
    state.source = String(source);
    state.target = String(target);
    state.hash = chain.state;
    state.targetEpoch = this.target.reader.epoch;
    this.options.onCheckpoint(structuredClone(state));
  }

  private finished(): PartitionState {
    this.state.hash = this.chain.state;
    return this.state;
  }

  private async letOthersRun(): Promise<void> {
    if (Date.now() - this.breathed < breatheMs) return;
    await breathe();
    this.breathed = Date.now();
  }
}

const timestampBytes = 8;

interface Lost {
  source: boolean;
  target: boolean;
  /** How far offsets of the source are ahead of the target's, where both were last equal. */
  guess?: bigint;
}

async function first(side: Side): Promise<SeenRecord> {
  if (side.looked.length === 0) {
    const record = await side.take();
    if (record) side.looked.push(record);
  }
  return side.looked[0]!;
}
