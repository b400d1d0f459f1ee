import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { shape } from '../../src/mirror/shaping.js';
import { SourceQueue } from '../../src/mirror/source-queue.js';

const place = 'orders/3 on cluster "main"';

function shaped(batches: Buffer): number {
  const queue = new SourceQueue(0, -1);
  queue.feed({
    batches,
    aborted: [],
    place,
    watermarks: { logStart: 0n, highWatermark: 9n, lastStable: 9n },
  });
  let count = 0;
  while (!queue.empty) for (const one of shape(queue, 0, 1_000_000)) count += one.count;
  return count;
}

const batch = (baseOffset: bigint): Buffer =>
  encodeBatch([{ timestamp: 1n, key: null, value: Buffer.from('value'), headers: [] }], { baseOffset });

/** Of Kafka 0.9: offset, size, CRC, format, attributes, key, value. */
function message(offset: bigint): Buffer {
  const value = Buffer.from('value');
  const bytes = Buffer.alloc(26 + value.length);
  bytes.writeBigInt64BE(offset, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(-1, 18);
  bytes.writeInt32BE(value.length, 22);
  value.copy(bytes, 26);
  bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
  return bytes;
}

describe('a batch that the mirror writes anew, with a checksum of its own', () => {
  it.each([
    ['joined with its neighbours', batch],
    ['of a format before Kafka 0.11', message],
  ])('is the one that was written: %s', (_how, make) => {
    const whole = Buffer.concat([make(0n), make(1n), make(2n)]);
    expect(shaped(whole)).toBe(3);
    const size = whole.length / 3;
    for (const at of [0, 1, 2]) {
      const damaged = Buffer.from(whole);
      // Within the value: nothing but the checksum knows.
      damaged[at * size + size - 3]! ^= 1;
      expect(() => shaped(damaged)).toThrow(
        `The batch at offset ${at} of ${place} is damaged (its CRC does not fit its bytes)`,
      );
    }
  });
});
