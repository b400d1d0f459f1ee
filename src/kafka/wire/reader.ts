/**
 * Reads an answer field by field. Whatever a length or a count says is held against the bytes that are left, so that a
 * damaged answer ends in an error and neither in much memory nor in no end.
 *
 * @throws RangeError from every method, when the answer ends before the field does
 */
export class WireReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  private throttle = 0;

  /** For how long the broker reads nothing more from this connection, ms (KIP-219), once the answer is decoded. */
  get throttleMs(): number {
    return this.throttle;
  }

  /** `throttle_time_ms`, which every answer has but those that log in; modules differ in where it stands. */
  readThrottle(): number {
    return (this.throttle = this.readInt32());
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  readInt8(): number {
    return this.bytes.readInt8(this.pass(1));
  }
  readInt16(): number {
    return this.bytes.readInt16BE(this.pass(2));
  }
  readInt32(): number {
    return this.bytes.readInt32BE(this.pass(4));
  }
  readInt64(): bigint {
    return this.bytes.readBigInt64BE(this.pass(8));
  }
  readFloat64(): number {
    return this.bytes.readDoubleBE(this.pass(8));
  }
  readBoolean(): boolean {
    return this.readInt8() !== 0;
  }

  /** UNSIGNED_VARINT: 32 bits in five bytes at most. */
  readUnsignedVarInt(): number {
    let value = 0;
    for (let scale = 1; scale <= 0x80 ** 4; scale *= 0x80) {
      const byte = this.bytes.readUInt8(this.pass(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number takes more than five bytes');
  }

  /** UUID as Kafka's tools print it: 22 characters of URL-safe base64; `null` for the zero id. */
  readTopicId(): string | null {
    const id = this.take(16);
    return id.every((byte) => byte === 0) ? null : id.toString('base64url');
  }

  readNullableString(compact = true): string | null {
    const length = compact ? this.readUnsignedVarInt() - 1 : this.readInt16();
    return length === -1 ? null : this.take(length).toString();
  }

  /** `null` is read as an empty one. */
  readString(compact = true): string {
    return this.readNullableString(compact) ?? '';
  }

  /** A view; `null` is read as an empty one. */
  readBytes(compact = true): Buffer {
    const length = compact ? this.readUnsignedVarInt() - 1 : this.readInt32();
    return this.take(length === -1 ? 0 : length);
  }

  /**
   * `null` is read as an empty one.
   * @param tagged whether each element ends with tagged fields, which `read` leaves to this method
   */
  readArray<T>(read: () => T, compact = true, tagged = true): T[] {
    const count = compact ? this.readUnsignedVarInt() - 1 : this.readInt32();
    // Each element takes a byte at least.
    if (count < -1 || count > this.remaining) throw new RangeError('an array is longer than its answer');
    const elements: T[] = [];
    for (let left = count; left > 0; left--) {
      elements.push(read());
      if (tagged) this.readTaggedFields();
    }
    return elements;
  }

  /** A compact array of structs whose tagged fields `read` reads itself. */
  readUntaggedArray<T>(read: () => T): T[] {
    return this.readArray(read, true, false);
  }

  /** `[INT32]`, compact. */
  readInts(): number[] {
    return this.readArray(() => this.readInt32(), true, false);
  }

  /** `[COMPACT_STRING]`. */
  readStrings(): string[] {
    return this.readArray(() => this.readString(), true, false);
  }

  /** TAG_BUFFER (KIP-482): a count, then each field as tag, size and bytes. Passed over. */
  readTaggedFields(): void {
    this.readTagged((_, size) => this.skip(size));
  }

  /** As `readTaggedFields`, for a struct of which a field is needed: `field` reads exactly `size` bytes. */
  readTagged(field: (tag: number, size: number) => void): void {
    for (let left = this.readUnsignedVarInt(); left > 0; left--) {
      const tag = this.readUnsignedVarInt();
      const size = this.readUnsignedVarInt();
      const end = this.at + size;
      field(tag, size);
      if (this.at !== end) throw new RangeError('a tagged field is not of the size that it says');
    }
  }

  /** What is left, whatever it is. */
  readRest(): Buffer {
    return this.take(this.remaining);
  }

  skip(size: number): void {
    this.pass(size);
  }

  /** The next bytes, not copied. */
  private take(size: number): Buffer {
    const from = this.pass(size);
    return this.bytes.subarray(from, this.at);
  }

  /** Where the next `size` bytes begin. */
  private pass(size: number): number {
    const from = this.at;
    if (size < 0 || size > this.remaining) throw new RangeError('an answer ends before its fields do');
    this.at += size;
    return from;
  }
}
