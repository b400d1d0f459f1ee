import { attributeBits, headerAt, lengthOverhead } from './batch.js';
import { codecId, compress, type Codec } from './codecs.js';
import { crc32c } from './crc32c.js';
import type { KafkaRecord, RecordHeader } from './records.js';
import { ByteWriter, varintSize, varlongSize } from './varints.js';

/** A record to write; one that was read serves as it is. Without `offsetDelta` it comes right after the one before it. */
export type NewRecord = Omit<KafkaRecord, 'offset'> & { readonly offsetDelta?: number };

/** The header fields that the records do not determine; each default is what a producer without idempotence sends. */
export interface BatchHeader {
  /** 0n; a broker takes no other from a producer. */
  readonly baseOffset?: bigint;
  /** −1 */
  readonly partitionLeaderEpoch?: number;
  /** `none` */
  readonly codec?: Codec;
  /** −1n, with −1 for `producerEpoch` and `baseSequence`: none. */
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** Delta of the last record; greater in a batch whose last records were compacted away. */
  readonly lastOffsetDelta?: number;
  /** Marks the batch as stamped by the broker: consumers see this time (ms) on every record. */
  readonly appendTime?: bigint;
}

/** The batch of magic 2 with these records; grammar in batch.ts and records.ts. */
export function encodeBatch(records: readonly NewRecord[], header: BatchHeader = {}): Buffer {
  const baseTimestamp = records[0]?.timestamp ?? -1n;
  const deltas = offsetDeltas(records);
  const codec = header.codec ?? 'none';
  const payload = compress(codec, encodeRecords(records, deltas, baseTimestamp));
  const bytes = Buffer.allocUnsafe(headerAt.records + payload.length);
  payload.copy(bytes, headerAt.records);

  bytes.writeBigInt64BE(header.baseOffset ?? 0n, headerAt.baseOffset);
  bytes.writeInt32BE(bytes.length - lengthOverhead, headerAt.length);
  bytes.writeInt32BE(header.partitionLeaderEpoch ?? -1, headerAt.partitionLeaderEpoch);
  bytes.writeInt8(2, headerAt.magic);
  bytes.writeInt16BE(
    codecId(codec) |
      (header.appendTime === undefined ? 0 : attributeBits.logAppendTime) |
      (header.transactional ? attributeBits.transactional : 0) |
      (header.control ? attributeBits.control : 0),
    headerAt.attributes,
  );
  bytes.writeInt32BE(header.lastOffsetDelta ?? deltas.at(-1) ?? 0, headerAt.lastOffsetDelta);
  bytes.writeBigInt64BE(baseTimestamp, headerAt.baseTimestamp);
  bytes.writeBigInt64BE(header.appendTime ?? latest(records), headerAt.maxTimestamp);
  bytes.writeBigInt64BE(header.producerId ?? -1n, headerAt.producerId);
  bytes.writeInt16BE(header.producerEpoch ?? -1, headerAt.producerEpoch);
  bytes.writeInt32BE(header.baseSequence ?? -1, headerAt.baseSequence);
  bytes.writeInt32BE(records.length, headerAt.count);
  bytes.writeUInt32BE(crc32c(bytes.subarray(headerAt.attributes)), headerAt.crc);
  return bytes;
}

function offsetDeltas(records: readonly NewRecord[]): number[] {
  let next = 0;
  return records.map(({ offsetDelta = next }) => {
    next = offsetDelta + 1;
    return offsetDelta;
  });
}

function latest(records: readonly NewRecord[]): bigint {
  let latest = records[0]?.timestamp ?? -1n;
  for (const { timestamp } of records) if (timestamp > latest) latest = timestamp;
  return latest;
}

function encodeRecords(
  records: readonly NewRecord[],
  deltas: readonly number[],
  baseTimestamp: bigint,
): Buffer {
  const rows = records.map((record, i) => {
    const timestampDelta = BigInt.asIntN(64, record.timestamp - baseTimestamp);
    const offsetDelta = deltas[i]!;
    return { record, timestampDelta, offsetDelta, size: bodySize(record, timestampDelta, offsetDelta) };
  });
  const bytes = Buffer.allocUnsafe(rows.reduce((sum, { size }) => sum + varintSize(size) + size, 0));
  const out = new ByteWriter(bytes);
  for (const { record, timestampDelta, offsetDelta, size } of rows) {
    out.varint(size);
    out.byte(0);
    out.varlong(timestampDelta);
    out.varint(offsetDelta);
    putNullable(out, record.key);
    putNullable(out, record.value);
    out.varint(record.headers.length);
    for (const { key, value } of record.headers) {
      putNullable(out, key);
      putNullable(out, value);
    }
  }
  return bytes;
}

function bodySize({ key, value, headers }: NewRecord, timestampDelta: bigint, offsetDelta: number): number {
  return (
    1 +
    varlongSize(timestampDelta) +
    varintSize(offsetDelta) +
    nullableSize(key) +
    nullableSize(value) +
    varintSize(headers.length) +
    headers.reduce((sum, header) => sum + headerSize(header), 0)
  );
}

function headerSize({ key, value }: RecordHeader): number {
  return nullableSize(key) + nullableSize(value);
}

function nullableSize(bytes: Buffer | null): number {
  return bytes === null ? varintSize(-1) : varintSize(bytes.length) + bytes.length;
}

function putNullable(out: ByteWriter, bytes: Buffer | null): void {
  if (bytes === null) return out.varint(-1);
  out.varint(bytes.length);
  out.put(bytes);
}
