import { hash } from 'node:crypto';

export type SideName = 'source' | 'target';

/** What is kept of the latest record of a key on one side. */
export interface Latest {
  offset: number;
  tombstone: boolean;
}

/** Words of a slot: 128 bits of the key's hash, 64 of the source's record, 64 of the target's. */
const slotWords = 8;
const at = { key: 0, source: 4, target: 6 } as const;
const flags = { tombstone: { source: 1, target: 2 }, beyond: { source: 4, target: 8 } } as const;

const smallest = 1 << 12;
/** 1.4 million keys take about 100 MB. */
export const mostKeys = Math.floor((1 << 21) * 0.7);

/**
 * The latest record of each key on two sides, by hashes: an open-addressed table of numbers, because an object for each key
 * would take several times the memory.
 */
export class LatestTable {
  size = 0;
  private slots = smallest;
  private words = new Uint32Array(smallest * slotWords);
  /** −1: no such record. */
  private offsets = { source: offsets(smallest), target: offsets(smallest) };
  private marks = new Uint8Array(smallest);
  private taken = new Uint8Array(smallest);

  /** A later record takes the place of an earlier one. */
  put(side: SideName, key: string, record: string, { offset, tombstone }: Latest): void {
    if (this.size >= this.slots * 0.7) this.grow();
    const slot = this.slotOf(key, true);
    const base = slot * slotWords + at[side];
    this.words[base] = wordOf(record, 0);
    this.words[base + 1] = wordOf(record, 1);
    this.offsets[side][slot] = offset;
    const bit = flags.tombstone[side];
    this.marks[slot] = tombstone ? this.marks[slot]! | bit : this.marks[slot]! & ~bit;
  }

  /** Notes that a key was written again beyond what is compared; keys that are not here are passed over. */
  markBeyond(side: SideName, key: string): void {
    const slot = this.slotOf(key, false);
    if (slot >= 0) this.marks[slot]! |= flags.beyond[side];
  }

  *entries(): Generator<{
    source: Latest | null;
    target: Latest | null;
    same: boolean;
    beyond: { source: boolean; target: boolean };
  }> {
    for (let slot = 0; slot < this.slots; slot++) {
      if (!this.taken[slot]) continue;
      const base = slot * slotWords;
      const marks = this.marks[slot]!;
      yield {
        source: this.latest('source', slot),
        target: this.latest('target', slot),
        same:
          this.words[base + at.source] === this.words[base + at.target] &&
          this.words[base + at.source + 1] === this.words[base + at.target + 1],
        beyond: { source: (marks & flags.beyond.source) > 0, target: (marks & flags.beyond.target) > 0 },
      };
    }
  }

  /** Keeps only the keys of a shard. */
  keep(shard: Shard): void {
    this.rebuild(this.slots, (firstWord) => isOf(shard, firstWord));
  }

  private latest(side: SideName, slot: number): Latest | null {
    const offset = this.offsets[side][slot]!;
    if (offset < 0) return null;
    return { offset, tombstone: (this.marks[slot]! & flags.tombstone[side]) > 0 };
  }

  private grow(): void {
    this.rebuild(this.slots * 2, () => true);
  }

  private rebuild(slots: number, keeps: (firstWord: number) => boolean): void {
    const { words, marks, taken, slots: before } = this;
    const old = this.offsets;
    this.slots = slots;
    this.size = 0;
    this.words = new Uint32Array(slots * slotWords);
    this.offsets = { source: offsets(slots), target: offsets(slots) };
    this.marks = new Uint8Array(slots);
    this.taken = new Uint8Array(slots);
    for (let slot = 0; slot < before; slot++) {
      const base = slot * slotWords;
      if (!taken[slot] || !keeps(words[base]!)) continue;
      let to = words[base]! & (slots - 1);
      while (this.taken[to]) to = (to + 1) & (slots - 1);
      this.taken[to] = 1;
      this.size++;
      this.words.set(words.subarray(base, base + slotWords), to * slotWords);
      this.offsets.source[to] = old.source[slot]!;
      this.offsets.target[to] = old.target[slot]!;
      this.marks[to] = marks[slot]!;
    }
  }

  /** The slot of the key; a new one when it has none and is to be added, else −1. */
  private slotOf(key: string, add: boolean): number {
    const first = wordOf(key, 0);
    for (let slot = first & (this.slots - 1); ; slot = (slot + 1) & (this.slots - 1)) {
      const base = slot * slotWords;
      if (!this.taken[slot]) {
        if (!add) return -1;
        this.taken[slot] = 1;
        this.size++;
        for (let word = 0; word < 4; word++) this.words[base + word] = wordOf(key, word);
        return slot;
      }
      if (
        this.words[base] === first &&
        this.words[base + 1] === wordOf(key, 1) &&
        this.words[base + 2] === wordOf(key, 2) &&
        this.words[base + 3] === wordOf(key, 3)
      )
        return slot;
    }
  }
}

/** The keys whose hash ends in these bits: what one pass over both logs looks at. */
export interface Shard {
  bits: number;
  value: number;
}

export function isOf({ bits, value }: Shard, firstWord: number): boolean {
  // The upper bits: the lower ones say where in the table a key lies.
  return bits === 0 || firstWord >>> (32 - bits) === value;
}

export function halves({ bits, value }: Shard): [Shard, Shard] {
  return [
    { bits: bits + 1, value: value * 2 },
    { bits: bits + 1, value: value * 2 + 1 },
  ];
}

/** SHA-1 as text of one character a byte, which is the quickest way to get it. */
export function digest(bytes: Buffer): string {
  return hash('sha1', bytes, 'binary');
}

export function wordOf(text: string, word: number): number {
  const from = word * 4;
  return (
    ((text.charCodeAt(from) << 24) |
      (text.charCodeAt(from + 1) << 16) |
      (text.charCodeAt(from + 2) << 8) |
      text.charCodeAt(from + 3)) >>>
    0
  );
}

function offsets(slots: number): Float64Array {
  return new Float64Array(slots).fill(-1);
}
