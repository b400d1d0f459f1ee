import { gunzipSync, gzipSync } from 'node:zlib';
import zstd from '@toondepauw/node-zstd';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import snappy from 'snappy';
import { FerryError } from '../../migration/errors.js';
import { damaged, nameOf, type Whereabouts } from './damage.js';
import { lz4Ratio, lz4Size, snappySize, zstdSize } from './plain-size.js';

/**
 * How the records of a batch are compressed. The number in the attributes is the place in this list
 * (`org.apache.kafka.common.record.CompressionType`; zstd since KIP-110).
 */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof codecs)[number];

/** @throws FerryError `Unsupported` for a number that no Kafka of today defines. */
export function codecName(id: number, where: Whereabouts = {}): Codec {
  const name = codecs[id];
  if (name === undefined)
    throw new FerryError(
      'Unsupported',
      `${nameOf(where)} says compression codec ${id}, which is not one that Kafka defines: a newer ferry may know it, else check its log with kafka-dump-log.`,
    );
  return name;
}

export function codecId(codec: Codec): number {
  return codecs.indexOf(codec);
}

/**
 * The bytes that a Kafka client would write: a gzip member (RFC 1952); snappy in Xerial's framing, which the Java
 * client and so the broker read; one LZ4 frame (version 1, independent blocks, the only ones the Java client reads);
 * one zstd frame (RFC 8878).
 */
export function compress(codec: Codec, bytes: Buffer): Buffer {
  switch (codec) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipSync(bytes);
    case 'snappy':
      return compressXerial(bytes);
    case 'lz4':
      return compressFrameSync(bytes);
    case 'zstd':
      return new zstd.Encoder(zstdLevel).encodeSync(bytes);
  }
}

/**
 * The most that the records of one batch may take once decompressed, bytes: as much as could come without compression, for
 * no answer is larger (`frames.ts`). Of the megabyte that a broker takes in one batch, unless told otherwise
 * (`message.max.bytes`), it is 256 times as much; gzip reaches 1,000 times and zstd any number of times with nothing but
 * zeros, which no worker has memory for.
 */
export const mostRecordBytes = 256 * 1024 * 1024;

class TooMuch extends Error {}

/**
 * The opposite of `compress`, for what any client may have written: snappy also without framing (librdkafka and Sarama
 * write it so), zstd and gzip also of several frames.
 *
 * @param where for the sentence
 * @param most bytes that it may become; no more are allocated
 * @throws FerryError `Unexpected` when the bytes are not what the codec says, or become more.
 */
export function decompress(
  codec: Codec,
  bytes: Buffer,
  where: Whereabouts = {},
  most = mostRecordBytes,
): Buffer {
  try {
    switch (codec) {
      case 'none':
        return bytes;
      case 'gzip':
        return gunzipSync(bytes, { maxOutputLength: most });
      case 'snappy':
        return decompressSnappy(bytes, most);
      case 'lz4':
        if (bytes.length * lz4Ratio > most) limit(lz4Size(bytes), most);
        return decompressFrameSync(bytes);
      case 'zstd':
        limit(zstdSize(bytes), most);
        return new zstd.Decoder().decodeSync(bytes);
    }
  } catch (cause) {
    if (cause instanceof TooMuch || (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new FerryError(
        'Unexpected',
        `${nameOf(where)} is compressed with ${codec} and holds more than the ${most} bytes that the ferry takes of one batch: check it with kafka-dump-log, and have it expire or move its topic by other means if it is meant so.`,
      );
    throw damaged(where, `it is compressed with ${codec} and cannot be decompressed`, cause);
  }
}

function limit(size: number, most: number): void {
  if (size > most) throw new TooMuch();
}

/** Kafka's default (`compression.zstd.level`, KIP-390). */
const zstdLevel = 3;

/**
 * Xerial's framing (snappy-java, `SnappyOutputStream`), big endian:
 *
 *     stream  = magic version compatible block*
 *     magic   = 82 "SNAPPY" 00
 *     version, compatible = int32, both 1
 *     block   = int32 compressed size, raw snappy
 */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = xerialMagic.length + 8;
/** The block size of Kafka's own producer. */
const xerialBlockBytes = 32 * 1024;

function compressXerial(bytes: Buffer): Buffer {
  const header = Buffer.alloc(xerialHeaderBytes);
  xerialMagic.copy(header);
  header.writeInt32BE(1, xerialMagic.length);
  header.writeInt32BE(1, xerialMagic.length + 4);
  const parts: Buffer[] = [header];
  for (let at = 0; at < bytes.length; at += xerialBlockBytes) {
    const block = snappy.compressSync(bytes.subarray(at, at + xerialBlockBytes));
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

function decompressSnappy(bytes: Buffer, most: number): Buffer {
  const framed = bytes.subarray(0, xerialMagic.length).equals(xerialMagic);
  const blocks = framed ? xerialBlocks(bytes) : [bytes];
  limit(
    blocks.reduce((sum, block) => sum + snappySize(block), 0),
    most,
  );
  const plain = blocks.map((block) => snappy.uncompressSync(block) as Buffer);
  return plain.length === 1 ? plain[0]! : Buffer.concat(plain);
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = xerialHeaderBytes; at < bytes.length;) {
    const from = at + 4;
    at = from + bytes.readInt32BE(at);
    if (at <= from || at > bytes.length) throw new RangeError('a block of the Xerial stream is cut off');
    blocks.push(bytes.subarray(from, at));
  }
  return blocks;
}
