import type { FerryError } from '../migration/errors.js';
import type { RecordBatch } from '../kafka/records/batch.js';
import { malformed } from '../kafka/records/records.js';

/**
 * The records of one batch, walked in place: a comparison looks at every record of two clusters, and an object for each
 * would cost more than everything else. `next` moves on to a record; the fields then say where it is.
 *
 * The canonical form of a record is its timestamp as consumers see it (int64) and its bytes from the key's length to its
 * end: key, value and headers, in order, each after its length (grammar in `kafka/records/records.ts`). It holds nothing
 * that depends on the batch: neither offset nor deltas.
 */
export class Block {
  readonly baseOffset: bigint;
  readonly count: number;
  /** The records, decompressed. */
  readonly bytes: Buffer;
  /** Of the current record in `bytes`: where its key's length begins, and where it ends. */
  bodyStart = 0;
  bodyEnd = 0;
  /** Upper and lower half of the current record's timestamp, the lower as an unsigned number. */
  timestampHigh = 0;
  timestampLow = 0;
  /** Of the current record. */
  offsetDelta = -1;
  private at = 0;
  private walked = 0;
  private readonly appendTime: boolean;
  private readonly lastOffsetDelta: number;
  /** The batch's time as a number where it is exact, which all times of milliseconds are. */
  private readonly baseTime: number | undefined;

  /** @throws FerryError `Unexpected` when the batch cannot be decompressed. */
  constructor(readonly batch: RecordBatch) {
    this.baseOffset = batch.baseOffset;
    this.count = batch.count;
    this.bytes = batch.plain;
    this.lastOffsetDelta = batch.lastOffsetDelta;
    this.appendTime = batch.timestampType === 'append';
    const base = this.appendTime ? batch.maxTimestamp : batch.baseTimestamp;
    this.baseTime = base >= 0n && base < 2n ** 52n ? Number(base) : undefined;
    if (this.appendTime) this.setTimestamp(base);
  }

  /** Whether no record was looked at yet. */
  get untouched(): boolean {
    return this.walked === 0;
  }

  get offset(): bigint {
    return this.baseOffset + BigInt(this.offsetDelta);
  }

  get timestamp(): bigint {
    return (BigInt(this.timestampHigh) << 32n) | BigInt(this.timestampLow);
  }

  get size(): number {
    return this.bodyEnd - this.bodyStart;
  }

  /**
   * Moves on to the next record; false when there is none.
   * @throws FerryError `Unexpected` when the records do not fill the batch exactly as its header says.
   */
  next(): boolean {
    if (this.walked === this.count) {
      if (this.bodyEnd !== this.bytes.length) throw this.malformed();
      return false;
    }
    this.walked++;
    this.at = this.bodyEnd;
    const size = this.varint();
    const end = this.at + size;
    if (size < 0 || end > this.bytes.length) throw this.malformed();
    this.at++;
    this.readTimestamp();
    const delta = this.varint();
    if (delta <= this.offsetDelta || delta > this.lastOffsetDelta) throw this.malformed();
    this.offsetDelta = delta;
    this.bodyStart = this.at;
    this.bodyEnd = end;
    if (this.bodyStart > end) throw this.malformed();
    return true;
  }

  /** Whether the current record and that of the other block are the same to a consumer. */
  sameRecord(other: Block): boolean {
    return (
      this.timestampLow === other.timestampLow &&
      this.timestampHigh === other.timestampHigh &&
      this.size === other.size &&
      this.bytes.compare(other.bytes, other.bodyStart, other.bodyEnd, this.bodyStart, this.bodyEnd) === 0
    );
  }

  private readTimestamp(): void {
    const start = this.at;
    let shift = 0;
    let low = 0;
    // Nearly all times lie near their batch's first: four bytes are read as a plain number.
    for (; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (this.appendTime) return;
        if (this.baseTime === undefined) break;
        const time = this.baseTime + ((low >>> 1) ^ -(low & 1));
        this.timestampLow = time >>> 0;
        this.timestampHigh = Math.floor(time / 2 ** 32);
        return;
      }
    }
    this.at = start;
    let delta = 0n;
    for (let bits = 0n; ; bits += 7n) {
      if (bits > 63n) throw this.malformed();
      const byte = this.byte();
      delta |= BigInt(byte & 0x7f) << bits;
      if (byte < 0x80) break;
    }
    if (this.appendTime) return;
    const value = BigInt.asUintN(64, delta);
    this.setTimestamp(BigInt.asIntN(64, this.batch.baseTimestamp + ((value >> 1n) ^ -(value & 1n))));
  }

  private setTimestamp(timestamp: bigint): void {
    this.timestampLow = Number(BigInt.asUintN(32, timestamp));
    this.timestampHigh = Number(BigInt.asIntN(32, timestamp >> 32n));
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw this.malformed();
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw this.malformed();
    return byte;
  }

  private malformed(): FerryError {
    return malformed(this.batch);
  }
}

/**
 * Whether two batches hold the same records, by their bytes as stored: then nothing of the second needs to be decompressed
 * or walked. False says nothing. A mirror that passes batches on whole makes this the usual case.
 */
export function sameBytes(one: RecordBatch, other: RecordBatch): boolean {
  return (
    one.timestampType === 'create' &&
    other.timestampType === 'create' &&
    one.count === other.count &&
    one.baseTimestamp === other.baseTimestamp &&
    one.codec === other.codec &&
    one.payload.equals(other.payload)
  );
}
