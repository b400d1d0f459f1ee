import { z } from 'zod';
import { partitionKey, type Cluster, type GroupFacts } from '../../src/kafka/cluster.js';
import { isFerryError } from '../../src/migration/errors.js';
import { commitsEveryMs, waitMs } from '../../src/migration/file.js';
import { standing } from '../../src/migration/findings.js';
import { metrics } from '../../src/migration/metrics.js';
import { partitionCounts, type SourceOffsets } from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Progress, Watch } from '../../src/migration/work/work.js';
import type { Dependencies } from '../kit/dependencies.js';
import { drainFindings, readersOf, topicsWithoutGroup, type Reader } from './drain-findings.js';
import { DrainProbe, passes, type DrainReading, type PartitionReading } from './drain-probe.js';
import { drainedGroups, offsetsLeft, sayDrain, sayDrained } from './drain-says.js';
import { grew } from './growth.js';
import { membersReading, type Member } from '../groups/membership.js';
import { namePendingCommits } from '../groups/pending-commits.js';
import { nameOpenTransactions } from './open-transactions.js';
import { plannedTopics } from '../topics/planned-topics.js';
import { Streak } from '../kit/streak.js';
import { heldBackOn } from '../kit/held-back.js';
import { count } from '../kit/measuring.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { tableOf, under } from '../../src/migration/by-name.js';

/** Since when, in ms of watching, each group has had what is left. */
const drainCarry = z.object({
  left: tableOf(
    z.object({
      offsets: z.string(),
      sinceMs: z.number(),
      /** It was more before: it has been seen to read. */
      moved: z.literal(true).optional(),
    }),
  ),
  /** What all groups together had left at the first look, ms of watching. */
  began: z.object({ offsets: z.number(), atMs: z.number() }).optional(),
});
type DrainCarry = z.infer<typeof drainCarry>;
type DrainAnswer = Exclude<Awaited<ReturnType<Activities['watchDrain']>>, { state: 'watching' }>;

/** Who the members are and whether topics are still the planned ones changes seldom; each is asked for this often, ms. */
const besideEveryMs = 5_000;

export function drainActivities(
  dependencies: Pick<Dependencies, 'clusters'>,
): Pick<Activities, 'watchDrain'> {
  return {
    async watchDrain(input) {
      const drain = new Drain(dependencies.clusters(input.migration.source), input);
      return watch(
        input,
        drainCarry,
        (moment) => drain.probe(moment),
        heldBackOn(dependencies.clusters, input.migration),
      );
    },
  };
}

class Drain {
  private readonly readers: Reader[];
  private readonly looking: DrainProbe;
  private readonly streak: Streak;
  private readonly accepted: readonly string[];
  private topicsCheckedAt = -Infinity;
  private members = new Map<string, Member[]>();
  private membersReadAt = -Infinity;
  private transactions: { of: string; readAt: number; named: string[] } | undefined;
  private pending: { of: string; readAt: number; named: string[] } | undefined;

  constructor(
    private readonly source: Cluster,
    private readonly input: Watch & { to: SourceOffsets; frozen: boolean },
  ) {
    const { migration, to, frozen, accepted = [] } = input;
    this.readers = readersOf(migration);
    this.accepted = accepted;
    this.streak = new Streak(migration.waits.agreeing);
    this.looking = new DrainProbe(source, {
      readers: this.readers,
      topics: migration.topics.map(({ name }) => name),
      to,
      frozen,
      accepted,
      patienceMs: waitMs(migration, 'patience'),
    });
  }

  async probe({
    carry,
    watchedMs,
    outOfPatience,
  }: Moment<DrainCarry>): Promise<Seen<DrainAnswer, DrainCarry>> {
    const reading = await this.look();
    const grown = reading.grown[0];
    if (grown) return { answer: await grew(this.source, grown, { ...grown, frozenAt: grown.to }) };

    await this.readMembers(reading);
    const next = this.carryOn(carry, reading, watchedMs);
    const findings = [
      ...topicsWithoutGroup(this.input.migration, this.input.to),
      ...drainFindings(reading, this.source.name, {
        expectsCommit: (group, partition) =>
          !outOfPatience && (this.isAssigned(group, partition) || this.commitsMove(group, next, watchedMs)),
        expectsReading: (group) =>
          !outOfPatience || this.members.get(group)?.length !== 0 || this.commitsMove(group, next, watchedMs),
      }),
    ];
    const asked = standing(findings, this.accepted);
    const drained = reading.groups.every(({ group, partitions }) =>
      partitions.every((one) => passes(group, one, this.accepted)),
    );
    const says = await this.says(reading, next, watchedMs);
    if (asked.length === 0 && !drained) {
      this.streak.broken();
      return { says, carry: next, progress: progressOf(next, watchedMs) };
    }
    // What will be answered holds only for the topics that were planned.
    await this.checkTopics();
    const agreed = this.streak.saw(asked.length > 0 ? asked.map(({ key }) => key).join(' ') : 'drained');
    if (!agreed) return { says, carry: next, confirming: true };
    countVerdicts(reading);
    return {
      answer:
        asked.length > 0
          ? { state: 'asks', findings: asked }
          : {
              state: 'drained',
              lag: drainedGroups(reading),
              sentence: sayDrained(
                reading,
                this.accepted.filter((key) => findings.some((finding) => finding.key === key)),
                this.input.frozen,
              ),
            },
    };
  }

  /** Whose transactions keep commits of groups from being known. */
  private async namePending({ groups }: DrainReading): Promise<string[]> {
    const held = groups
      .filter(({ partitions }) => partitions.some(({ committed }) => committed === 'pending'))
      .map(({ group }) => group);
    if (held.length === 0) return [];
    const of = held.join(' ');
    if (this.pending?.of !== of || Date.now() - this.pending.readAt >= besideEveryMs)
      this.pending = {
        of,
        readAt: Date.now(),
        named: [...(await namePendingCommits(this.source, held)).values()],
      };
    return this.pending.named;
  }

  private async look(): Promise<DrainReading> {
    if (Date.now() - this.topicsCheckedAt >= besideEveryMs) await this.checkTopics();
    try {
      return await this.looking.look();
    } catch (error) {
      // A topic that has gone or changed is said as such, not as the partition that could not be read.
      if (isFerryError(error) && (error.type === 'NotFound' || error.type === 'Changed'))
        await this.checkTopics();
      throw error;
    }
  }

  private async checkTopics(): Promise<void> {
    const { migration, topicIds, to } = this.input;
    await plannedTopics(
      this.source,
      migration.topics.map(({ name }) => name),
      { topicIds, partitions: partitionCounts(to) },
    );
    this.topicsCheckedAt = Date.now();
  }

  /** Who could still read what is left: asked for groups that are behind only. */
  private async readMembers({ groups }: DrainReading): Promise<void> {
    const behind = groups.filter(({ partitions }) =>
      partitions.some(({ verdict: { verdict } }) => verdict === 'lagging' || verdict === 'no-commit'),
    );
    if (behind.length === 0 || Date.now() - this.membersReadAt < besideEveryMs) return;
    const rows = await this.source.describeGroups(behind.map(({ group }) => group));
    this.members = new Map();
    for (const { group } of behind) {
      const facts: GroupFacts | undefined = rows.get(group)?.value;
      const topics = new Set(this.readers.find((reader) => reader.group === group)?.topics);
      if (facts) this.members.set(group, membersReading(facts, topics));
    }
    this.membersReadAt = Date.now();
  }

  /** Whether a member has the partition, or may be given it: then its first commit is only a matter of time. */
  private isAssigned(group: string, { topic, partition }: PartitionReading): boolean {
    const members = this.members.get(group);
    return (
      members === undefined ||
      members.some(
        ({ assigned }) =>
          assigned.length === 0 || assigned.some((at) => at.topic === topic && at.partition === partition),
      )
    );
  }

  private carryOn(carry: DrainCarry | undefined, { groups }: DrainReading, watchedMs: number): DrainCarry {
    const all = groups.reduce((sum, { partitions }) => sum + Number(offsetsLeft(partitions)), 0);
    return {
      began: carry?.began && carry.began.offsets >= all ? carry.began : { offsets: all, atMs: watchedMs },
      left: Object.fromEntries(
        groups.map(({ group, partitions }) => {
          const offsets = String(offsetsLeft(partitions));
          const before = under(carry?.left, group);
          return [
            group,
            before?.offsets === offsets
              ? before
              : { offsets, sinceMs: watchedMs, ...(before && { moved: true as const }) },
          ];
        }),
      ),
    };
  }

  /**
   * A consumer that assigns partitions to itself is no member of its group: that its commits moved not long ago shows it.
   * Where the file says how often it commits, it is waited for from the beginning.
   */
  private commitsMove(group: string, { left }: DrainCarry, watchedMs: number): boolean {
    const { migration } = this.input;
    const move = migration.consumers.find((one) => one.group === group);
    const every = move && commitsEveryMs(move);
    const seen = under(left, group);
    if (!seen || (every === undefined && !seen.moved)) return false;
    return watchedMs - seen.sinceMs < (every === undefined ? waitMs(migration, 'quiet') : 2 * every);
  }

  private async says(reading: DrainReading, { left }: DrainCarry, watchedMs: number): Promise<string> {
    const lags = sayDrain(reading, this.accepted, (group) => ({
      members: this.members.get(group),
      moving: this.commitsMove(group, { left }, watchedMs),
      stillMs: watchedMs - (under(left, group)?.sinceMs ?? watchedMs),
    }));
    const pending = await this.namePending(reading);
    const says = [lags, ...pending, ...(reading.silence ? [reading.silence] : [])]
      .map((one) => one.replace(/\.$/, ''))
      .join('. ');
    const stuck = new Map(
      reading.groups
        .flatMap(({ partitions }) => partitions)
        .filter(({ verdict }) => verdict.verdict === 'open-transaction')
        .map(({ topic, partition, lastStable }) => [
          partitionKey({ topic, partition }),
          { topic, partition, stuckAt: lastStable },
        ]),
    );
    if (stuck.size === 0) return says;
    const of = [...stuck.values()].map((at) => `${partitionKey(at)} ${at.stuckAt}`).join(' ');
    if (this.transactions?.of !== of || Date.now() - this.transactions.readAt >= besideEveryMs)
      this.transactions = {
        of,
        readAt: Date.now(),
        named: await nameOpenTransactions(this.source, [...stuck.values()]),
      };
    return `${says}; ${this.transactions.named.join('; ')}`;
  }
}

/** Of the drain that is concluded now, for the worker's metrics. */
function countVerdicts({ groups }: DrainReading): void {
  const verdicts = groups.flatMap(({ partitions }) => partitions.map(({ verdict }) => verdict.verdict));
  for (const verdict of new Set(verdicts))
    count(metrics.verdicts, { verdict }, verdicts.filter((one) => one === verdict).length);
}

function progressOf({ left, began }: DrainCarry, watchedMs: number): Progress {
  const now = Object.values(left).reduce((sum, { offsets }) => sum + Number(offsets), 0);
  const all = began?.offsets ?? now;
  const seconds = (watchedMs - (began?.atMs ?? watchedMs)) / 1000;
  return { what: 'Draining', done: all - now, all, perSecond: seconds >= 1 ? (all - now) / seconds : 0 };
}
