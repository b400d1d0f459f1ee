import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Refinement } from '../../src/connect/refine.js';
import {
  partitionKey,
  type Cluster,
  type Committed,
  type GroupFacts,
  type TopicFacts,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { tableOf, under } from '../../src/migration/by-name.js';
import { offsetAt } from '../../src/migration/offsets.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { targetGroup, targetName, topicsOf, waitMs, type ConsumerMove } from '../../src/migration/file.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { positionsShape } from '../../src/migration/positions.js';
import { packTranslated, unpackTranslated } from '../../src/migration/translated.js';
import type { TranslatedGroup, TranslatedPosition as Translated } from '../../src/migration/work/offsets.js';
import type { Position } from '../connect/connect-offsets.js';
import { growthSince } from '../drain/growth.js';
import { readersOf } from '../drain/drain-findings.js';
import { passes, probeDrain } from '../drain/drain-probe.js';
import { readCommitted } from '../groups/group-reading.js';
import { describeMember, membersReading } from '../groups/membership.js';
import { sayStill, stillWindowMs } from '../groups/self-assigned.js';
import { readMetadata } from './commit-metadata.js';
import { hasOldMark, isAsMade, madeOf, recalled, remembered } from './made-commits.js';
import { MetadataLeftOut } from './metadata-left-out.js';
import { partitionsIn, plannedCopies, plannedTopics } from '../topics/planned-topics.js';
import { lastingAt, valueIfThere, valueOf } from '../kit/rows.js';
import { Streak } from '../kit/streak.js';
import type { Moment, Seen } from '../kit/watch.js';
import { asking, blocking } from '../kit/weights.js';
import { count, digits, listed } from '../kit/wording.js';

export type TranslateInput = Parameters<Activities['translateGroups']>[0];
export type TranslateAnswer = Exclude<
  Awaited<ReturnType<Activities['translateGroups']>>,
  { state: 'watching' }
>;

const positionOfBefore = z.object({
  topic: z.string(),
  partition: z.number(),
  source: z.string().nullable(),
  target: z.string(),
  certainty: z.enum(['exact', 'at-least-once']),
  metadata: z.string().optional(),
  without: z.literal(true).optional(),
});

/** Where the groups are on the source (a digest), and since when, in ms of watching. */
export const stillShape = z.object({
  positions: z.string(),
  sinceMs: z.number(),
  /** A position that the mirror has not come to, how far it is, and since when, in ms of watching. */
  behind: z.object({ says: z.string(), sinceMs: z.number() }).optional(),
  /** The same of each group, its offsets added up. */
  each: tableOf(z.object({ committed: z.string(), sinceMs: z.number() })).optional(),
  /** What attempts were about to commit. */
  intended: z
    .array(
      z.object({
        group: z.string(),
        positions: positionsShape.optional(),
        partitions: z.array(positionOfBefore).optional(),
      }),
    )
    .optional(),
});
export type Still = z.infer<typeof stillShape>;

/** One partition of one group, on the source. */
interface Asked extends TopicPartition {
  group: string;
  move: ConsumerMove;
  commit: Committed | undefined;
  /** What was translated before, if it holds. */
  known: Translated | undefined;
}

/** Where one group goes on in one partition, and what is committed there beside the offset. */
interface Placed {
  one: Translated;
  metadata: string;
  /** It was translated before, and the group has not moved on the source since. */
  known: boolean;
}

interface Standing {
  move: ConsumerMove;
  partitions: TopicPartition[];
  /** On the source. */
  committed: ReadonlyMap<string, Committed>;
}

/**
 * Watches until groups have stopped on the source, finds out where they are on the target, and commits it there. A
 * position that is not exact is a question, since the promises say that nothing is processed twice.
 */
export class Translation {
  private readonly streak: Streak;
  private readonly moves: ConsumerMove[];
  /** By group and partition on the source. */
  private readonly translatedBefore: ReadonlyMap<string, Translated>;
  /** By name on the source. */
  private readonly targetNames: ReadonlyMap<string, string>;

  constructor(
    private readonly input: TranslateInput,
    private readonly source: Cluster,
    private readonly target: Cluster,
    /** Where each position is on the target, one answer for each. */
    private readonly refine: (positions: readonly Position[]) => Promise<Refinement[]>,
  ) {
    const { migration, groups } = input;
    this.streak = new Streak(migration.waits.agreeing);
    this.moves = migration.consumers.filter(({ group }) => groups.includes(group));
    this.translatedBefore = new Map(
      unpackTranslated(migration, input.translated).flatMap(({ group, partitions }) =>
        partitions.map((at): [string, Translated] => [`${group} ${partitionKey(at)}`, at]),
      ),
    );
    this.targetNames = new Map(migration.topics.map((move) => [move.name, targetName(move)]));
  }

  async probe(moment: Moment<Still>): Promise<Seen<TranslateAnswer, Still>> {
    const { carry, watchedMs, outOfPatience } = moment;
    const { groups, partitions, topics } = await this.standings();
    await plannedCopies(this.target, this.input, topics);
    const { copied } = this.input;
    // Looked at after the commits: what a group has read is in the log by then.
    const grown = copied?.frozen ? await growthSince(this.source, copied.to, partitions) : undefined;
    if (grown) return { answer: grown };
    const positions = digestOf(groups);
    const still: Still = {
      ...(carry?.positions === positions ? carry : { ...carry, positions, sinceMs: watchedMs }),
      each: stillEach(groups, carry, watchedMs),
    };
    const stillMs = watchedMs - still.sinceMs;
    const { moving, unseen, reading } = await this.stillMoving(
      groups,
      ({ group }) => watchedMs - (under(still.each, group)?.sinceMs ?? watchedMs),
    );
    if (unseen !== undefined) {
      this.streak.broken();
      // Who reads on with members may do so for longer than that.
      return outOfPatience && moving === undefined
        ? {
            answer: {
              state: 'contradicted',
              sentence: `${unseen}, for all the patience of the migration: stop it there.`,
            },
          }
        : { says: moving === undefined ? unseen : `${moving}; ${unseen}`, carry: still };
    }
    if (moving !== undefined) {
      this.streak.broken();
      return stillMs >= waitMs(this.input.migration, 'patience')
        ? {
            answer: {
              state: 'contradicted',
              sentence: `${moving}, and has committed nothing for ${formatDuration(stillMs)}, short of the end: stop it there, or let it read on.`,
            },
          }
        : { says: moving, carry: still };
    }
    if (!this.streak.saw(positions))
      return {
        says: `${this.sayStopped(groups, reading)}, looking again`,
        carry: still,
        confirming: true,
      };
    return this.translate(groups, still, moment);
  }

  private async standings(): Promise<{
    groups: Standing[];
    partitions: TopicPartition[];
    topics: TopicFacts[];
  }> {
    const { migration, topicIds } = this.input;
    const topics = await plannedTopics(
      this.source,
      migration.topics.map(({ name }) => name),
      { topicIds },
    );
    const wanted = new Map(
      this.moves.map((move) => {
        const names = new Set(topicsOf(migration, move).map(({ name }) => name));
        return [move.group, partitionsIn(topics.filter(({ name }) => names.has(name)))] as const;
      }),
    );
    const committed = await readCommitted(this.source, [...wanted.keys()], wanted);
    const groups = this.moves.map((move) => ({
      move,
      partitions: wanted.get(move.group) ?? [],
      committed: valueIfThere(committed, move.group) ?? new Map<string, never>(),
    }));
    return { groups, partitions: partitionsIn(topics), topics };
  }

  /**
   * Who may still commit on the source; a group that has read everything there may stay. `unseen` are groups without a
   * member whose commits have not been still for long enough, `reading` those that have members there.
   */
  private async stillMoving(
    groups: readonly Standing[],
    stillMs: (move: ConsumerMove) => number,
  ): Promise<{ moving?: string; unseen?: string; reading: readonly string[] }> {
    const described = await this.source.describeGroups(groups.map(({ move }) => move.group));
    const hidden = groups.flatMap(({ move, partitions, committed }) => {
      const windowMs = stillWindowMs(this.input.migration, move, valueOf(described, move.group));
      if (windowMs === undefined || stillMs(move) >= windowMs) return [];
      // Where it was translated before, it has been still since then.
      const moved = partitions.some((at) => !this.before(move.group, at, committed.get(partitionKey(at))));
      return moved ? [{ group: move.group, says: sayStill(stillMs(move), windowMs) }] : [];
    });
    const live = groups.flatMap(({ move, partitions }) => {
      const facts: GroupFacts = valueOf(described, move.group);
      const topics = new Set(partitions.map(({ topic }) => topic));
      const members = membersReading(facts, topics);
      return members.length > 0 ? [{ group: move.group, members, topics }] : [];
    });
    if (live.length === 0 && hidden.length === 0) return { reading: [] };
    const { ends, migration, accepted } = this.input;
    const drained = new Set<string>();
    if (ends) {
      const names = new Set([...live, ...hidden].map(({ group }) => group));
      const reading = await probeDrain(this.source, {
        readers: readersOf(migration).filter(({ group }) => names.has(group)),
        topics: migration.topics.map(({ name }) => name),
        to: ends,
        ...(accepted && { accepted }),
      });
      for (const { group, partitions } of reading.groups)
        if (partitions.every((one) => passes(group, one, accepted))) drained.add(group);
    }
    const moving = live.filter(({ group }) => !drained.has(group));
    const unseen = hidden
      .filter(({ group }) => !drained.has(group) && !moving.some((one) => one.group === group))
      .slice(0, 3)
      .map(({ group, says }) => `${group} ${says} on ${this.source.name}`);
    return {
      reading: live.map(({ group }) => group),
      ...(moving.length > 0 && { moving: this.sayMembers(moving) }),
      ...(unseen.length > 0 && { unseen: unseen.join('; ') }),
    };
  }

  /** A group that has read everything may keep its members there: it has not stopped. */
  private sayStopped(groups: readonly Standing[], reading: readonly string[]): string {
    const stopped = groups.map(({ move }) => move.group).filter((group) => !reading.includes(group));
    return [
      ...(stopped.length > 0 ? [`${listed(stopped)} stopped on ${this.source.name}`] : []),
      ...(reading.length > 0
        ? [
            `${listed(reading)} ${reading.length === 1 ? 'has' : 'have'} read ${this.source.name} to its end and still ${reading.length === 1 ? 'has' : 'have'} members there`,
          ]
        : []),
    ].join(', ');
  }

  private sayMembers(
    moving: readonly { group: string; members: GroupFacts['members']; topics: ReadonlySet<string> }[],
  ): string {
    return moving
      .slice(0, 3)
      .map(({ group, members, topics }) => {
        const [first] = members;
        return `${group} has ${count(members.length, 'member')} on ${this.source.name}${first ? `: ${describeMember(first, topics)}` : ''}`;
      })
      .join('; ');
  }

  private async translate(
    groups: readonly Standing[],
    still: Still,
    moment: Moment<Still>,
  ): Promise<Seen<TranslateAnswer, Still>> {
    const asked = groups.flatMap(({ move, partitions, committed }) =>
      partitions.map((at): Asked => {
        const commit = committed.get(partitionKey(at));
        return { ...at, group: move.group, move, commit, known: this.before(move.group, at, commit) };
      }),
    );
    const open = asked.flatMap((one) => {
      if (one.known || !one.commit) return [];
      const said = readMetadata(one.commit.metadata);
      return [
        {
          ...one,
          committed: this.withinCopy(one, one.commit.offset),
          names: said.kind === 'parallel-consumer' ? said.names : 0n,
        },
      ];
    });
    const refined = await this.refine(open);
    const answers = new Map(open.map((one, at) => [`${one.group} ${partitionKey(one)}`, refined[at]]));
    const behind = open.find((_, at) => isBehind(refined[at]));
    if (behind)
      return this.awaitMirror(
        `${behind.group} stopped at offset ${behind.committed} of ${partitionKey(behind)}: ${refined[open.indexOf(behind)]?.reason ?? ''}`,
        still,
        moment.watchedMs,
      );
    const marks = await this.target.watermarks(asked.map((at) => this.onTarget(at)));
    const findings: Finding[] = await this.withoutCommit(asked);
    const leftOut = new MetadataLeftOut(this.source.name, this.target.name);
    const placed = new Map<string, Placed[]>();
    for (const { move } of groups) {
      const partitions = asked
        .filter(({ group }) => group === move.group)
        .map((one) => {
          const log = valueOf(marks, partitionKey(this.onTarget(one)));
          return one.known
            ? this.placedBefore(one, one.known, log.logStart, findings, leftOut)
            : this.place(one, answers.get(`${move.group} ${partitionKey(one)}`), log, findings, leftOut);
        });
      placed.set(move.group, partitions);
      const reasoned = partitions.flatMap(({ one }) => {
        const answer = answers.get(`${move.group} ${partitionKey(one)}`);
        return one.certainty === 'at-least-once' && answer?.certainty === 'at-least-once'
          ? [{ ...one, reason: answer.reason }]
          : [];
      });
      if (reasoned[0])
        findings.push(
          asking(
            `offset-at-least-once:${move.group}`,
            `${move.group} can go on at ${listed(reasoned.map((one) => `${partitionKey(one)} offset ${one.target}`))} on ${this.target.name} without leaving a record out, but may get some again that it has processed: ${reasoned[0].reason}. Accept that, or abort.`,
          ),
        );
    }
    findings.push(...leftOut.findings());
    const unaccepted = () => standing(findings, this.input.accepted ?? []);
    if (unaccepted().length > 0) return { answer: { state: 'asks', findings: unaccepted() } };
    const translated = packTranslated(
      this.input.migration,
      [...placed].map(([group, partitions]) => ({ group, partitions: partitions.map(({ one }) => one) })),
      this.input.translated,
      still.intended,
    );
    const intended = eachOnce([...(still.intended ?? []), ...translated]);
    const committed = await moment.change({ ...still, intended }, () =>
      this.commit(placed, intended, findings),
    );
    if (unaccepted().length > 0) return { answer: { state: 'asks', findings: unaccepted(), translated } };
    const ahead = [...placed].map(([group, partitions]) => ({
      group,
      records: partitions.reduce((sum, { one }) => {
        const end = valueOf(marks, partitionKey(this.onTarget(one))).highWatermark;
        return sum + (end > BigInt(one.target) ? end - BigInt(one.target) : 0n);
      }, 0n),
    }));
    return {
      answer: { state: 'translated', translated, sentence: this.sentence(placed, committed, ahead) },
    };
  }

  /** The mirror is waited for as long as it moves. */
  private awaitMirror(says: string, still: Still, watchedMs: number): Seen<TranslateAnswer, Still> {
    const behind = still.behind?.says === says ? still.behind : { says, sinceMs: watchedMs };
    const stuckMs = watchedMs - behind.sinceMs;
    if (stuckMs < waitMs(this.input.migration, 'patience')) return { says, carry: { ...still, behind } };
    return {
      answer: {
        state: 'contradicted',
        sentence: `${says}, and came no further within ${formatDuration(stuckMs)}: see that the mirror runs, then try again.`,
      },
    };
  }

  /** What lies behind the end of a mirror that has stopped is not on the target: a group that read it goes on at the end. */
  private withinCopy({ topic, partition }: TopicPartition, offset: bigint): bigint {
    const end = this.input.copied && offsetAt(this.input.copied.to, topic, partition);
    return end !== undefined && end < offset ? end : offset;
  }

  /**
   * Where a group has committed nothing, `auto.offset.reset` of its consumers decides where they begin, and nobody but the
   * file can say what that is. A partition that holds nothing has one beginning.
   */
  private async withoutCommit(asked: readonly Asked[]): Promise<Finding[]> {
    const open = asked.filter(
      ({ known, commit, move }) => !known && !commit && move.autoOffsetReset === undefined,
    );
    if (open.length === 0) return [];
    const marks = await this.source.watermarks(open);
    const held = open.filter((at) => {
      const { logStart, highWatermark } = valueOf(marks, partitionKey(at));
      return highWatermark > logStart;
    });
    return [...new Set(held.map(({ group }) => group))].map((group) => {
      const of = held.filter((one) => one.group === group).map(partitionKey);
      return asking(
        `no-commit-to-translate:${group}:${of.length}`,
        `${group} has committed nothing on ${listed(of)} of ${this.source.name}, which ${of.length === 1 ? 'holds' : 'hold'} records, so that auto.offset.reset of its consumers decides where they begin: accept that it begins at the first record on ${this.target.name}, or say autoOffsetReset in the file.`,
      );
    });
  }

  /** @param first where the log begins on the target */
  private placedBefore(
    { move, commit, topic, partition }: Asked,
    known: Translated,
    first: bigint,
    findings: Finding[],
    leftOut: MetadataLeftOut,
  ): Placed {
    const expired = BigInt(known.target) < first;
    if (expired) findings.push(this.expired(move, { topic, partition }, BigInt(known.target), first));
    // A group that is gone for long has no commit on the source any more.
    const metadata = commit?.metadata ?? recalled(known.metadata ?? '');
    const goesAlong = !known.without && leftOut.goesAlong(move.group, known, metadata, !expired);
    return placedWith(
      expired ? { ...known, target: String(first) } : known,
      goesAlong ? metadata : undefined,
      true,
    );
  }

  private place(
    { move, commit, topic, partition }: Asked,
    answer: Refinement | undefined,
    { logStart: first, highWatermark: end }: Watermarks,
    findings: Finding[],
    leftOut: MetadataLeftOut,
  ): Placed {
    // Without a commit there is nothing to translate: it begins where its consumers do, as said or accepted.
    if (!commit || !answer) {
      const target = String(move.autoOffsetReset === 'latest' ? end : first);
      return placedWith({ topic, partition, source: null, target, certainty: 'exact' }, '', false);
    }
    const said = remembered(commit.metadata);
    const at = {
      ...{ topic, partition, source: String(commit.offset) },
      ...(said !== '' && { metadata: said }),
    };
    if (answer.certainty === 'unknown') {
      const key = partitionKey({ topic, partition });
      findings.push(
        asking(
          `offset-unknown:${move.group}:${key}`,
          `Where ${move.group} is on ${this.target.name} for ${key} cannot be told from offset ${commit.offset} on ${this.source.name}: ${answer.reason}. Accept that it begins at the first record there (${first}), or abort.`,
        ),
      );
      const goesAlong = leftOut.goesAlong(move.group, at, commit.metadata, false);
      return placedWith(
        { ...at, target: String(first), certainty: 'at-least-once' },
        goesAlong ? commit.metadata : undefined,
        false,
      );
    }
    const { target, certainty, together = false } = answer;
    const expired = target < first;
    if (expired) findings.push(this.expired(move, at, target, first));
    const same = certainty === 'exact' && !expired && together;
    const goesAlong = leftOut.goesAlong(move.group, at, commit.metadata, same);
    return placedWith(
      { ...at, target: String(expired ? first : target), certainty },
      goesAlong ? commit.metadata : undefined,
      false,
    );
  }

  private onTarget({ topic, partition }: TopicPartition): TopicPartition {
    return { topic: this.targetNames.get(topic) ?? topic, partition };
  }

  /** The target's retention took what the group has yet to read: an offset before the log would be decided by the client. */
  private expired(move: ConsumerMove, at: TopicPartition, target: bigint, first: bigint): Finding {
    return asking(
      `expired-on-target:${targetGroup(move)}:${partitionKey(this.onTarget(at))}`,
      `${partitionKey(this.onTarget(at))} on ${this.target.name} has lost ${count(first - target, 'offset')} to its retention before ${targetGroup(move)} could read them: accept the loss, and the group starts at what is left.`,
    );
  }

  /** What was translated before holds as long as the group has not moved on the source. */
  private before(group: string, at: TopicPartition, commit: Committed | undefined): Translated | undefined {
    const one = this.translatedBefore.get(`${group} ${partitionKey(at)}`);
    // A commit of a group without members expires: that is no other position.
    const same =
      !commit ||
      (one?.source === String(commit.offset) && (one.metadata ?? '') === remembered(commit.metadata));
    return same ? one : undefined;
  }

  /** Commits what is not there yet. A commit of the group's own, and a group that has members there, are left alone. */
  private async commit(
    placed: ReadonlyMap<string, readonly Placed[]>,
    intended: readonly TranslatedGroup[],
    findings: Finding[],
  ): Promise<number> {
    const targets = new Map(this.moves.map((move) => [move.group, targetGroup(move)]));
    const ids = [...targets.values()];
    if (ids.length === 0) return 0;
    const wanted = new Map(
      [...placed].map(([group, partitions]) => [
        targets.get(group) ?? group,
        partitions.map(({ one }) => this.onTarget(one)),
      ]),
    );
    const [described, rows] = await Promise.all([
      this.target.describeGroups(ids),
      readCommitted(this.target, ids, wanted),
    ]);
    const allMade = this.made(intended);
    let commits = 0;
    for (const [group, partitions] of placed) {
      const id = targets.get(group) ?? group;
      const there = valueIfThere(rows, id) ?? new Map<string, Committed>();
      const foundAt = ({ one }: Placed) => there.get(partitionKey(this.onTarget(one)));
      const made = allMade.get(group);
      const own = partitions.filter((at) => {
        const found = foundAt(at);
        return (
          found !== undefined &&
          !hasOldMark(found, this.input.migration.name) &&
          !(made?.get(partitionKey(at.one)) ?? []).some((one) => isAsMade(found, madeOf(one)))
        );
      });
      const moved = own.filter(({ known }) => !known);
      if (moved[0])
        findings.push(
          asking(
            `group-on-both:${group}`,
            `${group} has committed offsets of its own on ${this.target.name} for ${listed(moved.map(({ one }) => partitionKey(this.onTarget(one))))}${this.input.translated.some((one) => one.group === group) ? `, and has moved on ${this.source.name} since its offsets were translated: it has been alive on both` : ''}. They are not overwritten: accept that it goes on from them, or delete them and retry.`,
          ),
        );
      if (valueOf(described, id).members.length > 0) continue;
      const missing = partitions.filter((at) => {
        const found = foundAt(at);
        return (
          !own.includes(at) && !(String(found?.offset) === at.one.target && found?.metadata === at.metadata)
        );
      });
      if (missing.length === 0) continue;
      const answers = await this.target.commitOffsets(
        id,
        missing.map(({ one, metadata }) => ({
          ...this.onTarget(one),
          offset: BigInt(one.target),
          metadata,
        })),
      );
      const refused = [...answers.keys()].flatMap((key) => lastingAt(answers, key).error ?? [])[0];
      if (refused) findings.push(blocking(`offsets-refused:${id}`, refused.message));
      else commits += missing.length;
    }
    return commits;
  }

  /** What this migration has committed, or was about to, by group and by partition of the source. */
  private made(intended: readonly TranslatedGroup[]): Map<string, Map<string, Translated[]>> {
    const all = new Map<string, Map<string, Translated[]>>();
    for (const one of unpackTranslated(this.input.migration, [...this.input.translated, ...intended])) {
      const made = all.get(one.group) ?? new Map<string, Translated[]>();
      for (const at of one.partitions) {
        const key = partitionKey(at);
        made.set(key, [...(made.get(key) ?? []), at]);
      }
      all.set(one.group, made);
    }
    return all;
  }

  private sentence(
    placed: ReadonlyMap<string, readonly Placed[]>,
    committed: number,
    ahead: readonly { group: string; records: bigint }[],
  ): string {
    const all = [...placed.values()].flat();
    const exact = all.filter(({ one }) => one.certainty === 'exact').length;
    return `${listed([...placed.keys()])} can go on on ${this.target.name}: ${exact} of ${count(all.length, 'position')} exact${exact < all.length ? ', the others at least once' : ''}, ${committed} committed now, each read back. Ahead of them lie up to ${listed(ahead.map(({ group, records }) => `${digits(records)} (${group})`))} records; what a group had processed without a commit is among them.`;
  }
}

/** Changes when a group commits anything. */
function digestOf(groups: readonly Standing[]): string {
  const hash = createHash('sha256');
  for (const { move, committed } of groups) {
    hash.update(`${JSON.stringify(move.group)}\n`);
    for (const [key, { offset, metadata }] of committed)
      hash.update(`${key} ${offset}${remembered(metadata)}\n`);
  }
  return hash.digest('base64');
}

/** An attempt that intends what one before it did says nothing new. */
function eachOnce(groups: readonly TranslatedGroup[]): TranslatedGroup[] {
  return [...new Map(groups.map((one) => [JSON.stringify(one), one])).values()];
}

/** Since when each group has had what it has committed, in ms of watching. */
function stillEach(groups: readonly Standing[], before: Still | undefined, watchedMs: number): Still['each'] {
  return Object.fromEntries(
    groups.map(({ move: { group }, committed }) => {
      const sum = String([...committed.values()].reduce((all, { offset }) => all + offset, 0n));
      const known = under(before?.each, group);
      return [group, known?.committed === sum ? known : { committed: sum, sinceMs: watchedMs }];
    }),
  );
}

function isBehind(answer: Refinement | undefined): boolean {
  return answer?.certainty === 'unknown' && answer.behind;
}

/** @param metadata `undefined`: left out. */
function placedWith(one: Translated, metadata: string | undefined, known: boolean): Placed {
  return {
    one: metadata === undefined ? { ...one, without: true } : one,
    metadata: metadata ?? '',
    known,
  };
}
