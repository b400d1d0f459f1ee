import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import snappy from 'snappy';
import zstd from '@toondepauw/node-zstd';
import { batchesIn, headerAt, type RecordBatch } from '../../src/kafka/records/batch.js';
import {
  codecId,
  compress,
  decompress,
  mostRecordBytes,
  type Codec,
} from '../../src/kafka/records/codecs.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { lz4Size, snappySize, zstdSize } from '../../src/kafka/records/plain-size.js';
import { recordsIn } from '../../src/kafka/records/records.js';

const place = 'orders/3 on cluster "main"';
const compressed = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const gibibyte = 1024 ** 3;

/** A gibibyte of zeros and more, without ever holding it: a frame of each codec is the same block again and again. */
function bomb(codec: Exclude<Codec, 'none'>): Buffer {
  const mebibyte = Buffer.alloc(1024 ** 2);
  const times = (block: Buffer, most: number) => Array.from({ length: most }, () => block);
  switch (codec) {
    case 'gzip':
      return Buffer.concat(times(gzipSync(mebibyte), 1024));
    case 'snappy': {
      const block = snappy.compressSync(mebibyte);
      const size = Buffer.alloc(4);
      size.writeInt32BE(block.length);
      return Buffer.concat([
        compress('snappy', Buffer.alloc(0)),
        ...times(Buffer.concat([size, block]), 1024),
      ]);
    }
    case 'lz4': {
      const frame = compressFrameSync(Buffer.alloc(8 * 1024 ** 2));
      const blocks = frame.subarray(7, -4);
      return Buffer.concat([frame.subarray(0, 7), ...times(blocks, 128), Buffer.alloc(4)]);
    }
    case 'zstd':
      return Buffer.concat(times(new zstd.Encoder(3).encodeSync(mebibyte), 1024));
  }
}

function batchWith(codec: Codec, payload: Buffer): RecordBatch {
  const header = encodeBatch([], { baseOffset: 1200n }).subarray(0, headerAt.records);
  header.writeInt32BE(headerAt.records + payload.length - 12, headerAt.length);
  header.writeInt16BE(codecId(codec), headerAt.attributes);
  header.writeInt32BE(1, headerAt.count);
  const [batch] = batchesIn(Buffer.concat([header, payload]), place);
  if (batch?.kind !== 'batch') throw new Error('not a batch');
  return batch;
}

const memory = () => {
  const { rss } = process.memoryUsage();
  return rss;
};

describe.each(compressed)('a few bytes of %s that become a gibibyte', (codec) => {
  test('are refused by topic, partition and offset, and memory stays what it was', () => {
    const payload = bomb(codec);
    expect(payload.length).toBeLessThan(gibibyte / 15);
    const batch = batchWith(codec, payload);
    const before = memory();
    expect(() => [...recordsIn(batch)]).toThrow(
      expect.objectContaining({
        type: 'Unexpected',
        message: expect.stringMatching(
          new RegExp(
            `^The batch at offset 1200 of orders/3 on cluster "main" .* holds more than the ${mostRecordBytes} bytes`,
          ),
        ) as unknown,
      }),
    );
    expect(memory() - before).toBeLessThan(1.5 * mostRecordBytes);
  });

  test('are read where so many are allowed for', () => {
    const plain = Buffer.alloc(3_000_000, 'some text that is said again and again, ');
    const bytes = compress(codec, plain);
    expect(decompress(codec, bytes, {}, 3_145_728).equals(plain)).toBe(true);
    expect(() => decompress(codec, bytes, {}, 2_900_000)).toThrow('more than the 2900000 bytes');
  });
});

describe('the size that compressed bytes become', () => {
  const plain = fc
    .array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(3000)), { maxLength: 20 })
    .map((parts) =>
      Buffer.concat(parts.map(([bytes, times]) => Buffer.alloc(bytes.length && times, Buffer.from(bytes)))),
    );

  test('is exactly that of snappy and LZ4, and not below that of zstd', () => {
    fc.assert(
      fc.property(plain, fc.integer({ min: 1, max: 9 }), (bytes, level) => {
        expect(snappySize(snappy.compressSync(bytes))).toBe(bytes.length);
        expect(lz4Size(compressFrameSync(bytes))).toBe(bytes.length);
        const size = zstdSize(new zstd.Encoder(level).encodeSync(bytes));
        expect(size).toBeGreaterThanOrEqual(bytes.length);
        expect(size - bytes.length).toBeLessThanOrEqual(128 * 1024);
      }),
      { numRuns: 100 },
    );
  });
});
