import { createHash } from 'node:crypto';
import type { Block } from './block.js';

/** Records are hashed in pieces of at least so many bytes: what an attempt may have to read again. */
const pieceBytes = 1 << 20;

const timestampBytes = 8;

/**
 * An order-sensitive hash over records in their canonical form (see `Block`), whatever batches they came in:
 *
 *     hash(0)     = 32 zero bytes
 *     hash(n + 1) = SHA-256(hash(n), records of piece n)
 *
 * A piece ends with the record that brings it to 1 MiB, so pieces depend on the records alone, and between two of them 32
 * bytes are the whole state: that is where a comparison can be resumed.
 */
export class HashChain {
  private piece = Buffer.allocUnsafe(64 * 1024);
  private filled = 0;

  /** @param state hex, as `state` gave it at the end of a piece. */
  constructor(private hash: string = '00'.repeat(32)) {}

  /** @returns whether a piece has ended with this record. */
  add({ timestampHigh, timestampLow, bytes, bodyStart, bodyEnd, size }: Block): boolean {
    this.reserve(timestampBytes + size);
    const { piece, filled } = this;
    piece.writeInt32BE(timestampHigh, filled);
    piece.writeUInt32BE(timestampLow, filled + 4);
    bytes.copy(piece, filled + timestampBytes, bodyStart, bodyEnd);
    return this.grewBy(timestampBytes + size);
  }

  /** The same, for a record in its canonical form. */
  addCanonical(record: Buffer): boolean {
    this.reserve(record.length);
    record.copy(this.piece, this.filled);
    return this.grewBy(record.length);
  }

  /** Of all records so far, hex. */
  get state(): string {
    return this.filled === 0 ? this.hash : this.next();
  }

  private grewBy(size: number): boolean {
    this.filled += size;
    if (this.filled < pieceBytes) return false;
    this.hash = this.next();
    this.filled = 0;
    return true;
  }

  private next(): string {
    return createHash('sha256')
      .update(Buffer.from(this.hash, 'hex'))
      .update(this.piece.subarray(0, this.filled))
      .digest('hex');
  }

  private reserve(size: number): void {
    const needed = this.filled + size;
    if (needed <= this.piece.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.piece.length * 2));
    this.piece.copy(larger, 0, 0, this.filled);
    this.piece = larger;
  }
}
