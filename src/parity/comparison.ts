import { randomUUID } from 'node:crypto';
import { partitionKey, type Cluster, type TopicPartition, type Watermarks } from '../kafka/cluster.js';
import { FerryError } from '../migration/errors.js';
import { offsetTable, partitionsOf, type TargetOffsets } from '../migration/offsets.js';
import type { ParityReport } from '../migration/work/parity.js';
import { carried, firstOf, nothingYet, placesIn, rangesOf, together, type Carried } from './carried.js';
import { LatestComparison } from './latest.js';
import { Pace } from './pace.js';
import type { ComparisonOptions, PartitionPair } from './options.js';
import { ReadAhead } from './read-ahead.js';
import { SequenceComparison, type PartitionState } from './sequence.js';
import { tableWith, under } from '../migration/by-name.js';

/** How far a comparison is, for people. Offsets are an upper bound of records. */
export interface Progress {
  partitions: { done: number; all: number };
  offsets: { done: number; all: number };
  records: number;
  bytes: number;
  differences: number;
  /** Of this process, over the last seconds; 0 before the first. */
  offsetsPerSecond: number;
  bytesPerSecond: number;
  /** What does not answer now, if anything. */
  failing: string | undefined;
}

/** What was found in one partition. */
export interface PartitionResult extends PartitionState {
  topic: string;
  partition: number;
}

/** How many partitions are compared at once: enough to keep both clusters and this process busy. */
const atOnce = 16;
/** One pass over a compacted partition may take 100 MB. */
const compactedAtOnce = 2;

/** A report is kept in a history: so many ranges at most, with how many more there are. */
const mostRanges = 50;

/**
 * Compares partitions of two clusters, many at once, by reading all of both. Knows nothing of how the copy was made.
 * `run` may be stopped by its signal at any time, and another comparison goes on with `carry`.
 */
export class Comparison {
  private readonly state: Carried;
  private readonly done: Set<number>;
  /** Of those that are done. */
  private readonly doubtful: Set<number>;
  private readonly under: Map<number, PartitionState>;
  /** By `partitionKey` of the target. */
  private readonly epochs: Map<string, TopicPartition & { offset: bigint }>;
  private readonly sizes = new Map<number, { start: bigint; offsets: number }>();
  private doneOffsets = 0;
  private allOffsets = 0;
  private readonly pace = new Pace();
  private readonly giveUp = new AbortController();
  private readonly reads: { source: ReadAhead; target: ReadAhead };
  /** Of this process: what `carry` is too small for. */
  readonly results: PartitionResult[] = [];

  constructor(private readonly options: ComparisonOptions) {
    const { source, target, patienceMs, carry, pairs } = options;
    const signal = options.signal
      ? AbortSignal.any([options.signal, this.giveUp.signal])
      : this.giveUp.signal;
    const lane = `parity ${randomUUID()}`;
    this.reads = {
      source: new ReadAhead(source, { patienceMs, lane, signal, asCopied: options.asCopied }),
      target: new ReadAhead(target, { patienceMs, lane, signal }),
    };
    this.state = carried.safeParse(carry).data ?? nothingYet();
    this.done = new Set(placesIn(this.state.done));
    // A ferry of before did not keep them: then nothing is known of what it has done.
    this.doubtful = new Set(placesIn(this.state.unexplained ?? this.state.done));
    this.epochs = new Map(partitionsOf(this.state.targetEpochs ?? []).map((one) => [partitionKey(one), one]));
    this.under = new Map(this.state.under.filter(([at]) => at < pairs.length && !this.done.has(at)));
  }

  /** @throws FerryError, or the reason of the signal */
  async run(): Promise<void> {
    try {
      await this.compareAll();
    } finally {
      // What was asked for and is not needed any more must not go on being asked for.
      this.giveUp.abort(new Error('the comparison is over'));
      await Promise.all([this.reads.source.end(), this.reads.target.end()]);
    }
  }

  private async compareAll(): Promise<void> {
    const { pairs } = this.options;
    const marks = await this.watermarks();
    this.state.targetStarts ??= startsOf(pairs, marks);
    for (const [at, pair] of pairs.entries()) {
      const { logStart } = markOf(marks.source, pair.topic, pair.partition);
      const offsets = Math.max(0, Number(pair.sourceEnd - logStart));
      this.sizes.set(at, { start: logStart, offsets });
      this.allOffsets += offsets;
      if (this.done.has(at)) this.doneOffsets += offsets;
    }
    const left = [...pairs.keys()].filter((at) => !this.done.has(at));
    // What was begun is ended first: it is all that a carry has to hold beside the totals.
    left.sort((a, b) => Number(this.under.has(b)) - Number(this.under.has(a)));
    const inOrder = left.filter((at) => !pairs[at]?.compacted);
    const compacted = left.filter((at) => pairs[at]?.compacted);
    const lanes = [
      ...this.lanes(inOrder, atOnce, (pair, at) => this.compareInOrder(pair, at, marks)),
      ...this.lanes(compacted, compactedAtOnce, (pair) => this.compareLatest(pair, marks)),
    ];
    // When one fails all others are stopped, and nothing is left reading.
    for (const lane of lanes) lane.catch((error: unknown) => this.giveUp.abort(error));
    await Promise.allSettled(lanes);
    this.options.signal?.throwIfAborted();
    this.giveUp.signal.throwIfAborted();
  }

  get carry(): Carried {
    const { state, under } = this;
    return {
      ...state,
      done: rangesOf(this.done),
      unexplained: rangesOf(this.doubtful),
      targetEpochs: this.targetEpochs,
      under: [...under],
    };
  }

  /**
   * Pairs of which not every record of the target was found on the source: they differ, the source has lost what was to be
   * compared, or they were not compared at all. Of all processes, and whatever a report has a place for.
   */
  get unexplained(): PartitionPair[] {
    return this.options.pairs.filter((_, at) => this.doubtful.has(at) || !this.done.has(at));
  }

  get progress(): Progress {
    const { state, done, options } = this;
    let [offsets, records, bytes, differences] = [
      this.doneOffsets,
      state.records,
      state.bytes,
      state.differing,
    ];
    for (const [at, partition] of this.under) {
      const size = this.sizes.get(at);
      if (size) offsets += Math.max(0, Number(BigInt(partition.source) - size.start));
      records += partition.records;
      bytes += partition.bytes;
      if (partition.differences.length > 0) differences++;
    }
    return {
      partitions: { done: done.size, all: options.pairs.length },
      offsets: { done: offsets, all: this.allOffsets },
      records,
      bytes,
      differences,
      ...this.pace.at(offsets, bytes),
      failing: this.reads.source.failing ?? this.reads.target.failing,
    };
  }

  get report(): ParityReport {
    const { records, bytes, unverifiable, differences } = this.state;
    return {
      records: String(records),
      bytes: String(bytes),
      unverifiable,
      differences: firstOf([...differences, ...(this.options.foreign ?? [])]),
    };
  }

  /** What was not compared is not equal, and not different either. */
  get verdict(): 'equal' | 'differs' | 'not-proved' {
    const { differing, unverifiable, pending } = this.state;
    if (differing > 0 || (this.options.foreign ?? []).length > 0) return 'differs';
    return unverifiable.length > 0 || (pending > 0 && !this.options.pendingIsEqual) ? 'not-proved' : 'equal';
  }

  /** Where the target's logs began when the comparison did, by target topic. */
  get targetStarts(): TargetOffsets {
    return this.state.targetStarts ?? [];
  }

  /** Leader epochs of the last batches of the target, by target topic; a hole where none is known. */
  get targetEpochs(): TargetOffsets {
    return offsetTable(this.epochs.values());
  }

  /** What a report has no place for. */
  get summary(): {
    differingPartitions: number;
    /** Of the records that are equal, the latest ones of keys of compacted topics: their order was not compared. */
    latest: number;
    moreUnverifiable: number;
    /** Records of those that the source alone holds. */
    moreAlone: number;
    /** Offsets of the source that were not copied yet. */
    pending: number;
    hashes: Record<string, string>;
  } {
    const { differing, latest = 0, moreUnverifiable, moreAlone = 0, pending, hashes } = this.state;
    const differingPartitions = differing + (this.options.foreign ?? []).length;
    return { differingPartitions, latest, moreUnverifiable, moreAlone, pending, hashes };
  }

  private lanes(
    places: readonly number[],
    limit: number,
    compare: (pair: PartitionPair, at: number) => Promise<PartitionState>,
  ): Promise<void>[] {
    const waiting = places[Symbol.iterator]();
    const lane = async () => {
      for (const at of waiting) {
        this.options.signal?.throwIfAborted();
        this.giveUp.signal.throwIfAborted();
        const pair = this.options.pairs[at];
        if (pair) this.finish(at, pair, await compare(pair, at));
      }
    };
    return Array.from({ length: Math.min(limit, places.length) }, lane);
  }

  private async compareInOrder(pair: PartitionPair, at: number, marks: Marks): Promise<PartitionState> {
    const begun = this.under.get(at);
    const starts = beginningsOf(pair, marks);
    const from = begun ? { source: BigInt(begun.source), target: BigInt(begun.target) } : starts;
    const { sourceGoesOn, targetGoesOn, startsOnly } = this.options;
    // Where it had come to the end already, nothing is read any more.
    this.noteEpoch(pair, begun?.targetEpoch ?? -1);
    return this.reading(pair, from, (source, target) =>
      new SequenceComparison(source, target, structuredClone(begun) ?? newState(starts), {
        trimmed: begun
          ? { source: false, target: false }
          : { source: starts.source > 0n, target: starts.target > 0n },
        sourceGoesOn,
        targetGoesOn,
        startsOnly,
        onCheckpoint: (state) => void this.under.set(at, state),
      }).run(),
    );
  }

  private async compareLatest(pair: PartitionPair, marks: Marks): Promise<PartitionState> {
    const starts = beginningsOf(pair, marks);
    const state = newState(starts);
    if (this.options.sourceGoesOn) {
      state.unverifiable.push({
        from: String(starts.source),
        to: String(pair.sourceEnd),
        why: 'it is compacted and still being copied: the latest records can be compared once the copy has caught up',
      });
      return state;
    }
    return this.reading(pair, starts, (source, target) =>
      new LatestComparison({ source, target }, state, {
        trimmed: { source: starts.source > 0n, target: starts.target > 0n },
        beyond: async () => {
          const now = await this.watermarks([pair]);
          const after = (side: 'source' | 'target', topic: string, start: bigint) =>
            this.reads[side].open({
              topic,
              partition: pair.partition,
              start,
              end: markOf(now[side], topic, pair.partition).lastStable,
            });
          return {
            source: after('source', pair.topic, pair.sourceEnd),
            target: after('target', pair.targetTopic, pair.targetEnd),
          };
        },
      }).run(),
    );
  }

  private async reading<T>(
    pair: PartitionPair,
    from: { source: bigint; target: bigint },
    compare: (source: ReturnType<ReadAhead['open']>, target: ReturnType<ReadAhead['open']>) => Promise<T>,
  ): Promise<T> {
    const { topic, targetTopic, partition, sourceEnd, targetEnd } = pair;
    const source = this.reads.source.open({ topic, partition, start: from.source, end: sourceEnd });
    const target = this.reads.target.open({
      topic: targetTopic,
      partition,
      start: from.target,
      end: targetEnd,
    });
    try {
      const result = await compare(source, target);
      this.noteEpoch(pair, target.epoch);
      return result;
    } finally {
      this.reads.source.close(source);
      this.reads.target.close(target);
    }
  }

  private noteEpoch({ targetTopic: topic, partition }: PartitionPair, epoch: number): void {
    const at = { topic, partition };
    if (epoch >= 0) this.epochs.set(partitionKey(at), { ...at, offset: BigInt(epoch) });
  }

  private finish(at: number, { topic, partition, compacted }: PartitionPair, result: PartitionState): void {
    const { state } = this;
    this.under.delete(at);
    this.done.add(at);
    this.doneOffsets += this.sizes.get(at)?.offsets ?? 0;
    this.results.push({ ...result, topic, partition });
    state.records += result.records;
    state.bytes += result.bytes;
    if (compacted) state.latest = (state.latest ?? 0) + result.records;
    if (result.differences.length > 0) state.differing++;
    // What the source alone holds says nothing against the target.
    if (result.differences.length > 0 || result.unverifiable.some((range) => !range.onSourceAlone))
      this.doubtful.add(at);
    const inPlace = <T>(rows: T[]) => rows.map((row) => ({ topic, partition, ...row }));
    state.differences = firstOf([...state.differences, ...inPlace(result.differences)]);
    for (const range of inPlace(result.unverifiable))
      if (state.unverifiable.length < mostRanges) state.unverifiable.push(range);
      else {
        state.moreUnverifiable++;
        state.moreAlone = (state.moreAlone ?? 0) + (range.onSourceAlone ?? 0);
      }
    if (result.pending) state.pending += Number(BigInt(result.pending.to) - BigInt(result.pending.from));
    if (result.hash !== undefined) {
      // What was handed on is a plain object again.
      state.hashes = tableWith(state.hashes);
      state.hashes[topic] = together(under(state.hashes, topic), `${partition} ${result.hash}`);
    }
  }

  private async watermarks(pairs = this.options.pairs): Promise<Marks> {
    const { source, target } = this.options;
    const [ofSource, ofTarget] = await Promise.all([
      source.watermarks(pairs.map(({ topic, partition }) => ({ topic, partition }))),
      target.watermarks(pairs.map(({ targetTopic, partition }) => ({ topic: targetTopic, partition }))),
    ]);
    return { source: ofSource, target: ofTarget };
  }
}

type Rows = Awaited<ReturnType<Cluster['watermarks']>>;
interface Marks {
  source: Rows;
  target: Rows;
}

function markOf(rows: Rows, topic: string, partition: number): Watermarks {
  const at: TopicPartition = { topic, partition };
  const row = rows.get(partitionKey(at));
  if (row?.error) throw row.error;
  if (!row)
    throw new FerryError('Unexpected', `A cluster did not answer about ${partitionKey(at)}: try again.`);
  return row.value;
}

/** Where the target's logs begin, by target topic. */
function startsOf(pairs: readonly PartitionPair[], marks: Marks): TargetOffsets {
  return offsetTable(
    pairs.map(({ targetTopic, partition }) => ({
      ...{ topic: targetTopic, partition },
      offset: markOf(marks.target, targetTopic, partition).logStart,
    })),
  );
}

function beginningsOf({ topic, targetTopic, partition }: PartitionPair, marks: Marks) {
  return {
    source: markOf(marks.source, topic, partition).logStart,
    target: markOf(marks.target, targetTopic, partition).logStart,
  };
}

function newState({ source, target }: { source: bigint; target: bigint }): PartitionState {
  return {
    source: String(source),
    target: String(target),
    records: 0,
    bytes: 0,
    differences: [],
    unverifiable: [],
  };
}
