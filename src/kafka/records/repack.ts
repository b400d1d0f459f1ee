import { attributeBits, headerAt, lengthOverhead, type RecordBatch } from './batch.js';
import { codecId, compress, type Codec } from './codecs.js';
import { crc32c } from './crc32c.js';
import type { ProducerStamp } from './patch.js';
import { malformed } from './records.js';

/** Records of a new batch that has no header yet; they count from offset delta 0 without holes. */
export interface PackedRecords {
  readonly codec: Codec;
  /** Compressed with `codec`. */
  readonly payload: Buffer;
  readonly count: number;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  /** Where the records were: pairs of first offset and length, flat. */
  readonly origins: readonly number[];
}

/**
 * Puts records of several batches into new ones without reading keys, values or headers: of each record only the length and
 * the two deltas before them are written anew (grammar in records.ts). Holes close, log append times become the
 * records' own, and what does not fit into one batch goes into the next.
 *
 * Timestamps are computed as doubles. A batch that has one beyond ±2^53 is refused by `add` and left to be decoded.
 */
export class RecordPacker {
  private bytes = nothing;
  private at = 0;
  private count = 0;
  private base = 0;
  private latest = 0;
  private origins: number[] = [];
  private readonly done: PackedRecords[] = [];

  /** @param maxBytes of the records of one batch before compression; a single larger record gets a batch of its own. */
  constructor(
    private readonly codec: Codec,
    private readonly maxBytes: number,
    private readonly expectedBytes = 64 * 1024,
  ) {}

  /** Bytes in the batch that is still open. */
  get size(): number {
    return this.at;
  }

  /** How many batches are complete. */
  get completed(): number {
    return this.done.length;
  }

  /**
   * Takes the records of a batch that lie at or after `from`.
   *
   * @returns false when the batch has a timestamp that this cannot compute; nothing of it was taken then.
   * @throws FerryError `Unexpected` when the records are not well formed
   */
  add(batch: RecordBatch, from = 0): boolean {
    const source = batch.plain;
    const baseOffset = Number(batch.baseOffset);
    const baseTimestamp = Number(batch.baseTimestamp);
    const appendTime = batch.timestampType === 'append' ? Number(batch.maxTimestamp) : undefined;
    if (!safe(baseTimestamp) || (appendTime !== undefined && !safe(appendTime))) return false;
    const before = this.snapshot();
    const length = source.length;
    const { lastOffsetDelta } = batch;
    let lastDelta = -1;
    let at = 0;
    for (let left = batch.count; left > 0; left--) {
      // length, attributes, timestamp delta, offset delta: varints, inlined since this runs once for every record.
      let shift = 7;
      let byte = source[at++]!;
      let raw = byte & 0x7f;
      while (byte > 0x7f && shift < 35) {
        byte = source[at++]!;
        raw |= (byte & 0x7f) << shift;
        shift += 7;
      }
      const end = at + ((raw >>> 1) ^ -(raw & 1));
      const attributes = source[at++]!;
      let scale = 1;
      let timestampRaw = 0;
      do {
        byte = source[at++]!;
        timestampRaw += (byte & 0x7f) * scale;
        scale *= 0x80;
      } while (byte > 0x7f && scale < 2 ** 70);
      shift = 7;
      byte = source[at++]!;
      raw = byte & 0x7f;
      while (byte > 0x7f && shift < 35) {
        byte = source[at++]!;
        raw |= (byte & 0x7f) << shift;
        shift += 7;
      }
      if (!(at <= end && end <= length)) throw malformed(batch);
      const offsetDelta = (raw >>> 1) ^ -(raw & 1);
      if (offsetDelta <= lastDelta || offsetDelta > lastOffsetDelta) throw malformed(batch);
      lastDelta = offsetDelta;
      const offset = baseOffset + offsetDelta;
      const timestamp =
        appendTime ?? baseTimestamp + (timestampRaw % 2 === 0 ? timestampRaw / 2 : -(timestampRaw + 1) / 2);
      if (!safe(timestampRaw) || !safe(timestamp)) {
        this.restore(before);
        return false;
      }
      if (offset >= from) this.put(source, at, end, attributes, timestamp, offset);
      at = end;
    }
    if (at !== length) throw malformed(batch);
    return true;
  }

  /** What is complete, and what is open as a last one. */
  finish(): PackedRecords[] {
    this.close();
    return this.done;
  }

  private put(
    source: Buffer,
    from: number,
    to: number,
    attributes: number,
    timestamp: number,
    offset: number,
  ): void {
    const rest = to - from;
    if (this.count > 0) {
      const size = 1 + sizeOf(timestamp - this.base) + sizeOf(this.count) + rest;
      if (this.at + sizeOf(size) + size > this.maxBytes) this.close();
    }
    if (this.count === 0) {
      this.base = timestamp;
      this.latest = timestamp;
    } else if (timestamp > this.latest) this.latest = timestamp;
    const delta = timestamp - this.base;
    const size = 1 + sizeOf(delta) + sizeOf(this.count) + rest;
    if (this.at + size + 5 > this.bytes.length) this.grow(this.at + size + 5);
    const { bytes } = this;
    let at = putVarint(bytes, this.at, size);
    bytes[at++] = attributes;
    at = putVarint(bytes, at, delta);
    at = putVarint(bytes, at, this.count);
    source.copy(bytes, at, from, to);
    this.at = at + rest;
    this.count++;
    const { origins } = this;
    const last = origins.length - 2;
    if (last >= 0 && origins[last]! + origins[last + 1]! === offset) origins[last + 1]!++;
    else origins.push(offset, 1);
  }

  private close(): void {
    if (this.count === 0) return;
    const plain = this.bytes.subarray(0, this.at);
    this.done.push({
      codec: this.codec,
      payload: compress(this.codec, plain),
      count: this.count,
      baseTimestamp: BigInt(this.base),
      maxTimestamp: BigInt(this.latest),
      origins: this.origins,
    });
    // The payload may be these bytes, and a snapshot those of the batch before: the next one gets its own.
    this.bytes = nothing;
    this.at = 0;
    this.count = 0;
    this.origins = [];
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2, this.expectedBytes));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  private snapshot() {
    const { bytes, at, count, base, latest, origins, done } = this;
    const open = { bytes, at, count, base, latest, origins };
    return { open, origins: origins.length, lastLength: origins.at(-1), done: done.length };
  }

  private restore({ open, origins, lastLength, done }: ReturnType<RecordPacker['snapshot']>): void {
    Object.assign(this, open);
    this.origins.length = origins;
    if (lastLength !== undefined) this.origins[origins - 1] = lastLength;
    this.done.length = done;
  }
}

const nothing = Buffer.alloc(0);

/** The header of a batch with these records, written by `producer` outside any transaction; grammar in batch.ts. */
export function headerFor(records: PackedRecords, producer: ProducerStamp): Buffer {
  const { codec, payload, count } = records;
  const header = Buffer.alloc(headerAt.records);
  header.writeInt32BE(headerAt.records + payload.length - lengthOverhead, headerAt.length);
  header.writeInt32BE(-1, headerAt.partitionLeaderEpoch);
  header.writeInt8(2, headerAt.magic);
  header.writeInt16BE(codecId(codec) & attributeBits.codec, headerAt.attributes);
  header.writeInt32BE(count - 1, headerAt.lastOffsetDelta);
  header.writeBigInt64BE(records.baseTimestamp, headerAt.baseTimestamp);
  header.writeBigInt64BE(records.maxTimestamp, headerAt.maxTimestamp);
  header.writeBigInt64BE(producer.producerId, headerAt.producerId);
  header.writeInt16BE(producer.producerEpoch, headerAt.producerEpoch);
  header.writeInt32BE(producer.baseSequence, headerAt.baseSequence);
  header.writeInt32BE(count, headerAt.count);
  header.writeUInt32BE(crc32c(payload, crc32c(header.subarray(headerAt.attributes))), headerAt.crc);
  return header;
}

/** With room for a delta between two of them. */
function safe(value: number): boolean {
  return Math.abs(value) <= 2 ** 52;
}

/** Bytes of a zigzag varint; `value` within ±2^53. */
function sizeOf(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function putVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at;
}
