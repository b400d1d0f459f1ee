import {
  partitionKey,
  type Cluster,
  type Committed,
  type Row,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import type { GroupIsolation } from '../../src/kafka/records/deliverable.js';
import { CommitPending } from '../../src/kafka/commit-pending.js';
import { offsetAt, partitionCounts, type SourceOffsets } from '../../src/migration/offsets.js';
import {
  expiredCount,
  kindOf,
  needsScan,
  partitionVerdict,
  positionOf,
  type PartitionFacts,
  type ScanResult,
  type Verdict,
} from '../../src/migration/verdicts.js';
import { endsTable, partitionsIn, plannedTopics } from '../topics/planned-topics.js';
import { rowAt, valueOf } from '../kit/rows.js';
import { TailScans, type Tail } from './tail-scan.js';

/** Which groups must have read which topics of one cluster, up to where. */
export interface DrainQuestion {
  readers: readonly { group: string; topics: readonly string[]; isolation: GroupIsolation }[];
  /** Every topic to look at, also those that no reader has. */
  topics: readonly string[];
  /** Up to where, by topic; the high watermarks of the moment when absent. */
  to?: SourceOffsets;
  /** Whether `to` is where the logs must end. */
  frozen?: boolean;
  /** Keys of findings that a person has accepted: see `findingKey`. */
  accepted?: readonly string[];
  /** How long a log may not be given although it goes on, ms; two minutes unless told. */
  patienceMs?: number;
}

export interface PartitionReading extends TopicPartition, Watermarks {
  to: bigint;
  /** As `PartitionFacts`. */
  committed: bigint | null | 'pending';
  verdict: Verdict;
  /** What a question about it is about: see `withAsked`. */
  asked: string;
}

export interface DrainReading {
  groups: { group: string; partitions: PartitionReading[] }[];
  /** Partitions, also those that no group reads, whose log went on after its frozen end. */
  grown: (TopicPartition & Watermarks & { to: bigint })[];
  /** About a log that is not given although it goes on: what it holds is not known. */
  silence: string | undefined;
}

/** What a person accepts when they accept what a group has not read. */
export function findingKey(group: string, { verdict, asked }: PartitionReading): string {
  const { verdict: name } = verdict;
  return `${name === 'lagging' ? 'unread' : name}:${group}:${asked}`;
}

/** What can be accepted: what asks, and what nobody is there to read any more. */
const acceptable = ({ verdict }: PartitionReading): boolean =>
  kindOf(verdict) === 'asks' || verdict.verdict === 'lagging';

export function passes(group: string, reading: PartitionReading, accepted: readonly string[] = []): boolean {
  return (
    kindOf(reading.verdict) === 'passes' ||
    (acceptable(reading) && accepted.includes(findingKey(group, reading)))
  );
}

/**
 * Says of each reading of one group what a question about it is about: how much the group has not read, in the topic or,
 * where it was lost, in the partition, and where the topic ends. Whoever accepts nine records accepts no tenth.
 */
function withAsked(readings: readonly Omit<PartitionReading, 'asked'>[]): PartitionReading[] {
  const totals = new Map<string, bigint>();
  const add = (key: string, count: bigint) => totals.set(key, (totals.get(key) ?? 0n) + count);
  for (const { topic, verdict, to } of readings) {
    add(`${verdict.verdict} ${topic}`, verdict.count);
    add(topic, to);
  }
  return readings.map((one) => {
    const { topic, verdict } = one;
    // What blocks is mended, never accepted: it needs no number.
    if (kindOf(verdict) === 'blocks') return { ...one, asked: topic };
    const asked =
      verdict.verdict === 'expired-unread'
        ? askedOfExpired(one, verdict.count)
        : `${topic}+${totals.get(`${verdict.verdict} ${topic}`)}@${totals.get(topic)}`;
    return { ...one, asked };
  });
}

const askedOfExpired = (at: TopicPartition, count: bigint): string => `${partitionKey(at)}+${count}`;

/** One look: the verdict on every partition of every reader. @throws FerryError what the cluster refused. */
export function probeDrain(cluster: Cluster, question: DrainQuestion): Promise<DrainReading> {
  return new DrainProbe(cluster, question).look({ thorough: true });
}

/** A longer tail is a lag until the group is seen to stand still; only then is its log read. */
const shortTail = 1000n;
/** How many tails one look reads, the shortest first: one Fetch by each leader, or a few where tails are empty. */
const tailsPerLook = 128;

/**
 * Looks again and again at the same question. A look costs one ListOffsets by each leader and isolation level and one
 * OffsetFetch by each coordinator; the log itself is read only where offsets cannot tell, and what has been read once
 * is remembered.
 */
export class DrainProbe {
  private readonly scans: TailScans;
  /** Positions at the last look, by group and partition; absent at the first. */
  private positions: Map<string, bigint> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly question: DrainQuestion,
  ) {
    this.scans = new TailScans(cluster, question.patienceMs);
  }

  /** @param options `thorough` reads every tail now, as a single look must. */
  async look(options: { thorough?: boolean } = {}): Promise<DrainReading> {
    const { readers, topics, frozen = false, accepted = [] } = this.question;
    const counts = this.question.to && partitionCounts(this.question.to);
    const partitions = this.question.to
      ? topics.flatMap((topic) =>
          Array.from({ length: counts?.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
        )
      : partitionsIn(await plannedTopics(this.cluster, topics));
    const readBy = new Map(
      readers.map((reader) => [
        reader.group,
        partitions.filter(({ topic }) => reader.topics.includes(topic)),
      ]),
    );
    // Commits first: of a topic that is being written and read, a later commit may lie beyond an earlier end.
    const commits = await this.cluster.committedOffsets([...readBy.keys()], readBy);
    const marks = await this.cluster.watermarks(partitions);
    const ends = this.question.to ?? endsTable(partitions, marks);
    const end = (at: TopicPartition): bigint => offsetAt(ends, at.topic, at.partition) ?? 0n;

    const cases = readers.flatMap(({ group, isolation }) =>
      (readBy.get(group) ?? []).map((at) => {
        const facts: PartitionFacts = {
          ...valueOf(marks, partitionKey(at)),
          committed: committedIn(rowAt(commits, group), at),
          to: end(at),
          frozen,
        };
        const lost = expiredCount(facts);
        facts.lossAccepted =
          lost > 0n && accepted.includes(`expired-unread:${group}:${askedOfExpired(at, lost)}`);
        return { group, isolation, at, facts };
      }),
    );
    await this.readTails(cases, options.thorough ?? false);
    return {
      groups: readers.map(({ group }) => ({
        group,
        partitions: withAsked(
          cases
            .filter((one) => one.group === group)
            .map(({ at, facts, isolation }) => {
              const scan = this.knownTail(at, isolation, facts);
              const { logStart, highWatermark, lastStable, committed, to } = facts;
              const verdict = partitionVerdict(scan ? { ...facts, scan } : facts);
              return { ...at, logStart, highWatermark, lastStable, committed, to, verdict };
            }),
        ),
      })),
      grown: frozen
        ? partitions.flatMap((at) => {
            const mark = valueOf(marks, partitionKey(at));
            return mark.highWatermark > end(at) ? [{ ...at, ...mark, to: end(at) }] : [];
          })
        : [],
      silence: this.scans.silence,
    };
  }

  private async readTails(
    cases: readonly { group: string; isolation: GroupIsolation; at: TopicPartition; facts: PartitionFacts }[],
    thorough: boolean,
  ): Promise<void> {
    const before = this.positions;
    this.positions = new Map();
    const tails: Tail[] = [];
    for (const { group, isolation, at, facts } of cases) {
      if (!needsScan(facts)) continue;
      const from = this.tailStart(at, isolation, facts);
      const key = `${group} ${partitionKey(at)}`;
      this.positions.set(key, from);
      const end = isolation === 'read_committed' && facts.lastStable < facts.to ? facts.lastStable : facts.to;
      if (thorough || end - from <= shortTail || before?.get(key) === from)
        tails.push({ ...at, isolation, from, end });
    }
    await (thorough ? this.scans.readAll(tails) : this.scans.read(tails, tailsPerLook));
  }

  /** A tail whose beginning has expired since it was read is still known; reading it again would call it a loss. */
  private tailStart(at: TopicPartition, isolation: GroupIsolation, facts: PartitionFacts): bigint {
    const { committed, logStart } = facts;
    if (typeof committed !== 'bigint' || committed >= logStart) return positionOf(facts);
    const known = this.scans.known({ ...at, isolation, from: committed });
    const knownUntil = known && (known.kind === 'record' ? known.offset : known.next);
    return knownUntil !== undefined && knownUntil >= logStart ? committed : positionOf(facts);
  }

  private knownTail(
    at: TopicPartition,
    isolation: GroupIsolation,
    facts: PartitionFacts,
  ): ScanResult | undefined {
    return this.scans.known({ ...at, isolation, from: this.tailStart(at, isolation, facts) });
  }
}

function committedIn(row: Row<Map<string, Committed>>, at: TopicPartition): bigint | null | 'pending' {
  if (row.error instanceof CommitPending) return 'pending';
  if (row.error) throw row.error;
  return row.value.get(partitionKey(at))?.offset ?? null;
}
