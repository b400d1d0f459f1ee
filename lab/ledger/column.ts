/** Unsigned numbers by index, growing as needed: a ledger holds millions of messages in a few bytes each. */
export class Column {
  private cells: Uint8Array | Uint32Array;

  constructor(private readonly width: 8 | 32) {
    this.cells = this.make(1024);
  }

  /** 0 where nothing was set. */
  get(index: number): number {
    return this.cells[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.cells.length) {
      const grown = this.make(Math.max(index + 1, this.cells.length * 2));
      grown.set(this.cells);
      this.cells = grown;
    }
    this.cells[index] = value;
  }

  private make(length: number): Uint8Array | Uint32Array {
    return this.width === 8 ? new Uint8Array(length) : new Uint32Array(length);
  }
}
