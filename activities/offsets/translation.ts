import type { Refinement } from '../../src/connect/refine.js';
import {
  partitionKey,
  type Cluster,
  type Committed,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { under } from '../../src/migration/by-name.js';
import { formatDuration } from '../../src/migration/duration.js';
import { waitMs, type ConsumerMove } from '../../src/migration/file.js';
import { standing } from '../../src/migration/findings.js';
import { offsetAt } from '../../src/migration/offsets.js';
import { packTranslated, unpackTranslated } from '../../src/migration/translated.js';
import type { TranslatedGroup, TranslatedPosition as Translated } from '../../src/migration/work/offsets.js';
import type { Position } from '../connect/connect-offsets.js';
import { growthSince } from '../drain/growth.js';
import { valueOf } from '../kit/rows.js';
import { Streak } from '../kit/streak.js';
import type { Moment, Seen } from '../kit/watch.js';
import { count, digits, listed } from '../kit/wording.js';
import { plannedCopies } from '../topics/planned-topics.js';
import { readMetadata } from './commit-metadata.js';
import { CommitsThere } from './commits-there.js';
import { Committing } from './committing.js';
import { digestOf, GroupsOnSource, stillEach, type Standing } from './groups-on-source.js';
import { remembered } from './made-commits.js';
import { onTargetOf, type OnTarget } from './on-target.js';
import { Placing, type Asked, type Placed } from './placing.js';
import type { Still, TranslateAnswer, TranslateInput } from './translation-state.js';

/**
 * Watches until groups have stopped on the source, finds out where they are on the target, and commits it there. A
 * position that is not exact is a question, since the promises say that nothing is processed twice.
 */
export class Translation {
  private readonly streak: Streak;
  private readonly moves: ConsumerMove[];
  /** By group and partition on the source. */
  private readonly translatedBefore: ReadonlyMap<string, Translated>;
  private readonly onTarget: OnTarget;
  private readonly onSource: GroupsOnSource;

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
    this.onTarget = onTargetOf(migration);
    this.onSource = new GroupsOnSource(source, input, this.moves);
  }

  async probe(moment: Moment<Still>): Promise<Seen<TranslateAnswer, Still>> {
    const { carry, watchedMs, outOfPatience } = moment;
    const { groups, partitions, topics } = await this.onSource.standings();
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
    const { moving, unseen, reading } = await this.onSource.stillMoving(
      groups,
      ({ group }) => watchedMs - (under(still.each, group)?.sinceMs ?? watchedMs),
      (group, at, commit) => this.before(group, at, commit) !== undefined,
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
        says: `${this.onSource.sayStopped(groups, reading)}, looking again`,
        carry: still,
        confirming: true,
      };
    return this.translate(groups, still, moment);
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
    const unknown = asked.filter(({ known, commit }) => !known && commit);
    // Read after the commits: what a group has read is in the log by then, unless that was cut off since.
    const ends = unknown.length > 0 ? await this.source.watermarks(unknown) : new Map();
    const open: (Asked & Position)[] = [];
    const answers = new Map<string, Refinement | undefined>();
    for (const one of unknown) {
      const offset = one.commit?.offset ?? 0n;
      const end = valueOf<Watermarks>(ends, partitionKey(one)).highWatermark;
      if (offset > end) answers.set(keyOf(one), beyondEnd(end));
      else open.push({ ...one, committed: this.withinCopy(one, offset), names: namesIn(one.commit) });
    }
    const refined = await this.refine(open);
    for (const [at, one] of open.entries()) answers.set(keyOf(one), refined[at]);
    const behind = open.find((_, at) => isBehind(refined[at]));
    if (behind)
      return this.awaitMirror(
        `${behind.group} stopped at offset ${behind.committed} of ${partitionKey(behind)}: ${refined[open.indexOf(behind)]?.reason ?? ''}`,
        still,
        moment.watchedMs,
      );
    const marks = await this.target.watermarks(asked.map((at) => this.onTarget(at)));
    const before = await CommitsThere.read(
      this.target,
      this.input,
      this.moves,
      this.onTarget,
      asked,
      still.intended ?? [],
    );
    const placing = new Placing(this.source, this.target, this.onTarget);
    await placing.withoutCommit(asked);
    const placed = new Map<string, Placed[]>();
    for (const { move } of groups) {
      const partitions = asked
        .filter(({ group }) => group === move.group)
        .map((one) => {
          const log = valueOf(marks, partitionKey(this.onTarget(one)));
          return one.known
            ? placing.before(one, one.known, log.logStart, before.ownAt(one) !== undefined)
            : placing.anew(one, answers.get(keyOf(one)), log);
        });
      placed.set(move.group, partitions);
      placing.sayReasons(
        move.group,
        partitions.flatMap(({ one }) => {
          const answer = answers.get(keyOf({ ...one, group: move.group }));
          return one.certainty === 'at-least-once' && answer?.certainty === 'at-least-once'
            ? [{ ...one, reason: answer.reason }]
            : [];
        }),
      );
    }
    const findings = placing.findings();
    const unaccepted = () => standing(findings, this.input.accepted ?? []);
    if (unaccepted().length > 0) return { answer: { state: 'asks', findings: unaccepted() } };
    const translated = packTranslated(
      this.input.migration,
      [...placed].map(([group, partitions]) => ({ group, partitions: partitions.map(({ one }) => one) })),
      this.input.translated,
      still.intended,
    );
    const intended = eachOnce([...(still.intended ?? []), ...translated]);
    const { commits, live, there } = await moment.change({ ...still, intended }, () =>
      new Committing(this.source, this.target, this.input, this.moves, this.onTarget).commit(
        placed,
        intended,
        findings,
      ),
    );
    if (unaccepted().length > 0) {
      // What was committed for a group that runs there stands as it did: it is known by what was translated before.
      const stands = translated.filter(({ group }) => !live.has(group));
      return { answer: { state: 'asks', findings: unaccepted(), translated: stands } };
    }
    const ahead = [...placed].map(([group, partitions]) => ({
      group,
      records: partitions.reduce((sum, { one }) => {
        const end = valueOf(marks, partitionKey(this.onTarget(one))).highWatermark;
        const next = there.ownAt({ ...one, group })?.offset ?? BigInt(one.target);
        return sum + (end > next ? end - next : 0n);
      }, 0n),
    }));
    const goOn = this.sentence(placed, there, { commits, ahead });
    return { answer: { state: 'translated', translated, sentence: goOn } };
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

  /** What was translated before holds as long as the group has not moved on the source. */
  private before(group: string, at: TopicPartition, commit: Committed | undefined): Translated | undefined {
    const one = this.translatedBefore.get(`${group} ${partitionKey(at)}`);
    // A commit of a group without members expires: that is no other position.
    const same =
      !commit ||
      (one?.source === String(commit.offset) && (one.metadata ?? '') === remembered(commit.metadata));
    return same ? one : undefined;
  }

  private sentence(
    placed: ReadonlyMap<string, readonly Placed[]>,
    there: CommitsThere,
    { commits, ahead }: { commits: number; ahead: readonly { group: string; records: bigint }[] },
  ): string {
    const all = [...placed].flatMap(([group, partitions]) =>
      partitions.map(({ one }) => ({ ...one, group })),
    );
    const translated = all.filter((one) => there.ownAt(one) === undefined);
    const exact = translated.filter(({ certainty }) => certainty === 'exact').length;
    const own = all.length - translated.length;
    const positions = [
      ...(translated.length > 0 || own === 0
        ? [
            `${exact} of ${count(translated.length, 'position')} exact${exact < translated.length ? ', the others at least once' : ''}`,
          ]
        : []),
      ...(own > 0 ? [`${count(own, 'position')} where a group has committed itself`] : []),
    ];
    return `${listed([...placed.keys()])} can go on on ${this.target.name}: ${positions.join(', ')}, ${commits} committed now, each read back. Ahead of them lie up to ${listed(ahead.map(({ group, records }) => `${digits(records)} (${group})`))} records; what a group had processed without a commit is among them.`;
  }
}

const keyOf = (one: TopicPartition & { group: string }): string => `${one.group} ${partitionKey(one)}`;

function namesIn(commit: Committed | undefined): bigint {
  const said = readMetadata(commit?.metadata ?? '');
  return said.kind === 'parallel-consumer' ? said.names : 0n;
}

const beyondEnd = (end: bigint): Refinement => ({
  certainty: 'unknown',
  behind: false,
  reason: `the log there ends at ${end}: it was cut off after the group had read it, or is another one by now, and what came after the cut the group has not read`,
});

/** An attempt that intends what one before it did says nothing new. */
function eachOnce(groups: readonly TranslatedGroup[]): TranslatedGroup[] {
  return [...new Map(groups.map((one) => [JSON.stringify(one), one])).values()];
}

function isBehind(answer: Refinement | undefined): boolean {
  return answer?.certainty === 'unknown' && answer.behind;
}
