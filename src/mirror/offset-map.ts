import { FerryError } from '../migration/errors.js';

/** `length` records that lie one after another on both sides. */
export interface Run {
  readonly source: number;
  readonly target: number;
  readonly length: number;
}

/**
 * Where each mirrored record of one partition is on the target: runs in ascending order of both offsets. A plain topic is
 * one run per attempt of the mirror, whatever its length; each hole on either side (a marker, what compaction took, an
 * aborted transaction) begins another. 24 bytes a run.
 *
 * Offsets are kept as doubles, exact up to 2^53; Kafka's reach further, no log has ever done so.
 */
export class OffsetMap {
  private columns = { source: new Float64Array(4), target: new Float64Array(4), length: new Float64Array(4) };
  private count = 0;
  private nextSource = 0;
  private nextTarget = 0;
  private held = 0;

  /** @param sourceNext, targetNext where both sides are before anything is mirrored. */
  constructor(sourceNext: bigint | number = 0, targetNext: bigint | number = 0) {
    this.advance(Number(sourceNext), Number(targetNext));
  }

  get runs(): number {
    return this.count;
  }
  /** How many records it places. */
  get records(): number {
    return this.held;
  }
  /** Everything on the source below this is mirrored, or nothing that a consumer is given. */
  get sourceNext(): bigint {
    return BigInt(this.nextSource);
  }
  /** The lowest offset that the next mirrored record can get. */
  get targetNext(): bigint {
    return BigInt(this.nextTarget);
  }

  run(index: number): Run {
    const { source, target, length } = this.columns;
    return { source: source[index]!, target: target[index]!, length: length[index]! };
  }

  /** Records `[source, source + length)` are at `[target, target + length)`, behind all that was there before. */
  append(source: number, target: number, length: number): void {
    const last = this.count - 1;
    const { columns } = this;
    if (length <= 0) throw misplaced(source, target);
    if (last >= 0) {
      const sourceEnd = columns.source[last]! + columns.length[last]!;
      const targetEnd = columns.target[last]! + columns.length[last]!;
      if (source < sourceEnd || target < targetEnd) throw misplaced(source, target);
      if (source === sourceEnd && target === targetEnd) {
        columns.length[last]! += length;
        this.held += length;
        this.advance(source + length, target + length);
        return;
      }
    }
    if (this.count === columns.source.length)
      this.columns = {
        source: doubled(columns.source),
        target: doubled(columns.target),
        length: doubled(columns.length),
      };
    this.columns.source[this.count] = source;
    this.columns.target[this.count] = target;
    this.columns.length[this.count] = length;
    this.held += length;
    this.count++;
    this.advance(source + length, target + length);
  }

  /** Offsets that hold nothing to mirror lie before these; neither side goes back. */
  advance(source: number, target: number): void {
    if (!Number.isSafeInteger(source) || !Number.isSafeInteger(target)) throw misplaced(source, target);
    this.nextSource = Math.max(this.nextSource, source);
    this.nextTarget = Math.max(this.nextTarget, target);
  }

  /**
   * The target offset of the first mirrored record at or after `source`: the one a group must commit on the target to go
   * on where it has committed `source`. `targetNext` when nothing at or after `source` has been mirrored and nothing
   * before `sourceNext` is left to be; `undefined` beyond what is mirrored.
   */
  translate(source: bigint): bigint | undefined {
    const offset = Number(source);
    if (offset > this.nextSource) return undefined;
    const index = this.firstEndingAfter(offset);
    if (index === this.count) return this.targetNext;
    const run = this.run(index);
    return BigInt(run.target + Math.max(0, offset - run.source));
  }

  /** Whether `count` records from `source` on lie one after another on both sides. */
  together(source: bigint, count: bigint): boolean {
    if (count === 0n) return true;
    const index = this.firstEndingAfter(Number(source));
    if (index === this.count) return false;
    const run = this.run(index);
    return source >= BigInt(run.source) && source + count <= BigInt(run.source + run.length);
  }

  /** Index of the first run that holds a record at or after `offset`. */
  private firstEndingAfter(offset: number): number {
    const { source, length } = this.columns;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (source[middle]! + length[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}

function misplaced(source: number, target: number): FerryError {
  return new FerryError(
    'Unexpected',
    `The offset map cannot place source offset ${source} at target offset ${target}: report it with the ferry's version.`,
  );
}
