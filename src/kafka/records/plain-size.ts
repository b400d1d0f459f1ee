/**
 * How many bytes compressed ones become at most, read off their frames before anything is allocated: these decompressors
 * take no limit, and a megabyte may say that it is a thousand of them.
 *
 * @throws RangeError where the bytes are no such frame
 */

/** A copy of three bytes gives 64 (format_description.txt of snappy, "copy with 2-byte offset"). */
const snappyRatio = 22;

/** Raw snappy begins with the size that it becomes, base 128 with the low group first. The size is believed only as far as the bytes can reach. */
export function snappySize(bytes: Buffer): number {
  let size = 0;
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 0x80 ** at;
    if (byte >= 0x80) continue;
    if (size > bytes.length * snappyRatio) throw new RangeError('snappy claims more than its bytes can hold');
    return size;
  }
  throw new RangeError('snappy without its size');
}

/** A byte of a match's length gives 255 at most. */
export const lz4Ratio = 255;
const lz4Magic = 0x184d2204;

/**
 * What one LZ4 frame becomes (lz4_Frame_format.md 1.6.2, lz4_Block_format.md), by the lengths of all its sequences: blocks
 * say how much they take, and only that.
 */
export function lz4Size(bytes: Buffer): number {
  if (bytes.readUInt32LE(0) !== lz4Magic) throw new RangeError('not an LZ4 frame');
  const flags = bytes.readUInt8(4);
  const blockChecksum = flags & 0x10 ? 4 : 0;
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  let size = 0;
  for (;;) {
    const field = bytes.readUInt32LE(at);
    if (field === 0) return size;
    const length = field & 0x7fffffff;
    at += 4;
    if (at + length > bytes.length) throw new RangeError('an LZ4 block is cut off');
    size += field & 0x80000000 ? length : lz4BlockSize(bytes, at, at + length);
    at += length + blockChecksum;
  }
}

function lz4BlockSize(bytes: Buffer, from: number, end: number): number {
  let at = from;
  let size = 0;
  const more = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let byte = 255; byte === 255 && at < end;) length += byte = bytes[at++]!;
    return length;
  };
  while (at < end) {
    const token = bytes[at++]!;
    const literals = more(token >> 4);
    size += literals;
    at += literals;
    if (at >= end) break;
    at += 2;
    size += 4 + more(token & 0x0f);
  }
  return size;
}

const zstdMagic = 0xfd2fb528;
const zstdLargestBlock = 128 * 1024;

/**
 * What zstd frames become at most (RFC 8878, 3.1): a compressed block counts as the largest that its frame may have, which
 * all but the last are, unless somebody flushes in between. The size in a frame's header is not believed.
 */
export function zstdSize(bytes: Buffer): number {
  let size = 0;
  let at = 0;
  while (at < bytes.length) {
    const magic = bytes.readUInt32LE(at);
    at += 4;
    if (magic >>> 4 === 0x184d2a5) {
      at += 4 + bytes.readUInt32LE(at);
      continue;
    }
    if (magic !== zstdMagic) throw new RangeError('not a zstd frame');
    const descriptor = bytes.readUInt8(at++);
    const single = (descriptor & 0x20) !== 0;
    let window = Infinity;
    if (!single) {
      const byte = bytes.readUInt8(at++);
      const base = 2 ** (10 + (byte >> 3));
      window = base + (base / 8) * (byte & 7);
    }
    at += [0, 1, 2, 4][descriptor & 0x03]! + [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const largest = Math.min(window, zstdLargestBlock);
    for (let last = false; !last;) {
      const header = bytes.readUIntLE(at, 3);
      last = (header & 1) !== 0;
      const type = (header >> 1) & 3;
      const length = header >> 3;
      if (type === 3) throw new RangeError('a zstd block of no known type');
      size += type === 2 ? largest : Math.min(length, largest);
      at += 3 + (type === 1 ? 1 : length);
    }
    if (descriptor & 0x04) at += 4;
  }
  return size;
}
