import { FerryError } from '../migration/errors.js';
import { partitionKey, type FetchedBatches, type TopicPartition } from './cluster.js';

/**
 * What one answer to a Fetch says of a partition from the position on:
 *
 * - `batches`: what lies there.
 * - `end`: nothing lies there up to where it was asked for. The broker states so: by the last stable offset (isolation
 *   `committed`) or the high watermark, or by a batch that begins beyond `until`.
 * - `nothing`: no batch came, and none of these says that there is none. This is no answer, and nothing may rest on it. A
 *   remote read of tiered storage that is late looks like that (KIP-405, `DelayedRemoteFetch`), and so does a batch that
 *   found no room beside other partitions'.
 *
 * Below the end a batch comes sooner or later, `docs/decisions/silence.md` says why.
 */
export type Said = 'batches' | 'end' | 'nothing';

export function said(
  { batches, watermarks, untilReached }: FetchedBatches,
  position: bigint,
  isolation: 'committed' | 'uncommitted',
): Said {
  if (batches.length > 0) return 'batches';
  return untilReached || position >= endFor(watermarks, isolation) ? 'end' : 'nothing';
}

export function endFor(
  { lastStable, highWatermark }: FetchedBatches['watermarks'],
  isolation: 'committed' | 'uncommitted',
): bigint {
  return isolation === 'committed' ? lastStable : highWatermark;
}

/** Whether a transaction is open at the position, so that `committed` reading ends here for now. */
export function isHeldBack(
  { watermarks: { lastStable, highWatermark } }: FetchedBatches,
  position: bigint,
): boolean {
  return position >= lastStable && lastStable < highWatermark;
}

/** Unless the migration file says how long; ms. */
export const usualPatienceMs = 120_000;

/** Before Kafka 3.8 a remote read must be done within what the Fetch itself waits; later `remote.fetch.max.wait.ms` counts. */
const firstWaitMs = 500;
const longestWaitMs = 2_000;
const noticedAfterMs = 5_000;
const firstPauseMs = 10;
const longestPauseMs = 1_000;

/** How long one partition has answered nothing although its log goes on; `heard` and `broken` tell it of each answer. */
export class Silence {
  private since: number | undefined;
  private at: bigint | undefined;
  private end: bigint | undefined;
  private times = 0;

  constructor(
    private readonly cluster: string,
    private readonly partition: TopicPartition,
    private readonly patienceMs = usualPatienceMs,
  ) {}

  /** Something was said: batches, an end, or an error. */
  broken(): void {
    this.since = undefined;
    this.times = 0;
  }

  /**
   * Nothing was said, to a Fetch for this partition alone: only then is it always given its next batch (KIP-74).
   *
   * @param end up to where the broker states that the log goes on
   * @throws FerryError `Unreachable` and lasting, when that has been so for too long
   */
  heard(position: bigint, end: bigint): void {
    if (position !== this.at) this.broken();
    this.at = position;
    this.end = end;
    this.since ??= Date.now();
    this.times++;
    if (Date.now() - this.since >= this.patienceMs)
      throw new FerryError(
        'Unreachable',
        `${this.what}: see its leader's log, with tiered storage the remote storage and remote.fetch.max.wait.ms, then retry; where compaction has left nothing up to the end, the next record written there shows it.`,
        { lasting: true },
      );
  }

  /** Once it is worth a word. */
  get says(): string | undefined {
    return this.since !== undefined && Date.now() - this.since >= noticedAfterMs
      ? `${this.what}. It is asked again.`
      : undefined;
  }

  private get what(): string {
    return `The log of ${partitionKey(this.partition)} on cluster "${this.cluster}" is not given from offset ${this.at} on although it goes on to ${this.end}`;
  }

  /** What the next Fetch may wait at the broker, ms; one that finds a batch does not wait. */
  get waitMs(): number {
    return Math.min(firstWaitMs * 2 ** this.times, longestWaitMs);
  }

  /** What should pass before the next Fetch, ms. */
  get pauseMs(): number {
    return Math.min(firstPauseMs * 2 ** Math.max(0, this.times - 1), longestPauseMs);
  }
}
