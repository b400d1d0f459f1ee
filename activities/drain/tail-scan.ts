import { setTimeout as sleep } from 'node:timers/promises';
import {
  partitionKey,
  type Cluster,
  type FetchedBatches,
  type Rows,
  type TopicPartition,
} from '../../src/kafka/cluster.js';
import { Silence } from '../../src/kafka/silence.js';
import {
  DeliverableScan,
  type Deliverable,
  type GroupIsolation,
} from '../../src/kafka/records/deliverable.js';
import type { FerryError } from '../../src/migration/errors.js';
import type { ScanResult } from '../../src/migration/verdicts.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import { rowAt } from '../kit/rows.js';

/** What is to be read: one partition, as members of that isolation read it, from `from` up to, not including, `end`. */
export interface Tail extends TopicPartition {
  isolation: GroupIsolation;
  from: bigint;
  /** At most the high watermark and, for `read_committed`, the last stable offset. */
  end: bigint;
}

/** A batch or two of each partition: enough to see that a lag is real, and little where it is not. */
const bytesPerPartition = 32 * 1024;
const partitionsPerFetch = 128;
/** How often one call of `read` goes back for more; the next call goes on from there. */
const roundsPerRead = 16;
const lonelyFetchesAtOnce = 4;
/** So long one call of `read` asks tails alone; who was not asked goes first in the next. */
const lonelyMs = 5_000;
/**
 * A record that was found stays where it is, unless the topic is compacted: it is looked for again after this, and, while
 * it stays, after twice as long each time, ms.
 */
const foundForMs = 10_000;
const mostFoundForMs = 160_000;
/** What no later probe finds otherwise; `Unexpected` is what a damaged log is. */
const forPerson: ReadonlySet<string> = new Set(['Unauthorized', 'Unsupported', 'Unexpected']);

/**
 * Looks for the first deliverable record in tails of logs. Remembers what it has read, so that a tail in which nothing
 * has moved costs a request only now and then, and one that has grown is read on from where it ended.
 */
export class TailScans {
  private scans = new Map<string, TailScan>();

  /** @param patienceMs how long a tail may not be given although its log goes on. */
  constructor(
    private readonly cluster: Cluster,
    private readonly patienceMs?: number,
  ) {}

  /** What is known of a tail that begins here, without asking the cluster. */
  known(tail: Omit<Tail, 'end'>): ScanResult | undefined {
    return this.scans.get(keyOf(tail))?.result;
  }

  /** About a tail that has not been given for a while. */
  get silence(): string | undefined {
    for (const scan of this.scans.values()) if (!scan.finished && scan.silence.says) return scan.silence.says;
    return undefined;
  }

  /**
   * Reads all of the tails, each to its first record or its end.
   *
   * @throws FerryError what a broker says for good; `Unreachable` when a tail was not given for too long
   */
  async readAll(tails: readonly Tail[]): Promise<void> {
    for (;;) {
      await this.look(tails, tails.length, false);
      const unfinished = [...this.scans.values()].filter((scan) => !scan.finished);
      if (unfinished.length === 0) return;
      const [failed] = unfinished.flatMap(({ failure }) => failure ?? []);
      if (failed) throw failed;
      await sleep(Math.min(...unfinished.map(({ silence }) => silence.pauseMs)));
    }
  }

  /**
   * Reads on in at most `limit` of the tails, the shortest first, as far as a few Fetches go; forgets all others.
   *
   * @throws FerryError as `readAll`
   */
  read(tails: readonly Tail[], limit: number): Promise<void> {
    // What is not answered is left to the next probe: the others do not wait for it.
    return this.look(tails, limit, true);
  }

  private async look(tails: readonly Tail[], limit: number, once: boolean): Promise<void> {
    const scans = new Map<string, TailScan>();
    for (const tail of tails) {
      const key = keyOf(tail);
      const scan =
        scans.get(key) ??
        this.scans.get(key) ??
        new TailScan(tail, new Silence(this.cluster.name, tail, this.patienceMs));
      scan.upTo(tail.end);
      scans.set(key, scan);
    }
    this.scans = scans;
    const unread = [...scans.values()]
      .filter((scan) => !scan.finished)
      .sort((a, b) => Number(a.end - a.next - (b.end - b.next)));
    const doubtful = [...scans.values()].filter((scan) => scan.doubtful);
    for (const scan of doubtful.slice(0, Math.max(0, limit - unread.length))) {
      scan.again();
      unread.push(scan);
    }
    const chosen = unread.slice(0, limit);
    const aloneUntil = Date.now() + lonelyMs;
    for (let round = 0; round < roundsPerRead; round++) {
      const unfinished = chosen.filter((scan) => !scan.finished && (round === 0 || scan.moves));
      if (unfinished.length === 0) return;
      for (const share of fetchable(unfinished)) await this.fetchTogether(share, once, aloneUntil);
    }
  }

  private async fetchTogether(share: readonly TailScan[], once: boolean, aloneUntil: number): Promise<void> {
    const rows = await this.fetch(share, 0, once);
    for (const scan of share) scan.take(rows);
    // Others may have used the bytes up: only a partition that is asked for alone is always given its next batch (KIP-74).
    const silent = share.filter(({ outcome }) => outcome === 'nothing');
    await inParallel(
      silent.toSorted((a, b) => a.askedAloneAt - b.askedAloneAt),
      async (scan) => {
        if (Date.now() > aloneUntil) return;
        scan.askedAloneAt = Date.now();
        scan.take(await this.fetch([scan], scan.silence.waitMs, once));
        if (scan.outcome === 'nothing') scan.silence.heard(scan.next, scan.end);
      },
      lonelyFetchesAtOnce,
    );
  }

  private fetch(
    scans: readonly TailScan[],
    maxWaitMs: number,
    once: boolean,
  ): Promise<Rows<string, FetchedBatches>> {
    return this.cluster.fetch(
      scans.map(({ tail, next, end }) => ({
        topic: tail.topic,
        partition: tail.partition,
        offset: next,
        until: end,
      })),
      {
        isolation: scans[0]?.tail.isolation === 'read_committed' ? 'committed' : 'uncommitted',
        maxBytes: bytesPerPartition * scans.length,
        maxBytesPerPartition: bytesPerPartition,
        maxWaitMs,
        once,
      },
    );
  }
}

class TailScan {
  private scan: DeliverableScan;
  private found: { offset: bigint; at: number; forMs: number } | undefined;
  /** Below this the log holds nothing more, by the broker's word. */
  private emptyUntil: bigint;
  end: bigint;
  /** Of the last Fetch. */
  outcome: 'moved' | 'nothing' | 'failed' = 'nothing';
  failure: FerryError | undefined;
  askedAloneAt = 0;

  constructor(
    readonly tail: Tail,
    readonly silence: Silence,
  ) {
    this.scan = new DeliverableScan(tail.from, tail.isolation);
    this.emptyUntil = tail.from;
    this.end = tail.end;
  }

  upTo(end: bigint): void {
    if (end > this.end) this.end = end;
  }

  /** Whether the record that was found was last seen so long ago that compaction may have taken it. */
  get doubtful(): boolean {
    const { found, scan } = this;
    return found !== undefined && scan.result.kind === 'record' && Date.now() - found.at >= found.forMs;
  }

  again(): void {
    this.scan = new DeliverableScan(this.tail.from, this.tail.isolation);
    this.emptyUntil = this.tail.from;
  }

  get moves(): boolean {
    return this.outcome === 'moved';
  }

  get result(): ScanResult {
    const { from } = this.tail;
    const found = this.scan.result;
    if (found.kind === 'record' || found.next >= this.emptyUntil) return { from, ...found };
    return { from, ...found, next: this.emptyUntil, holes: found.holes + (this.emptyUntil - found.next) };
  }

  get next(): bigint {
    const { result } = this;
    return result.kind === 'record' ? result.offset : result.next;
  }

  get finished(): boolean {
    return this.result.kind === 'record' || this.next >= this.end;
  }

  take(rows: Rows<string, FetchedBatches>): void {
    const row = rowAt(rows, partitionKey(this.tail));
    this.failure = row.error;
    if (row.error) {
      // A leader that moves is asked again by the next probe; what a person must mend is said at once.
      if (forPerson.has(row.error.type)) throw row.error;
      this.outcome = 'failed';
      return;
    }
    const { batches, untilReached } = row.value;
    this.outcome = batches.length > 0 || untilReached ? 'moved' : 'nothing';
    if (this.outcome !== 'nothing') this.silence.broken();
    if (batches.length > 0) this.saw(this.scan.feed(row.value));
    if (untilReached) this.emptyUntil = this.end;
  }

  private saw(seen: Deliverable): void {
    if (seen.kind !== 'record') return;
    const { offset } = seen;
    const forMs = this.found?.offset === offset ? Math.min(2 * this.found.forMs, mostFoundForMs) : foundForMs;
    this.found = { offset, at: Date.now(), forMs };
  }
}

function keyOf(tail: Omit<Tail, 'end'>): string {
  return `${partitionKey(tail)}@${tail.from} ${tail.isolation}`;
}

/**
 * Shares that one call of `fetch` can carry: it names a partition once and has one isolation, so groups that are at
 * different places of one partition take turns.
 */
function fetchable(scans: readonly TailScan[]): TailScan[][] {
  const shares: { isolation: GroupIsolation; taken: Map<string, TailScan> }[] = [];
  for (const scan of scans) {
    const key = partitionKey(scan.tail);
    const { isolation } = scan.tail;
    const free = shares.find(
      (share) =>
        share.isolation === isolation && share.taken.size < partitionsPerFetch && !share.taken.has(key),
    );
    if (free) free.taken.set(key, scan);
    else shares.push({ isolation, taken: new Map([[key, scan]]) });
  }
  return shares.map(({ taken }) => [...taken.values()]);
}
