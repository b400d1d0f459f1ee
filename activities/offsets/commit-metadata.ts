import { decompress } from '../../src/kafka/records/codecs.js';

/** What an application says beside the offset of a commit, as far as it matters when the offset becomes another one. */
export type CommitMetadata =
  | { kind: 'none' }
  /** Times of Kafka Streams, which mean the same wherever the records are. */
  | { kind: 'streams-time' }
  /** The id of the member that committed: franz-go writes it, nobody reads it. */
  | { kind: 'member-id' }
  /**
   * Which records from the committed offset on Confluent's Parallel Consumer has processed, counted from it: `names`
   * offsets in all, `complete` of them processed.
   */
  | { kind: 'parallel-consumer'; names: bigint; complete: bigint }
  | { kind: 'unknown' };

/** Tells by its form what metadata is. Whatever the text, it answers, in bounded time and memory. */
export function readMetadata(text: string): CommitMetadata {
  if (text === '') return { kind: 'none' };
  if (memberId.test(text) || uuid.test(text)) return { kind: 'member-id' };
  const bytes = fromBase64(text);
  const magic = bytes?.[0];
  if (!bytes || magic === undefined) return { kind: 'unknown' };
  if (isStreamsTime(bytes)) return { kind: 'streams-time' };
  const names = parallelConsumerEncodings[magic]?.(bytes.subarray(1));
  return names && names.complete > 0n && names.complete <= names.names
    ? { kind: 'parallel-consumer', ...names }
    : { kind: 'unknown' };
}

/** As a coordinator makes one for a classic member (`<client id>-<UUID>`). */
const memberId = /-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** As a member of KIP-848 makes its own: `org.apache.kafka.common.Uuid`, 16 bytes in base64 for URLs, no padding. */
const uuid = /^[A-Za-z0-9_-]{21}[AQgw]$/;

function fromBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/**
 * Kafka Streams, in base64, big endian. Up to 3.4 (`StreamTask.encodeTimestamp`):
 *
 *     01 partitionTime:int64
 *
 * and since 3.5 (`TopicPartitionMetadata`, `ProcessorMetadata`):
 *
 *     02 partitionTime:int64 [entries:int32 (size:int32 key:UTF-8 time:int64)*]
 *
 * A time of −1: none yet.
 */
function isStreamsTime(bytes: Buffer): boolean {
  const version = bytes[0];
  if ((version !== 1 && version !== 2) || bytes.length < 9 || bytes.readBigInt64BE(1) < -1n) return false;
  if (version === 1 || bytes.length === 9) return bytes.length === 9;
  if (bytes.length < 13) return false;
  let at = 13;
  for (let left = bytes.readInt32BE(9); left > 0; left--) {
    if (at + 4 > bytes.length) return false;
    const size = bytes.readInt32BE(at);
    if (size < 0 || at + 4 + size + 8 > bytes.length) return false;
    at += 4 + size + 8;
  }
  return at === bytes.length;
}

type Named = { names: bigint; complete: bigint };

const code = (letter: string): number => letter.charCodeAt(0);

/**
 * `OffsetEncoding` of Parallel Consumer: a byte that tells the encoding, and the encoding in base64, of all records
 * from the committed offset up to the last one that was processed.
 */
const parallelConsumerEncodings: Readonly<Record<number, (bytes: Buffer) => Named | undefined>> = {
  [code('l')]: (bytes) => bitSet(bytes, 2),
  [code('a')]: (bytes) => inflated(bytes, (plain) => bitSet(plain, 2)),
  [code('n')]: (bytes) => runLengths(bytes, 2),
  [code('J')]: (bytes) => inflated(bytes, (plain) => runLengths(plain, 2)),
  [code('o')]: (bytes) => bitSet(bytes, 4),
  [code('s')]: (bytes) => inflated(bytes, (plain) => bitSet(plain, 4)),
  [code('e')]: (bytes) => runLengths(bytes, 4),
  [code('p')]: (bytes) => inflated(bytes, (plain) => runLengths(plain, 4)),
};

/** `BitSetEncoder`: how many offsets, in 2 or 4 bytes; a bit for each, set where it was processed; and a byte more. */
function bitSet(bytes: Buffer, width: 2 | 4): Named | undefined {
  if (bytes.length < width) return undefined;
  const length = bytes.readIntBE(0, width);
  if (length < 0 || bytes.length !== width + Math.ceil(length / 8) + 1) return undefined;
  let complete = 0;
  for (const byte of bytes.subarray(width)) for (let bits = byte; bits > 0; bits >>= 1) complete += bits & 1;
  return { names: BigInt(length), complete: BigInt(complete) };
}

/** `RunLengthEncoder`: how many are not processed, how many are, and so on, in 2 or 4 bytes each; the last ones are. */
function runLengths(bytes: Buffer, width: 2 | 4): Named | undefined {
  if (bytes.length === 0 || bytes.length % (2 * width) !== 0) return undefined;
  const named = { names: 0n, complete: 0n };
  for (let at = 0; at < bytes.length; at += width) {
    const run = bytes.readIntBE(at, width);
    if (run < 0) return undefined;
    named.names += BigInt(run);
    if ((at / width) % 2 === 1) named.complete += BigInt(run);
  }
  return named;
}

/** How many blocks of at most 128 KiB a compressed encoding may have: a bit for each of 16 million records. */
const mostBlocks = 16;

function inflated(bytes: Buffer, read: (plain: Buffer) => Named | undefined): Named | undefined {
  const blocks = zstdBlocks(bytes);
  if (blocks === undefined || blocks > mostBlocks) return undefined;
  try {
    return read(decompress('zstd', bytes));
  } catch {
    return undefined;
  }
}

/**
 * How many blocks one zstd frame has (RFC 8878, 3.1.1), which bounds what it grows to; `undefined` for anything else.
 *
 *     frame  = FD2FB528:int32le descriptor:1 [window:1] [dictionary] [contentSize] block+ [checksum:4]
 *     block  = int24le (last:1 type:2 size:21), then 1 byte for a repeated one (type 1), else `size` bytes
 */
function zstdBlocks(bytes: Buffer): number | undefined {
  if (bytes.length < 5 || bytes.readUInt32LE(0) !== 0xfd2fb528) return undefined;
  const descriptor = bytes[4] ?? 0;
  const singleSegment = (descriptor >> 5) & 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [singleSegment, 2, 4, 8][descriptor >> 6] ?? 0;
  const checksumBytes = descriptor & 4 ? 4 : 0;
  let at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let blocks = 1; at + 3 <= bytes.length; blocks++) {
    const header = bytes.readUIntLE(at, 3);
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
    if (header & 1) return at + checksumBytes === bytes.length ? blocks : undefined;
  }
  return undefined;
}
