import { describe, expect, it } from '@jest/globals';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { withRightHeaderChecksum } from '../../src/kafka/records/lz4-header.js';

describe('the header checksum of an LZ4 frame', () => {
  const plain = Buffer.from('what an old broker has compressed '.repeat(50));
  const frame = compressFrameSync(plain);
  const has = (bit: number): boolean => (frame[4]! & bit) !== 0;
  const checksumAt = 6 + (has(0x08) ? 8 : 0) + (has(0x01) ? 4 : 0);

  it('is left alone where it is right', () => {
    expect(withRightHeaderChecksum(frame)).toBe(frame);
  });

  it.each([1, 17, 128, 255])('that is another (by %d) is the one that readers ask for again', (by) => {
    const wrong = Buffer.from(frame);
    wrong[checksumAt] = (wrong[checksumAt]! + by) & 0xff;
    expect(() => decompressFrameSync(wrong)).toThrow();
    expect(withRightHeaderChecksum(wrong)).toEqual(frame);
    expect(decompressFrameSync(withRightHeaderChecksum(wrong))).toEqual(plain);
  });

  it('of what is no frame at all is nobody’s affair', () => {
    for (const length of [0, 4, 5, 6])
      expect(withRightHeaderChecksum(frame.subarray(0, length))).toHaveLength(length);
  });
});
