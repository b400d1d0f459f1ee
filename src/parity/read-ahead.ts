import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster, type Row, type FetchedBatches } from '../kafka/cluster.js';
import { isHeldBack, Silence } from '../kafka/silence.js';
import { SilentTurns } from '../kafka/silent-turns.js';
import { hold, keepable, letGo } from '../kafka/wire/slabs.js';
import { FerryError, isFerryError } from '../migration/errors.js';
import type { ComparisonOptions } from './options.js';
import { PartitionReader, type Range } from './partition-reader.js';

/** Asked for at once of each partition; a partition with half as much at hand is asked for more. */
const bytesPerFetch = 1 << 20;
const partitionsPerFetch = 8;
const maxWaitMs = 100;
const againMs = 500;

/**
 * Reads many partitions of one cluster ahead of who compares them: while records of one answer are looked at, the next is
 * on its way. At most 2 MiB (or one batch) of each open partition are at hand. Each broker that leads some of them is read
 * from by itself, and what one partition lacks holds back no other.
 */
export class ReadAhead {
  private readonly readers = new Set<PartitionReader>();
  /** Who leads what is read; a reader that nobody leads as far as is known is in none. */
  private readonly leaders = new Map<PartitionReader, number>();
  private readonly reading = new Set<number>();
  private placing = false;
  /** What was refused a moment ago, and why; asked for again after a pause. */
  private readonly failures = new Map<PartitionReader, { since: number; sentence: string }>();
  private readonly pausing = new Set<PartitionReader>();
  /** By broker: of what was given nothing although its log goes on; asked alone, in turns with all others there. */
  private readonly silent = new Map<number, SilentTurns<PartitionReader>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly options: {
      /** How long a cluster may not answer until that is an error, ms. */
      patienceMs: number;
      /** Names the connections that are its own: others' long polls do not hold it up. */
      lane: string;
      signal?: AbortSignal | undefined;
      asCopied?: ComparisonOptions['asCopied'];
    },
  ) {
    options.signal?.addEventListener('abort', () => this.failAll(options.signal?.reason));
  }

  /** What is wrong now, while it is tried again. */
  get failing(): string | undefined {
    for (const { sentence } of this.failures.values()) return sentence;
    for (const { says } of this.silent.values()) if (says) return says;
    return undefined;
  }

  /** Ends its connections. */
  async end(): Promise<void> {
    await this.cluster.closeMirror(this.options.lane);
  }

  open(range: Range): PartitionReader {
    const { asCopied } = this.options;
    const reader: PartitionReader = new PartitionReader(
      range,
      () => this.wake(reader),
      asCopied?.(range.topic),
    );
    this.readers.add(reader);
    return reader;
  }

  close(reader: PartitionReader): void {
    this.readers.delete(reader);
    this.leave(reader);
    this.failures.delete(reader);
  }

  private wake(reader: PartitionReader): void {
    if (!this.wanted(reader)) return;
    const broker = this.leaders.get(reader);
    if (broker === undefined) {
      if (!this.placing) void this.place();
    } else if (!this.reading.has(broker)) void this.read(broker);
  }

  private wanted(reader: PartitionReader): boolean {
    return (
      this.readers.has(reader) &&
      reader.atHand * 2 < bytesPerFetch &&
      reader.wants &&
      !this.pausing.has(reader)
    );
  }

  /** Looks up who leads what is wanted, until that is known of all that are not pausing. */
  private async place(): Promise<void> {
    this.placing = true;
    try {
      for (;;) {
        const homeless = [...this.readers].filter(
          (reader) => this.wanted(reader) && !this.leaders.has(reader),
        );
        if (homeless.length === 0) return;
        const rows = await this.cluster
          .leaders(homeless.map(({ range }) => range))
          .catch((error: unknown) => {
            if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
            return error;
          });
        for (const reader of homeless.filter((reader) => this.readers.has(reader))) {
          if (rows instanceof Error) {
            this.later(reader, rows);
            continue;
          }
          const row = rows.get(partitionKey(reader.range));
          if (row?.value !== undefined) this.leaders.set(reader, row.value);
          else if (row?.error.type === 'Unreachable') this.later(reader, row.error);
          else reader.fail(row?.error ?? new Error(`no row for ${partitionKey(reader.range)}`));
          this.wake(reader);
        }
      }
    } catch (error) {
      this.failAll(error);
    } finally {
      this.placing = false;
    }
  }

  /** Fetches from one broker until nothing that it leads is wanted. */
  private async read(broker: number): Promise<void> {
    this.reading.add(broker);
    const silent = this.silentOf(broker);
    const { signal } = this.options;
    try {
      for (;;) {
        const wanting = [...this.readers].filter(
          (reader) => this.wanted(reader) && this.leaders.get(reader) === broker,
        );
        if (wanting.length === 0) return;
        // What one round leaves out, the next begins with.
        const lonely = silent.next(wanting);
        const asked = lonely
          ? [lonely]
          : wanting.filter((reader) => !silent.has(reader)).slice(0, partitionsPerFetch);
        if (asked.length === 0) {
          await sleep(silent.pauseMs(againMs), undefined, { signal }).catch(() => undefined);
          continue;
        }
        for (const reader of asked) {
          this.readers.delete(reader);
          this.readers.add(reader);
        }
        await this.fetch(asked, broker, lonely && silent.waitMs(lonely));
      }
    } catch (error) {
      this.failAll(error);
    } finally {
      this.reading.delete(broker);
    }
  }

  private silentOf(broker: number): SilentTurns<PartitionReader> {
    const { cluster, options, silent } = this;
    const there = silent.get(broker);
    if (there) return there;
    const turns = new SilentTurns<PartitionReader>(
      ({ range }) => new Silence(cluster.name, range, options.patienceMs),
    );
    silent.set(broker, turns);
    return turns;
  }

  /** It is not asked of its broker any more. */
  private leave(reader: PartitionReader): void {
    const broker = this.leaders.get(reader);
    this.leaders.delete(reader);
    if (broker !== undefined) this.silent.get(broker)?.answered(reader);
  }

  private async fetch(asked: readonly PartitionReader[], broker: number, waitMs = maxWaitMs): Promise<void> {
    const silent = this.silentOf(broker);
    const before = asked.map(({ position }) => position);
    const rows = await this.cluster.fetch(
      asked.map(({ range: { topic, partition, end }, position }) => ({
        topic,
        partition,
        offset: position,
        until: end,
      })),
      {
        isolation: 'committed',
        maxBytes: bytesPerFetch * asked.length,
        maxBytesPerPartition: bytesPerFetch,
        maxWaitMs: waitMs,
        mirror: this.options.lane,
        from: broker,
        ...(this.options.signal && { signal: this.options.signal }),
      },
    );
    // All of an answer is in the same memory: it stays until every reader has taken its part.
    const held = [...rows.values()].flatMap(({ value }) => (value ? [value.batches] : []));
    held.forEach(hold);
    try {
      for (const [index, reader] of asked.entries()) {
        // Somebody has moved it elsewhere meanwhile: this is not what it wants any more.
        if (reader.position !== before[index]) continue;
        const row = rows.get(partitionKey(reader.range));
        if (!row) continue;
        try {
          await this.take(reader, row, silent, asked.length === 1);
          if (!row.error) this.failures.delete(reader);
        } catch (error) {
          if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
          this.later(reader, error);
        }
      }
    } finally {
      held.forEach(letGo);
    }
  }

  private async take(
    reader: PartitionReader,
    row: Row<FetchedBatches>,
    silent: SilentTurns<PartitionReader>,
    alone: boolean,
  ): Promise<void> {
    if (row.error) {
      if (row.error.type === 'Unreachable') throw row.error;
      if (row.error.type === 'Changed') return this.outOfRange(reader, row.error);
      return reader.fail(row.error);
    }
    const { watermarks, batches, untilReached } = row.value;
    const { position, range } = reader;
    if (batches.length > 0) reader.feed({ ...row.value, batches: keepable(batches) });
    if (untilReached) reader.nothingFollows();
    if (batches.length > 0 || untilReached) return silent.answered(reader);
    if (isHeldBack(row.value, position))
      throw new FerryError(
        'Unreachable',
        `A transaction is open on ${partitionKey(range)} at ${this.cluster.name} from offset ${watermarks.lastStable}: what follows can be compared once it has ended.`,
      );
    if (alone && watermarks.highWatermark < range.end && (await this.endsBelow(reader))) return;
    try {
      silent.nothing(reader, alone, position, range.end);
    } catch (error) {
      silent.answered(reader);
      reader.fail(error);
    }
  }

  /** A new leader may state an end that is too low for a moment (KIP-207); asked for its end, a broker knows better. */
  private async endsBelow(reader: PartitionReader): Promise<boolean> {
    const { value } = (await this.cluster.watermarks([reader.range])).get(partitionKey(reader.range)) ?? {};
    if (!value || value.highWatermark >= reader.range.end) return false;
    reader.fail(shorter(this.cluster, reader, value.highWatermark));
    return true;
  }

  private async outOfRange(reader: PartitionReader, error: FerryError): Promise<void> {
    const marks = (await this.cluster.watermarks([reader.range])).get(partitionKey(reader.range));
    if (marks?.error) {
      if (marks.error.type === 'Unreachable') throw marks.error;
      return reader.fail(marks.error);
    }
    if (marks === undefined) return reader.fail(error);
    const { logStart, highWatermark } = marks.value;
    if (logStart > reader.position) return reader.trimmedTo(logStart);
    if (highWatermark < reader.range.end) return reader.fail(shorter(this.cluster, reader, highWatermark));
    throw new FerryError('Unreachable', error.message);
  }

  /** Asks again after a pause, of whoever leads it then. */
  private later(reader: PartitionReader, error: FerryError): void {
    const { signal, patienceMs } = this.options;
    if (signal?.aborted || !this.readers.has(reader)) return;
    const since = this.failures.get(reader)?.since ?? Date.now();
    if (Date.now() - since >= patienceMs) {
      this.failures.delete(reader);
      return reader.fail(lasting(error));
    }
    this.failures.set(reader, { since, sentence: `${error.message} It is tried again.` });
    this.leave(reader);
    this.pausing.add(reader);
    setTimeout(() => {
      this.pausing.delete(reader);
      this.wake(reader);
    }, againMs);
  }

  private failAll(error: unknown): void {
    for (const reader of this.readers) reader.fail(error);
  }
}

function lasting(error: FerryError): FerryError {
  return new FerryError(error.type, error.message, { lasting: true, cause: error });
}

function shorter({ name }: Cluster, { range }: PartitionReader, highWatermark: bigint): FerryError {
  return new FerryError(
    'Changed',
    `${partitionKey(range)} at ${name} ended at offset ${range.end} and ends at ${highWatermark} now: it was truncated or created again, find out by whom.`,
  );
}
