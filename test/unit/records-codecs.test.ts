import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import snappy from 'snappy';
import { codecId, codecName, codecs, compress, decompress } from '../../src/kafka/records/codecs.js';
import { bytes, codec } from './records-generators.js';

const large = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) >>> 7));

describe('codecs', () => {
  test('what was compressed comes back', () => {
    fc.assert(
      fc.property(codec, bytes(2_000), (name, plain) => {
        expect(decompress(name, compress(name, plain))).toEqual(plain);
      }),
    );
  });

  test.each(codecs)('%s brings back more than one block', (name) => {
    expect(decompress(name, compress(name, large)).equals(large)).toBe(true);
  });

  test('numbers are those of the attributes', () => {
    expect(codecs.map(codecId)).toEqual([0, 1, 2, 3, 4]);
    expect(() => codecName(5)).toThrow(expect.objectContaining({ type: 'Unsupported' }));
  });

  test('snappy is framed as Xerial does, in blocks of 32 KiB', () => {
    const framed = compress('snappy', large);
    expect(framed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
    const first = framed.subarray(20, 20 + framed.readInt32BE(16));
    expect(large.subarray(0, 32 * 1024).equals(snappy.uncompressSync(first) as Buffer)).toBe(true);
  });

  test('snappy without framing is read too', () => {
    expect(decompress('snappy', snappy.compressSync(large)).equals(large)).toBe(true);
    expect(decompress('snappy', snappy.compressSync(Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  test('lz4 is a frame of version 1 with independent blocks', () => {
    const frame = compress('lz4', large);
    expect(frame.readUInt32LE(0)).toBe(0x184d2204);
    expect(frame[4]! >> 5).toBe(0b011);
  });

  test('gzip of several members is read whole', () => {
    const members = Buffer.concat([gzipSync('one '), gzipSync('two')]);
    expect(decompress('gzip', members).toString()).toBe('one two');
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    '%s cut off or foreign is an error in one sentence',
    (name) => {
      const whole = compress(name, large);
      for (const damaged of [whole.subarray(0, whole.length >> 1), Buffer.from('neither of them')])
        expect(() => decompress(name, damaged)).toThrow(
          expect.objectContaining({
            type: 'Unexpected',
            message: expect.stringContaining(`compressed with ${name}`),
          }),
        );
    },
  );
});
