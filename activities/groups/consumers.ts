import { z } from 'zod';
import { partitionKey, type Cluster, type GroupFacts, type Rows } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { targetGroup, targetName, topicsOf, waitMs, type ConsumerMove } from '../../src/migration/file.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Dependencies } from '../kit/dependencies.js';
import { records } from '../drain/drain-findings.js';
import { DrainProbe, passes, type DrainReading, type PartitionReading } from '../drain/drain-probe.js';
import { offsetsLeft } from '../drain/drain-says.js';
import { grew } from '../drain/growth.js';
import { leftOnSource, partitionsOfGroup, sayLeft, shortOf } from './left-on-source.js';
import { describeMember, membersReading, topicsNobodyHas } from './membership.js';
import { committedSums, sayStill, stillWindowMs } from './self-assigned.js';
import { plannedTopics } from '../topics/planned-topics.js';
import { Streak } from '../kit/streak.js';
import { valueOf } from '../kit/rows.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { count, listed } from '../kit/wording.js';
import { tableOf, under } from '../../src/migration/by-name.js';

const sums = tableOf(z.string());
const consumersCarry = z.object({
  /** Each group's committed offsets on the target, added up, when they were first seen. */
  committed: sums,
  /** By group of the source whose members do not show whether it runs: the same on both sides, when first seen. */
  began: tableOf(z.object({ source: z.string(), target: z.string() })).optional(),
  /** The same groups' on the source, and since when they have been so, in ms of watching. */
  still: tableOf(z.object({ committed: z.string(), sinceMs: z.number() })).optional(),
});
type ConsumersCarry = z.infer<typeof consumersCarry>;
type ConsumersInput = Parameters<Activities['watchConsumers']>[0];
type ConsumersAnswer = Exclude<Awaited<ReturnType<Activities['watchConsumers']>>, { state: 'watching' }>;

/** One group of the migration, on both clusters. */
interface Mover {
  move: ConsumerMove;
  /** Its id on the source: what the activity was asked about. */
  group: string;
  onTarget: string;
  sourceTopics: ReadonlySet<string>;
  targetTopics: ReadonlySet<string>;
}

/** What the commits of a group say whose members do not show whether it runs. */
interface Commits {
  windowMs: number;
  /** How long those on the source have not moved while they were watched, ms. */
  stillMs: number;
  /** Whether they have moved since they were first seen. */
  movedOnSource: boolean;
  movedOnTarget: boolean;
}

export function consumerActivities(
  dependencies: Pick<Dependencies, 'clusters'>,
): Pick<Activities, 'watchConsumers'> {
  return {
    async watchConsumers(input) {
      const { source, target } = input.migration;
      const consumers = new Consumers(dependencies.clusters(source), dependencies.clusters(target), input);
      return watch(
        input,
        consumersCarry,
        (moment) => consumers.probe(moment),
        heldBackOn(dependencies.clusters, input.migration),
      );
    },
  };
}

class Consumers {
  private readonly movers: Mover[];
  private readonly streak: Streak;
  private readonly sourceProbe: DrainProbe | undefined;
  private readonly targetProbe: DrainProbe | undefined;

  constructor(
    private readonly source: Cluster,
    private readonly target: Cluster,
    private readonly input: ConsumersInput,
  ) {
    const { migration, to, frozen = false, accepted = [], expected } = input;
    this.streak = new Streak(migration.waits.agreeing);
    const moves = input.groups.map((group) => {
      const move = migration.consumers.find((consumer) => consumer.group === group);
      if (!move)
        throw new FerryError(
          'BadInput',
          `The migration ${migration.name} names no consumer group ${group}: use one of ${listed(migration.consumers.map((consumer) => consumer.group))}.`,
        );
      return move;
    });
    this.movers = moves.map((move) => ({
      move,
      group: move.group,
      onTarget: targetGroup(move),
      sourceTopics: new Set(topicsOf(migration, move).map(({ name }) => name)),
      targetTopics: new Set(topicsOf(migration, move).map(targetName)),
    }));
    const isolationOf = new Map(moves.map(({ group, isolation }) => [group, isolation]));
    const readers = (side: 'source' | 'target') =>
      this.movers.map(({ group, onTarget, sourceTopics, targetTopics }) => ({
        group: side === 'source' ? group : onTarget,
        topics: [...(side === 'source' ? sourceTopics : targetTopics)],
        isolation: isolationOf.get(group) ?? 'read_uncommitted',
      }));
    if (to)
      this.sourceProbe = new DrainProbe(source, {
        readers: readers('source'),
        topics: migration.topics.map(({ name }) => name),
        to,
        frozen,
        accepted,
        patienceMs: waitMs(migration, 'patience'),
      });
    if (expected === 'moved')
      this.targetProbe = new DrainProbe(target, {
        readers: readers('target'),
        topics: [...new Set(this.movers.flatMap(({ targetTopics }) => [...targetTopics]))],
        patienceMs: waitMs(migration, 'patience'),
      });
  }

  async probe({
    carry,
    watchedMs,
    outOfPatience,
  }: Moment<ConsumersCarry>): Promise<Seen<ConsumersAnswer, ConsumersCarry>> {
    const [onSource, onTarget, sourceReading, targetReading] = await Promise.all([
      this.source.describeGroups(this.movers.map(({ group }) => group)),
      this.target.describeGroups(this.movers.map((mover) => mover.onTarget)),
      this.sourceProbe?.look(),
      this.targetProbe?.look(),
    ]);
    const grown = sourceReading?.grown[0];
    if (grown) return { answer: await grew(this.source, grown, { ...grown, frozenAt: grown.to }) };

    const committed = sumsOf(targetReading);
    const { commits, ...watched } = await this.selfAssigned(onSource, carry, watchedMs);
    const next: ConsumersCarry = { committed: carry?.committed ?? committed, ...watched };
    const seen = this.movers.map((mover) => {
      const source = valueOf(onSource, mover.group);
      const target = valueOf(onTarget, mover.onTarget);
      // What a mirror has brought along is read on the target, from the translated offset on.
      const short = isMirrored(this.input.migration.strategy)
        ? []
        : shortOf(mover.group, sourceReading, this.input);
      return {
        mover,
        target,
        short:
          membersReading(source, mover.sourceTopics).length === 0 && hasStopped(commits.get(mover.group))
            ? short
            : [],
        unmet: [
          ...this.unmetOnSource(mover, source, short, commits.get(mover.group)),
          ...this.unmetOnTarget(mover, target, commits.get(mover.group)),
          ...(targetReading && target.members.length > 0 && !hasMoved(mover, targetReading, next, committed)
            ? [
                `${mover.onTarget} has committed nothing new on ${this.target.name} and has records left there`,
              ]
            : []),
        ],
      };
    });
    const unmet = seen.flatMap((one) => one.unmet);
    const says = unmet.length > 0 ? listed(unmet) : 'as expected, looking again';

    const left = this.input.expected === 'reads-both' ? [] : seen.filter(({ short }) => short.length > 0);
    if (left.length > 0 || unmet.length === 0) {
      await this.checkTopics();
      const what = left.map(({ mover, short }) => `${mover.group} ${offsetsLeft(short)}`).join(' ');
      if (this.streak.saw(what))
        return {
          answer:
            left.length > 0
              ? { state: 'contradicted', sentence: left.map((one) => this.sayShort(one)).join(' ') }
              : {
                  state: 'agrees',
                  sentence: this.sayAgrees(onTarget, sourceReading),
                  data: this.evidence(onTarget, sourceReading),
                },
        };
      return { says, carry: next, confirming: true };
    }
    this.streak.broken();
    if (outOfPatience)
      return {
        answer: {
          state: 'contradicted',
          sentence: `Not seen within the patience of the migration: ${listed(unmet)}.`,
        },
      };
    return { says, carry: next };
  }

  /** Looks at the commits of groups whose members do not show whether they run. */
  private async selfAssigned(
    onSource: Rows<string, GroupFacts>,
    carry: ConsumersCarry | undefined,
    watchedMs: number,
  ): Promise<Pick<ConsumersCarry, 'began' | 'still'> & { commits: Map<string, Commits> }> {
    const watched = this.movers.flatMap((mover) => {
      const windowMs = stillWindowMs(this.input.migration, mover.move, valueOf(onSource, mover.group));
      return windowMs === undefined ? [] : [{ mover, windowMs }];
    });
    const commits = new Map<string, Commits>();
    if (watched.length === 0) return { commits };
    const [source, target] = await Promise.all([
      committedSums(
        this.source,
        new Map(watched.map(({ mover }) => [mover.group, mover.sourceTopics] as const)),
      ),
      committedSums(
        this.target,
        new Map(watched.map(({ mover }) => [mover.onTarget, mover.targetTopics] as const)),
      ),
    ]);
    const began: [string, { source: string; target: string }][] = [];
    const still: [string, { committed: string; sinceMs: number }][] = [];
    for (const { mover, windowMs } of watched) {
      const { group, onTarget } = mover;
      const now = { source: String(source.get(group) ?? 0n), target: String(target.get(onTarget) ?? 0n) };
      const first = under(carry?.began, group) ?? now;
      const before = under(carry?.still, group);
      const since = before?.committed === now.source ? before : { committed: now.source, sinceMs: watchedMs };
      began.push([group, first]);
      still.push([group, since]);
      commits.set(group, {
        windowMs,
        stillMs: watchedMs - since.sinceMs,
        movedOnSource: first.source !== now.source,
        movedOnTarget: BigInt(now.target) > BigInt(first.target),
      });
    }
    return { commits, began: Object.fromEntries(began), still: Object.fromEntries(still) };
  }

  private unmetOnSource(
    mover: Mover,
    facts: GroupFacts,
    short: readonly PartitionReading[],
    commits: Commits | undefined,
  ): string[] {
    const members = membersReading(facts, mover.sourceTopics);
    if (this.input.expected === 'reads-both') {
      if (commits && facts.members.length === 0)
        return commits.movedOnSource
          ? []
          : [sayUnmoved(mover.group, [...mover.sourceTopics], this.source.name)];
      const missing = topicsNobodyHas(facts, mover.sourceTopics);
      return missing.length > 0
        ? [`no member of ${mover.group} reads ${listed(missing)} on ${this.source.name}`]
        : [];
    }
    return [
      ...(members.length > 0
        ? [
            `${mover.group} still reads ${this.source.name}: ${listed(members.map((member) => describeMember(member, mover.sourceTopics)))}`,
          ]
        : []),
      ...(short.length > 0
        ? [`${mover.group} has ${records(offsetsLeft(short))} left on ${this.source.name}`]
        : []),
      ...(commits && !hasStopped(commits)
        ? [`${mover.group} ${sayStill(commits.stillMs, commits.windowMs)} on ${this.source.name}`]
        : []),
    ];
  }

  private unmetOnTarget(mover: Mover, facts: GroupFacts, commits: Commits | undefined): string[] {
    if (commits && facts.members.length === 0)
      return commits.movedOnTarget
        ? []
        : [sayUnmoved(mover.onTarget, [...mover.targetTopics], this.target.name)];
    if (facts.members.length === 0) return [`${mover.onTarget} has no member on ${this.target.name}`];
    const missing = topicsNobodyHas(facts, mover.targetTopics);
    return missing.length > 0
      ? [`no member of ${mover.onTarget} reads ${listed(missing)} on ${this.target.name}`]
      : [];
  }

  /** What was planned must still be what is there when it is answered. */
  private async checkTopics(): Promise<void> {
    const { migration, topicIds } = this.input;
    await plannedTopics(
      this.source,
      migration.topics.map(({ name }) => name),
      { topicIds },
    );
  }

  private sayShort({ mover, short }: { mover: Mover; short: readonly PartitionReading[] }): string {
    return `${mover.group} has left ${this.source.name} with ${records(offsetsLeft(short))} uncommitted on ${listed(short.map(partitionKey))}: they were not read, or processed without a commit. Start it there again until it has committed them, then switch it.`;
  }

  private sayAgrees(onTarget: Rows<string, GroupFacts>, sourceReading: DrainReading | undefined): string {
    return this.movers
      .map((mover) => {
        const members = membersReading(valueOf(onTarget, mover.onTarget), mover.targetTopics).length;
        const by = members === 0 ? 'as its commits show, which move' : `with ${count(members, 'member')}`;
        const there = `${listed([...mover.targetTopics])} on ${this.target.name} ${by}`;
        if (this.input.expected === 'reads-both') return `${mover.group} reads both clusters, ${there}.`;
        return `${mover.group} has left ${this.source.name} and reads ${there}.${sayLeft(leftOnSource(mover.group, sourceReading, this.input), this.source.name, this.input)}`;
      })
      .join(' ');
  }

  private evidence(onTarget: Rows<string, GroupFacts>, sourceReading: DrainReading | undefined) {
    return this.movers.map(({ group, onTarget: name, targetTopics }) => {
      const left = leftOnSource(group, sourceReading, this.input);
      return {
        group,
        membersOnTarget: membersReading(valueOf(onTarget, name), targetTopics).length,
        ...(sourceReading && { uncommittedOnSource: String(left.beyond) }),
        ...(left.unknown.length > 0 && { withoutCommitOnSource: left.unknown.map(partitionKey) }),
      };
    });
  }
}

/** Whether nothing says that it still reads the source; `undefined`: its members do. */
function hasStopped(commits: Commits | undefined): boolean {
  return commits === undefined || commits.stillMs >= commits.windowMs;
}

function sayUnmoved(group: string, topics: readonly string[], cluster: string): string {
  return `${group} has no member on ${cluster}, nor has a commit of its on ${listed(topics)} moved there, by which consumers show that assign partitions to themselves: where nothing is there for it to read, override this`;
}

function sumsOf(reading: DrainReading | undefined): Record<string, string> {
  return Object.fromEntries(
    (reading?.groups ?? []).map(({ group, partitions }) => [
      group,
      String(
        partitions.reduce((sum, { committed }) => sum + (typeof committed === 'bigint' ? committed : 0n), 0n),
      ),
    ]),
  );
}

/** It has committed more than at the first look, or there is nothing left that it could commit. */
function hasMoved(
  { onTarget }: Mover,
  reading: DrainReading,
  first: ConsumersCarry,
  now: Record<string, string>,
): boolean {
  if (BigInt(under(now, onTarget) ?? 0) > BigInt(under(first.committed, onTarget) ?? 0)) return true;
  return partitionsOfGroup(onTarget, reading).every((one) => passes(onTarget, one));
}
