import { Column } from './column.js';
import type { Outcome, ProducerEntry } from './entries.js';
import { readJournal } from './journal.js';
import type { Message } from './message.js';
import { type Side, sides } from './settings.js';

/** `uncertain` counts for nothing: it may be in the log, and it may not. */
export type Fate = Outcome;

// Two bits for each side of a message.
const ABSENT = 0;
const SENT = 1;
const codes = { uncertain: SENT, committed: 2, aborted: 3 } as const;
const shift = { source: 0, target: 2 } as const;

interface Batch {
  from: number;
  to: number;
  /** Milliseconds since 1970 of its last outcome; of its sending while there is none. */
  at: number;
}

/** What one producer has written, by message number. */
export class ProducerAccount {
  topics: Partial<Record<Side, string>> = {};
  /** Messages are numbered from 1 to this. */
  count = 0;
  private readonly keys = new Column(32);
  private readonly sequences = new Column(32);
  private readonly states = new Column(8);
  private readonly batches = new Map<number, Batch>();

  constructor(readonly name: string) {}

  /** @param path the journal of one producer. */
  static async read(path: string): Promise<ProducerAccount | undefined> {
    let account: ProducerAccount | undefined;
    for await (const entry of readJournal<ProducerEntry>(path)) {
      if (entry.is === 'producer') {
        account ??= new ProducerAccount(entry.name);
        Object.assign(account.topics, entry.topics);
      } else account?.enter(entry);
    }
    return account;
  }

  enter(entry: Exclude<ProducerEntry, { is: 'producer' }>): void {
    if (entry.is === 'outcome') {
      const batch = this.batches.get(entry.batch);
      if (!batch) return;
      batch.at = entry.at;
      for (let number = batch.from; number <= batch.to; number++)
        this.mark(number, entry.side, codes[entry.outcome]);
      return;
    }
    const { batch, from, keys, sequences, to, at } = entry;
    keys.forEach((key, index) => {
      const number = from + index;
      this.keys.set(number, key);
      this.sequences.set(number, sequences[index] ?? 0);
      for (const side of to) this.mark(number, side, SENT);
    });
    this.count = Math.max(this.count, from + keys.length - 1);
    this.batches.set(batch, { from, to: from + keys.length - 1, at });
  }

  /** The same everywhere it was to go, or uncertain. */
  fate(number: number): Fate {
    const found = sides.map((side) => this.state(number, side)).filter((state) => state !== ABSENT);
    if (found.every((state) => state === codes.committed)) return 'committed';
    return found.every((state) => state === codes.aborted) ? 'aborted' : 'uncertain';
  }

  wasSentTo(number: number, side: Side): boolean {
    return this.state(number, side) !== ABSENT;
  }

  /** Written to both clusters on purpose. */
  isDoubled(number: number): boolean {
    return sides.every((side) => this.wasSentTo(number, side));
  }

  message(number: number): Message {
    return { producer: this.name, number, key: this.keys.get(number), sequence: this.sequences.get(number) };
  }

  writtenAt(number: number): number {
    for (const { from, to, at } of this.batches.values()) if (number >= from && number <= to) return at;
    return 0;
  }

  private state(number: number, side: Side): number {
    return (this.states.get(number) >> shift[side]) & 3;
  }

  private mark(number: number, side: Side, state: number): void {
    this.states.set(number, (this.states.get(number) & ~(3 << shift[side])) | (state << shift[side]));
  }
}
