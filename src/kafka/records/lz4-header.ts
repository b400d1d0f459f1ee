/** Magic number, flags and block descriptor, with content size and dictionary id where the flags say so. */
const flagsAt = 4;
const hasContentSize = 0x08;
const hasDictionary = 0x01;

/**
 * The same LZ4 frame with the header checksum that the specification asks for (lz4_Frame_format.md 1.6.2). What a producer
 * or broker wrote in formats before magic 2 may have it computed over the frame's magic number too (KAFKA-3160), which
 * Java clients take and nobody else does.
 */
export function withRightHeaderChecksum(frame: Buffer): Buffer {
  const flags = frame[flagsAt];
  if (flags === undefined) return frame;
  const checksumAt = flagsAt + 2 + (flags & hasContentSize ? 8 : 0) + (flags & hasDictionary ? 4 : 0);
  if (frame.length <= checksumAt) return frame;
  const right = (xxh32(frame.subarray(flagsAt, checksumAt)) >>> 8) & 0xff;
  if (frame[checksumAt] === right) return frame;
  const mended = Buffer.from(frame);
  mended[checksumAt] = right;
  return mended;
}

const [prime1, prime2, prime3, prime4, prime5] = [
  0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1,
] as const;
const rotated = (value: number, by: number) => (value << by) | (value >>> (32 - by));

/** xxHash of 32 bits with seed 0, of fewer than 16 bytes (xxhash_spec.md 0.1.1): a frame's header has no more. */
function xxh32(bytes: Buffer): number {
  let hash = (prime5 + bytes.length) | 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotated((hash + Math.imul(bytes.readUInt32LE(at), prime3)) | 0, 17), prime4);
  for (; at < bytes.length; at++)
    hash = Math.imul(rotated((hash + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1);
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
