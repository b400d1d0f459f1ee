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
 * on its way. At most 2 MiB (or one batch) of each open partition are at hand.
 */
export class ReadAhead {
  private readonly readers = new Set<PartitionReader>();
  /** Of those that were given nothing although their log goes on: asked alone, in turns with all others. */
  private readonly silent: SilentTurns<PartitionReader>;
  private running = false;
  private failingSince: number | undefined;
  /** What is wrong now, while it is tried again. */
  failing: string | undefined;

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
    this.silent = new SilentTurns(({ range }) => new Silence(cluster.name, range, options.patienceMs));
    options.signal?.addEventListener('abort', () => this.failAll(options.signal?.reason));
  }

  /** Ends its connections. */
  async end(): Promise<void> {
    await this.cluster.closeMirror(this.options.lane);
  }

  open(range: Range): PartitionReader {
    const { asCopied } = this.options;
    const reader = new PartitionReader(range, () => this.wake(), asCopied?.(range.topic));
    this.readers.add(reader);
    return reader;
  }

  close(reader: PartitionReader): void {
    this.readers.delete(reader);
    this.silent.answered(reader);
  }

  private wake(): void {
    if (this.running) return;
    this.running = true;
    void this.run();
  }

  private async run(): Promise<void> {
    for (;;) {
      const wanting = [...this.readers].filter((reader) => reader.atHand * 2 < bytesPerFetch && reader.wants);
      if (wanting.length === 0) {
        this.running = false;
        return;
      }
      // What one round leaves out, the next begins with.
      const lonely = this.silent.next(wanting);
      const asked = lonely
        ? [lonely]
        : wanting.filter((reader) => !this.silent.has(reader)).slice(0, partitionsPerFetch);
      if (asked.length === 0) {
        await sleep(this.silent.pauseMs(againMs), undefined, { signal: this.options.signal }).catch(
          () => undefined,
        );
        continue;
      }
      for (const reader of asked) {
        this.readers.delete(reader);
        this.readers.add(reader);
      }
      try {
        await this.fetch(asked, lonely && this.silent.waitMs(lonely));
        this.failingSince = undefined;
        this.failing = this.silent.says;
      } catch (error) {
        if (!(await this.isPassing(error))) this.failAll(error);
      }
    }
  }

  private async fetch(asked: readonly PartitionReader[], waitMs = maxWaitMs): Promise<void> {
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
        if (row) await this.take(reader, row, asked.length === 1);
      }
    } finally {
      held.forEach(letGo);
    }
  }

  private async take(reader: PartitionReader, row: Row<FetchedBatches>, alone: boolean): Promise<void> {
    if (row.error) {
      if (row.error.type === 'Unreachable') throw row.error;
      if (row.error.type === 'Changed') return this.outOfRange(reader, row.error);
      return reader.fail(row.error);
    }
    const { watermarks, batches, throttled, untilReached } = row.value;
    const { position, range } = reader;
    if (batches.length > 0) reader.feed({ ...row.value, batches: keepable(batches) });
    if (untilReached) reader.nothingFollows();
    if (batches.length > 0 || untilReached || throttled) return this.silent.answered(reader);
    if (isHeldBack(row.value, position))
      throw new FerryError(
        'Unreachable',
        `A transaction is open on ${partitionKey(range)} at ${this.cluster.name} from offset ${watermarks.lastStable}: what follows can be compared once it has ended.`,
      );
    if (alone && watermarks.highWatermark < range.end && (await this.endsBelow(reader))) return;
    try {
      this.silent.nothing(reader, alone, position, range.end);
    } catch (error) {
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

  private async isPassing(error: unknown): Promise<boolean> {
    if (this.options.signal?.aborted) return false;
    if (!isFerryError(error) || error.type !== 'Unreachable') return false;
    this.failing = `${error.message} It is tried again.`;
    this.failingSince ??= Date.now();
    if (Date.now() - this.failingSince >= this.options.patienceMs) return false;
    await sleep(againMs, undefined, { signal: this.options.signal }).catch(() => undefined);
    return !this.options.signal?.aborted;
  }

  private failAll(error: unknown): void {
    const lasting =
      isFerryError(error) && error.type === 'Unreachable' && !this.options.signal?.aborted
        ? new FerryError(error.type, error.message, { lasting: true, cause: error })
        : error;
    for (const reader of this.readers) reader.fail(lasting);
  }
}

function shorter({ name }: Cluster, { range }: PartitionReader, highWatermark: bigint): FerryError {
  return new FerryError(
    'Changed',
    `${partitionKey(range)} at ${name} ended at offset ${range.end} and ends at ${highWatermark} now: it was truncated or created again, find out by whom.`,
  );
}
