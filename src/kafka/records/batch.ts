import { crc32 } from 'node:zlib';
import { codecName, decompress, type Codec } from './codecs.js';
import { crc32c } from './crc32c.js';
import { damaged, type Whereabouts } from './damage.js';

/**
 * Record batches as a broker stores and sends them, viewed in place.
 *
 * Grammar of magic 2 (KIP-98; `org.apache.kafka.common.record.DefaultRecordBatch`), big endian, by byte offset:
 *
 *      0  baseOffset            int64
 *      8  batchLength           int32   bytes after this field
 *     12  partitionLeaderEpoch  int32
 *     16  magic                 int8    2
 *     17  crc                   uint32  CRC-32C of byte 21 to the end
 *     21  attributes            int16   bits 0–2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon
 *     23  lastOffsetDelta       int32   survives compaction, so it may exceed what recordsCount suggests
 *     27  baseTimestamp         int64   ms; with bit 6 the time from which tombstones may go (KIP-534)
 *     35  maxTimestamp          int64   ms; with bit 3 the append time of every record
 *     43  producerId            int64   −1: none
 *     51  producerEpoch         int16   −1: none
 *     53  baseSequence          int32   −1: none
 *     57  recordsCount          int32   0: all records compacted away
 *     61  records               compressed as one block unless codec is none
 *
 * Entries of magic 0 and 1 (before Kafka 0.11; `LegacyRecord`) share the first twelve bytes and the place of magic:
 *
 *      0  offset      int64   of the record; of a compressed wrapper: of the last record inside
 *      8  size        int32   bytes after this field
 *     12  crc         uint32  CRC-32 of byte 16 to the end
 *     16  magic       int8    0 or 1
 *     17  attributes  int8    bits 0–2 codec, 3 timestamp type
 */
export const headerAt = {
  baseOffset: 0,
  length: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Bytes of offset and length, which `length` itself does not count. */
export const lengthOverhead = 12;

export const attributeBits = {
  codec: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

/** Bytes of an entry without key, value and records, by its magic. */
const smallestEntry = { 0: 26, 1: 34, 2: headerAt.records } as const;

/** One batch of magic 2. Every field is read from `bytes` when asked for; nothing is copied or checked against the CRC. */
export class RecordBatch {
  readonly kind = 'batch';

  /**
   * @param bytes exactly one batch, from baseOffset to its last record.
   * @param place where it was read, for sentences (`Whereabouts`)
   */
  constructor(
    readonly bytes: Buffer,
    readonly place?: string,
  ) {}

  get baseOffset(): bigint {
    return this.bytes.readBigInt64BE(headerAt.baseOffset);
  }
  /** Offset of the last record written, also when compaction has since removed it. */
  get lastOffset(): bigint {
    return this.baseOffset + BigInt(this.lastOffsetDelta);
  }
  /** The length field: bytes of the batch without the first twelve. */
  get length(): number {
    return this.bytes.readInt32BE(headerAt.length);
  }
  get partitionLeaderEpoch(): number {
    return this.bytes.readInt32BE(headerAt.partitionLeaderEpoch);
  }
  get magic(): number {
    return this.bytes.readInt8(headerAt.magic);
  }
  get crc(): number {
    return this.bytes.readUInt32BE(headerAt.crc);
  }
  get attributes(): number {
    return this.bytes.readInt16BE(headerAt.attributes);
  }
  get codec(): Codec {
    return codecName(this.attributes & attributeBits.codec, this.whereabouts);
  }
  get timestampType(): 'create' | 'append' {
    return this.has(attributeBits.logAppendTime) ? 'append' : 'create';
  }
  get transactional(): boolean {
    return this.has(attributeBits.transactional);
  }
  get control(): boolean {
    return this.has(attributeBits.control);
  }
  get deleteHorizon(): boolean {
    return this.has(attributeBits.deleteHorizon);
  }
  get lastOffsetDelta(): number {
    return this.bytes.readInt32BE(headerAt.lastOffsetDelta);
  }
  get baseTimestamp(): bigint {
    return this.bytes.readBigInt64BE(headerAt.baseTimestamp);
  }
  get maxTimestamp(): bigint {
    return this.bytes.readBigInt64BE(headerAt.maxTimestamp);
  }
  get producerId(): bigint {
    return this.bytes.readBigInt64BE(headerAt.producerId);
  }
  get producerEpoch(): number {
    return this.bytes.readInt16BE(headerAt.producerEpoch);
  }
  get baseSequence(): number {
    return this.bytes.readInt32BE(headerAt.baseSequence);
  }
  /** Records in the batch now. */
  get count(): number {
    return this.bytes.readInt32BE(headerAt.count);
  }
  /** Whether every offset from base to last holds a record: false once compaction has taken one out. */
  get contiguous(): boolean {
    return this.count === this.lastOffsetDelta + 1;
  }
  /** The records as stored, still compressed. */
  get payload(): Buffer {
    return this.bytes.subarray(headerAt.records);
  }
  /**
   * The records, decompressed; of an uncompressed batch its own bytes.
   * @throws FerryError `Unexpected` (see `decompress`)
   */
  get plain(): Buffer {
    return decompress(this.codec, this.payload, this.whereabouts);
  }
  /** For sentences. */
  get whereabouts(): Whereabouts {
    return { offset: this.baseOffset, place: this.place };
  }

  /** Whether the bytes are the ones that were written: re-hashes the whole batch. */
  crcMatches(): boolean {
    return crc32c(this.bytes.subarray(headerAt.attributes)) === this.crc;
  }

  private has(bit: number): boolean {
    return (this.attributes & bit) !== 0;
  }
}

/** Where an entry of before Kafka 0.11 has its CRC, between size and magic. */
const legacyCrcAt = 12;

/** One entry of a message set written by Kafka before 0.11, or not converted since. Brokers of 4.x still serve them. */
export class LegacyEntry {
  readonly kind = 'legacy';

  constructor(
    readonly bytes: Buffer,
    readonly place?: string,
  ) {}

  /** Of the record; of a compressed wrapper the offset of the last record inside, the only one that its header states. */
  get lastOffset(): bigint {
    return this.bytes.readBigInt64BE(0);
  }
  get magic(): number {
    return this.bytes.readInt8(headerAt.magic);
  }
  get codec(): Codec {
    return codecName(this.bytes.readInt8(17) & attributeBits.codec, this.whereabouts);
  }
  /** For sentences. */
  get whereabouts(): Whereabouts {
    return { offset: this.lastOffset, place: this.place };
  }

  /** As of a batch; the checksum is that of zip here. */
  crcMatches(): boolean {
    return crc32(this.bytes.subarray(headerAt.magic)) === this.bytes.readUInt32BE(legacyCrcAt);
  }
}

/**
 * The complete batches in `bytes` in log order; a batch that the end of the bytes cuts off is left out, as Fetch may cut
 * the last one at its byte limit.
 *
 * @param place where the bytes were read, for sentences: `orders/3 on cluster "main"`
 * @throws FerryError `Unexpected` when a length or magic cannot be a batch's: reading on would give nonsense, or not end.
 */
export function* batchesIn(
  bytes: Buffer,
  place?: string,
): Generator<RecordBatch | LegacyEntry, void, undefined> {
  let at = 0;
  while (bytes.length - at > headerAt.magic) {
    const length = bytes.readInt32BE(at + headerAt.length);
    const magic = bytes.readInt8(at + headerAt.magic);
    const fail = (what: string) => damaged({ offset: bytes.readBigInt64BE(at), place }, what);
    if (magic < 0 || magic > 2) throw fail(`its format says ${magic}`);
    if (length < smallestEntry[magic as 0 | 1 | 2] - lengthOverhead) throw fail(`its length says ${length}`);
    const size = lengthOverhead + length;
    if (bytes.length - at < size) return;
    const entry = bytes.subarray(at, at + size);
    yield magic === 2 ? new RecordBatch(entry, place) : new LegacyEntry(entry, place);
    at += size;
  }
}
