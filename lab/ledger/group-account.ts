import { Column } from './column.js';
import type { ConsumerEntry } from './entries.js';
import type { ProducerAccount } from './producer-account.js';
import { otherSide, type Side, sides } from './settings.js';

type Read = Extract<ConsumerEntry, { is: 'read' }>;

/** How one group's processing is to be judged. */
export interface Rules {
  /** A message that its producer wrote to both clusters may be processed once from each. */
  foldDoubles: boolean;
  /** `cluster`: order per key holds within each cluster, and may swap where the group goes from one to the other. */
  within: 'cluster' | 'overall';
}

const faults = ['duplicates', 'reordered', 'abortedSeen', 'unknown', 'altered', 'history'] as const;
type Fault = (typeof faults)[number];

/** One message that something is wrong with. */
export interface Example {
  producer: string;
  number: number;
  key: number;
  sequence: number;
  side?: Side;
}

const EXAMPLES = 5;

// One byte of a message: which sides it was processed from, and whether the group's commit of it is confirmed.
const seenFrom = { source: 1, target: 2 } as const;
const SEEN = 3;
const PENDING = 0;
const COMMITTED = 4;
const MAY_COME_AGAIN = 8;
const SEEN_STATE = 12;

interface Pending {
  batch: number;
  producer: ProducerAccount;
  numbers: number[];
}

/** What one group has processed, by producer and message number, in the order it was processed. */
export class GroupAccount {
  readonly counts = {
    processed: 0,
    duplicates: 0,
    duplicatesAllowed: 0,
    redelivered: 0,
    reordered: 0,
    reorderedAllowed: 0,
    abortedSeen: 0,
    uncertainSeen: 0,
    unknown: 0,
    altered: 0,
    foreign: 0,
    history: 0,
  };
  readonly processedFrom = { source: 0, target: 0 };
  readonly examples: Record<Fault, Example[]>;
  readonly topics: Record<Side, Set<string>> = { source: new Set(), target: new Set() };
  private readCommitted = true;
  private readonly seen = new Map<string, Column>();
  private readonly lastSequence = new Map<string, Record<Side, Column>>();
  private readonly pending = new Map<string, Pending[]>();

  constructor(
    private readonly producers: ReadonlyMap<string, ProducerAccount>,
    private readonly rules: Rules,
  ) {
    this.examples = Object.fromEntries(faults.map((fault) => [fault, []])) as unknown as Record<
      Fault,
      Example[]
    >;
  }

  /** @param journal tells the members of the group apart: each commits for itself. */
  enter(entry: ConsumerEntry, journal: string): void {
    switch (entry.is) {
      case 'consumer':
        this.readCommitted = entry.readCommitted;
        for (const side of sides) {
          for (const topic of entry.topics[side] ?? []) this.topics[side].add(topic);
          // The process before this one may have been killed with messages not committed.
          this.mayComeAgain(place(journal, side));
        }
        return;
      case 'read':
        return this.read(entry, journal);
      case 'foreign':
        this.counts.foreign += entry.count;
        return;
      case 'committed':
        return this.commit(place(journal, entry.side), entry.batch);
      case 'joined':
        return this.join(journal, entry.side);
      case 'left':
        return this.mayComeAgain(place(journal, entry.side));
    }
  }

  hasProcessed(producer: string, number: number): boolean {
    return ((this.seen.get(producer)?.get(number) ?? 0) & SEEN) !== 0;
  }

  /** Whether the messages of a producer go to a topic that the group reads. */
  reads({ topics }: ProducerAccount): boolean {
    return sides.some((side) => {
      const topic = topics[side];
      return topic !== undefined && this.topics[side].has(topic);
    });
  }

  private read({ producer: name, side, batch, numbers, keys, sequences }: Read, journal: string): void {
    this.processedFrom[side] += numbers.length;
    const producer = this.producers.get(name);
    const seen = this.column(name);
    numbers.forEach((number, index) => {
      const example = {
        producer: name,
        number,
        key: keys[index] ?? -1,
        sequence: sequences[index] ?? 0,
        side,
      };
      if (!producer || number > producer.count) return this.fault('unknown', example);
      const written = producer.message(number);
      if (written.key !== example.key || written.sequence !== example.sequence)
        this.fault('altered', example);
      this.judge(producer, seen, example, side);
    });
    if (!producer) return;
    const pending = this.pending.get(place(journal, side)) ?? [];
    pending.push({ batch, producer, numbers });
    this.pending.set(place(journal, side), pending);
  }

  private judge(producer: ProducerAccount, seen: Column, example: Example, side: Side): void {
    const { number } = example;
    const before = seen.get(number);
    const fate = producer.fate(number);
    seen.set(number, (before & SEEN) | seenFrom[side] | PENDING);
    if (fate === 'aborted') {
      // Who reads uncommitted asks for aborted messages too; they are judged no further.
      if (this.readCommitted) this.fault('abortedSeen', example);
      return;
    }
    const first = (before & SEEN) === 0;
    if (first) {
      this.counts.processed += 1;
      if (fate === 'uncertain') this.counts.uncertainSeen += 1;
    } else this.judgeAgain(producer, before, example, side);
    if (side === 'target' && !producer.wasSentTo(number, side)) this.fault('history', example);
    if ((before & seenFrom[side]) === 0) this.judgeOrder(producer, example, side, first);
  }

  private judgeAgain(producer: ProducerAccount, before: number, example: Example, side: Side): void {
    const firstFromHere = (before & seenFrom[side]) === 0;
    if (this.rules.foldDoubles && firstFromHere && producer.isDoubled(example.number))
      this.counts.duplicatesAllowed += 1;
    else if ((before & SEEN_STATE) === MAY_COME_AGAIN) this.counts.redelivered += 1;
    else this.fault('duplicates', example);
  }

  private judgeOrder(producer: ProducerAccount, example: Example, side: Side, first: boolean): void {
    const { key, sequence, number } = example;
    if (key < 0) return;
    const last = this.lastOf(producer.name);
    if (sequence < last[side].get(key)) return this.fault('reordered', example);
    last[side].set(key, sequence);
    if (!first || sequence >= last[otherSide(side)].get(key)) return;
    // The last source messages after the first target ones. The other way round only for what is on both clusters.
    const maySwap = this.rules.within === 'cluster' && (side === 'source' || producer.isDoubled(number));
    if (maySwap) this.counts.reorderedAllowed += 1;
    else this.fault('reordered', example);
  }

  private commit(at: string, batch: number): void {
    const pending = this.pending.get(at) ?? [];
    for (const each of pending) if (each.batch <= batch) this.mark(each, COMMITTED);
    this.pending.set(
      at,
      pending.filter((each) => each.batch > batch),
    );
  }

  // Whoever joins makes every member of the group start again at what is committed; the others may still commit first.
  private join(journal: string, side: Side): void {
    for (const [at, pending] of this.pending)
      if (at.startsWith(`${side} `)) for (const each of pending) this.mark(each, MAY_COME_AGAIN);
    this.pending.delete(place(journal, side));
  }

  private mayComeAgain(at: string): void {
    for (const each of this.pending.get(at) ?? []) this.mark(each, MAY_COME_AGAIN);
    this.pending.delete(at);
  }

  private mark({ producer, numbers }: Pending, state: number): void {
    const seen = this.column(producer.name);
    for (const number of numbers) seen.set(number, (seen.get(number) & SEEN) | state);
  }

  private fault(fault: Fault, example: Example): void {
    this.counts[fault] += 1;
    if (this.examples[fault].length < EXAMPLES) this.examples[fault].push(example);
  }

  private column(producer: string): Column {
    let column = this.seen.get(producer);
    if (!column) this.seen.set(producer, (column = new Column(8)));
    return column;
  }

  private lastOf(producer: string): Record<Side, Column> {
    let last = this.lastSequence.get(producer);
    if (!last) this.lastSequence.set(producer, (last = { source: new Column(32), target: new Column(32) }));
    return last;
  }
}

function place(journal: string, side: Side): string {
  return `${side} ${journal}`;
}
