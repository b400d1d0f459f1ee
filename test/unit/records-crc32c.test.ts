import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crc32c, patchedCrc } from '../../src/kafka/records/crc32c.js';

describe('CRC-32C', () => {
  test.each([
    ['123456789', 0xe3069283],
    ['', 0],
    // RFC 3720, B.4
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
  ])('of a published vector', (bytes, expected) => {
    expect(crc32c(Buffer.from(bytes))).toBe(expected);
  });

  test('patched by the delta equals the message hashed anew', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(),
        (message, replacement, place) => {
          const at = place % message.length;
          const after = replacement.subarray(0, message.length - at);
          const changed = Buffer.from(message);
          changed.set(after, at);
          const before = message.subarray(at, at + after.length);
          const bytesAfter = message.length - at - after.length;
          expect(patchedCrc(crc32c(message), before, after, bytesAfter)).toBe(crc32c(changed));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('patched in front of many bytes', () => {
    for (const size of [1 << 16, (1 << 20) - 1, (1 << 23) + 12_345]) {
      const message = Buffer.alloc(size, 'the body of a large batch');
      const crc = crc32c(message);
      const before = Buffer.from(message.subarray(0, 36));
      message.writeBigInt64BE(-1n, 22);
      expect(patchedCrc(crc, before, message.subarray(0, 36), size - 36)).toBe(crc32c(message));
    }
  });

  test('a bit that flipped in what was not patched still shows', () => {
    const message = Buffer.from('header and body');
    const crc = crc32c(message);
    const damaged = Buffer.from(message);
    damaged[10]! ^= 1;
    const patched = patchedCrc(crc, Buffer.from('header'), Buffer.from('HEADER'), message.length - 6);
    damaged.write('HEADER');
    expect(patched).not.toBe(crc32c(damaged));
  });
});
