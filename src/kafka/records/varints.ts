/**
 * The integers of variable length inside a record (KIP-98; `org.apache.kafka.common.utils.ByteUtils`): zigzag, then
 * base 128 with the low group first (Protocol Buffers' `sint32` and `sint64`). Both widths encode a value in the same bytes.
 */
export function varintSize(value: number): number {
  const bits = 32 - Math.clz32((value << 1) ^ (value >> 31));
  return Math.max(1, Math.ceil(bits / 7));
}

export function varlongSize(value: bigint): number {
  if (isInt32(value)) return varintSize(Number(value));
  let size = 1;
  for (let rest = zigzag64(value) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

function isInt32(value: bigint): boolean {
  return value === BigInt.asIntN(32, value);
}

function zigzag64(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

/** Reads forward through bytes and never beyond them. */
export class ByteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError('the bytes end inside a number');
    this.at++;
    return byte;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError('a 32-bit number takes more than five bytes');
  }

  varlong(): bigint {
    // Bigints are slow and nearly all timestamps lie near their batch's first: four bytes are read as a plain number.
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt((low >>> 1) ^ -(low & 1));
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError('a 64-bit number takes more than ten bytes');
  }

  /** The next bytes, not copied. */
  take(size: number): Buffer {
    if (size < 0 || size > this.remaining) throw new RangeError('a length points beyond the bytes');
    const taken = this.bytes.subarray(this.at, this.at + size);
    this.at += size;
    return taken;
  }

  skip(size: number): void {
    if (size < 0 || size > this.remaining) throw new RangeError('a length points beyond the bytes');
    this.at += size;
  }
}

/** Writes forward into bytes whose size was computed before. */
export class ByteWriter {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  varlong(value: bigint): void {
    if (isInt32(value)) return this.varint(Number(value));
    let rest = zigzag64(value);
    for (; rest > 0x7fn; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.byte(Number(rest));
  }

  put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }
}
