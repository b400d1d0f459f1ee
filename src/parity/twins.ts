import { randomUUID } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Cluster } from '../kafka/cluster.js';
import { ByteReader } from '../kafka/records/varints.js';
import type { Block } from './block.js';
import { digest, wordOf } from './latest-table.js';
import type { Lonely } from './lonely.js';
import { Trimmed, type PartitionReader, type Range } from './partition-reader.js';
import { ReadAhead } from './read-ahead.js';
import { Side } from './side.js';
import { carryOf, readCarry, type TwinsCarry } from './twins-carried.js';

export interface TwinsOptions {
  source: Cluster;
  target: Cluster;
  /**
   * What is to have twins, and where they may be; topics by their names on each side. What lies below `asksFrom` takes its
   * twins, so that they count for no other, and is not told if it has none.
   */
  ranges: { source: readonly (Range & { asksFrom?: bigint })[]; target: readonly Range[] };
  /** The name on the source of each target topic. */
  sourceNames: ReadonlyMap<string, string>;
  /** Keys and values may begin with the id of a schema, which differs between registries. */
  withoutIds?: boolean;
  patienceMs: number;
  signal?: AbortSignal | undefined;
  /** What `TwinSearch.carry` gave for the same ranges, of this process or of one before. */
  carry?: unknown;
  /** Once it has aborted, no further pass is begun: each ends what it has in memory, and another search goes on with `carry`. */
  pause?: AbortSignal | undefined;
  /** Records in memory at once; more are looked at in several passes. */
  perPass?: number | undefined;
}

export interface Twins {
  /** By source partition, in the order of the ranges: how many records were looked for. */
  looked: number[];
  alone: Lonely[];
  /** Producers that wrote what was looked for; not known of passes that another search has made, since `carry` is too small. */
  producers: Set<bigint> | undefined;
}

const mostInMemory = 1_000_000;
const partitionsAtOnce = 16;
const producersNamed = 3;
const breatheMs = 10;

interface Occurrence {
  range: number;
  offset: bigint;
  timestamp: bigint;
  producer: bigint;
}

/**
 * Looks for a twin on the target of each record of the source: one with the same key and value in the topic that is its
 * counterpart, in any partition and order, as often as the source has it. Which of several same ones is alone cannot be
 * told; the latest are named.
 *
 * By 53 bits of a hash: among a million records, one that is alone is overlooked once in ten billion times.
 */
export class TwinSearch {
  private readonly reads: { source: ReadAhead; target: ReadAhead };
  private readonly giveUp = new AbortController();
  private readonly topics: string[];
  private breathed = Date.now();
  private readonly passes: number;
  /** Passes that are over. */
  private passed = 0;
  private looked: number[];
  /** By source range. */
  private readonly alone: Map<number, Lonely>;
  private readonly producers: Set<bigint> | undefined;
  /** Records read so far on both sides, over all passes of this process. */
  read = 0;

  constructor(private readonly options: TwinsOptions) {
    const { source, target, ranges, patienceMs, perPass = mostInMemory } = options;
    const signal = options.signal
      ? AbortSignal.any([options.signal, this.giveUp.signal])
      : this.giveUp.signal;
    const lane = `twins ${randomUUID()}`;
    this.reads = {
      source: new ReadAhead(source, { patienceMs, lane, signal }),
      target: new ReadAhead(target, { patienceMs, lane, signal }),
    };
    this.topics = [...new Set(ranges.source.map(({ topic }) => topic))];
    const offsets = ranges.source.reduce((sum, { start, end }) => sum + (end > start ? end - start : 0n), 0n);
    const before = readCarry(options.carry, ranges.source);
    this.passes = before?.passes ?? Math.max(1, Math.ceil(Number(offsets) / perPass));
    this.passed = before?.passed ?? 0;
    this.producers = this.passed === 0 ? new Set() : undefined;
    this.looked = before?.looked ?? ranges.source.map(() => 0);
    this.alone = before?.alone ?? new Map<number, Lonely>();
  }

  /** What the passes that are over have found. */
  get carry(): TwinsCarry {
    const { passes, passed, looked, alone } = this;
    return carryOf({ passes, passed, looked, alone });
  }

  /** The pass that is under way, from 1 on, and how many there are. */
  get progress(): { pass: number; passes: number } {
    return { pass: Math.min(this.passed + 1, this.passes), passes: this.passes };
  }

  get failing(): string | undefined {
    return this.reads.source.failing ?? this.reads.target.failing;
  }

  /** @throws FerryError, or the reason of the signal or of the pause */
  async run(): Promise<Twins> {
    try {
      return await this.search();
    } finally {
      this.giveUp.abort(new Error('the search is over'));
      await Promise.all([this.reads.source.end(), this.reads.target.end()]);
    }
  }

  private async search(): Promise<Twins> {
    while (this.passed < this.passes) {
      const { looked, alone } = await this.pass(this.passed);
      this.looked = this.looked.map((sum, range) => sum + looked[range]!);
      for (const one of alone) this.add(one);
      this.passed++;
      if (this.passed < this.passes) this.options.pause?.throwIfAborted();
    }
    const { looked, producers } = this;
    return {
      ...{ looked, producers },
      alone: [...this.alone].sort(([a], [b]) => a - b).map(([, one]) => one),
    };
  }

  /** How many of the records whose hash belongs to this pass were looked for, and those without a twin. */
  private async pass(pass: number): Promise<{ looked: number[]; alone: Occurrence[] }> {
    const { ranges, sourceNames } = this.options;
    const looked = ranges.source.map(() => 0);
    const left = new Map<number, number>();
    const mine = (hash: number) => hash % this.passes === pass;
    await this.each('source', ranges.source, (block, range) => {
      const hash = this.hashOf(block, ranges.source[range]!.topic);
      if (!mine(hash)) return;
      left.set(hash, (left.get(hash) ?? 0) + 1);
      if (block.offset < (ranges.source[range]!.asksFrom ?? 0n)) return;
      looked[range]!++;
      this.producers?.add(block.batch.producerId);
    });
    if (left.size === 0) return { looked, alone: [] };
    await this.each('target', ranges.target, (block, range) => {
      const { topic } = ranges.target[range]!;
      const hash = this.hashOf(block, sourceNames.get(topic) ?? topic);
      const more = left.get(hash);
      if (more === undefined) return;
      if (more > 1) left.set(hash, more - 1);
      else left.delete(hash);
    });
    if (left.size === 0) return { looked, alone: [] };
    const places = new Map<number, Occurrence[]>();
    await this.each('source', ranges.source, (block, range) => {
      const hash = this.hashOf(block, ranges.source[range]!.topic);
      if (!left.has(hash)) return;
      const { offset, timestamp, batch } = block;
      const of = places.get(hash) ?? [];
      of.push({ range, offset, timestamp, producer: batch.producerId });
      places.set(hash, of);
    });
    const alone = [...places].flatMap(([hash, of]) =>
      of
        .sort((a, b) => Number(a.timestamp - b.timestamp))
        .slice(-(left.get(hash) ?? 0))
        .filter(({ range, offset }) => offset >= (ranges.source[range]!.asksFrom ?? 0n)),
    );
    return { looked, alone };
  }

  private add({ range, offset, producer }: Occurrence): void {
    const { topic, partition } = this.options.ranges.source[range]!;
    const one = this.alone.get(range);
    if (!one) {
      this.alone.set(range, {
        ...{ topic, partition, from: offset, to: offset + 1n, records: 1 },
        producers: [producer],
      });
      return;
    }
    one.records++;
    if (offset < one.from) one.from = offset;
    if (offset >= one.to) one.to = offset + 1n;
    if (!one.producers.includes(producer) && one.producers.length < producersNamed)
      one.producers.push(producer);
  }

  private async each(
    name: 'source' | 'target',
    ranges: readonly Range[],
    see: (block: Block, range: number) => void,
  ): Promise<void> {
    const waiting = ranges.entries();
    const lane = async () => {
      for (const [index, range] of waiting) {
        if (range.start >= range.end) continue;
        this.giveUp.signal.throwIfAborted();
        const reader = this.reads[name].open(range);
        try {
          await this.walk(reader, (block) => see(block, index));
        } finally {
          this.reads[name].close(reader);
        }
      }
    };
    const lanes = Array.from({ length: Math.min(partitionsAtOnce, ranges.length) }, lane);
    for (const one of lanes) one.catch((error: unknown) => this.giveUp.abort(error));
    await Promise.allSettled(lanes);
    this.options.signal?.throwIfAborted();
    this.giveUp.signal.throwIfAborted();
  }

  private async walk(reader: PartitionReader, see: (block: Block) => void): Promise<void> {
    const side = new Side(reader);
    for (;;)
      try {
        while (await side.fill()) {
          side.open();
          while (side.block) {
            see(side.block);
            this.read++;
            side.step();
          }
          await this.letOthersRun();
        }
        return;
      } catch (error) {
        // What retention takes meanwhile is looked for no more on the source, and is no twin on the target.
        if (!(error instanceof Trimmed)) throw error;
        side.seek(error.logStart);
      }
  }

  private hashOf({ bytes, bodyStart, bodyEnd }: Block, topic: string): number {
    const body = bytes.subarray(bodyStart, bodyEnd);
    const reader = new ByteReader(body);
    const key = reader.varint();
    const keyStart = body.length - reader.remaining;
    if (key > 0) reader.skip(key);
    const value = reader.varint();
    const valueStart = body.length - reader.remaining;
    if (value > 0) reader.skip(value);
    const content = Buffer.allocUnsafe(4 + body.length - reader.remaining);
    content.writeUInt32BE(this.topics.indexOf(topic) >>> 0, 0);
    body.copy(content, 4, 0, body.length - reader.remaining);
    if (this.options.withoutIds) {
      leaveOutId(content, 4 + keyStart, key);
      leaveOutId(content, 4 + valueStart, value);
    }
    const hash = digest(content);
    return wordOf(hash, 0) * 2 ** 21 + (wordOf(hash, 1) >>> 11);
  }

  private async letOthersRun(): Promise<void> {
    if (Date.now() - this.breathed < breatheMs) return;
    await breathe();
    this.breathed = Date.now();
  }
}

const idBytes = 4;

/** Confluent's framing: a byte 0 and the id of the schema, 4 bytes. */
function leaveOutId(content: Buffer, start: number, size: number): void {
  if (size > idBytes && content[start] === 0) content.fill(0, start + 1, start + 1 + idBytes);
}
