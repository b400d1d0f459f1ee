import { z } from 'zod';
import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import {
  offsetAt,
  offsetTable,
  offsetTableShape,
  type SourceOffsets,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { MirrorLag, type PartitionLag } from './connect-lag.js';
import { mirrorOf } from './connect-workers.js';
import type { Dependencies } from '../kit/dependencies.js';
import { grew } from '../drain/growth.js';
import { endsTable, plannedCopies, plannedTopics } from '../topics/planned-topics.js';
import { valueOf } from '../kit/rows.js';
import { Streak } from '../kit/streak.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { stillness, whileItMoves } from '../mirror/stillness.js';
import { count, listed } from '../kit/wording.js';

type Input = Parameters<Activities['watchMirror']>[0];
type Answer = Exclude<Awaited<ReturnType<Activities['watchMirror']>>, { state: 'watching' }>;

const carried = z.object({
  /**
   * The last stable offsets of the source as they were `atMs`, in ms of watching, and where the target ended when they had
   * been copied: a mirror that keeps up has soon committed there what was here then.
   */
  mark: z
    .object({
      ends: offsetTableShape() as z.ZodType<SourceOffsets>,
      atMs: z.number(),
      copiedTo: (offsetTableShape() as z.ZodType<TargetOffsets>).nullable(),
    })
    .nullable(),
  still: stillness.optional(),
});
type Carried = z.infer<typeof carried>;

/** A mirror keeps up that has committed on the target within this time what the source had. */
const keepsUpWithinMs = 30_000;

/**
 * Watches until MirrorMaker has copied every record that a consumer could read on the source below `to`, acknowledged on
 * the target (promises, 8); without `to` until it has several times committed there within seconds what the source had. An
 * open transaction is no sign against that: with exactly-once MirrorMaker has one open most of the time.
 */
export function watchMirrorMaker(
  dependencies: Pick<Dependencies, 'clusters' | 'connects'>,
  input: Input,
): ReturnType<Activities['watchMirror']> {
  const { migration } = input;
  const { rest } = mirrorOf(dependencies, migration);
  const source = dependencies.clusters(migration.source);
  const watching = new MirrorWatch(
    source,
    dependencies.clusters(migration.target),
    new MirrorLag(source, rest, migration),
    input,
  );
  return watch<Answer, Carried>(
    input,
    carried,
    (moment) => watching.probe(moment),
    heldBackOn(dependencies.clusters, migration),
  );
}

class MirrorWatch {
  private readonly partitions: TopicPartition[];
  private readonly streak: Streak;

  constructor(
    private readonly source: Cluster,
    private readonly target: Cluster,
    private readonly lag: MirrorLag,
    private readonly input: Input,
  ) {
    this.partitions = Object.entries(input.partitions).flatMap(([topic, partitions]) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
    this.streak = new Streak(input.migration.waits.agreeing);
  }

  async probe({ carry, watchedMs }: Moment<Carried>): Promise<Seen<Answer, Carried>> {
    const { migration, topicIds, targetIds, to, frozen = false } = this.input;
    const topics = await plannedTopics(
      this.source,
      migration.topics.map(({ name }) => name),
      { topicIds, partitions: new Map(Object.entries(this.input.partitions)) },
    );
    await plannedCopies(this.target, this.input, topics, targetIds);
    // Of a mirror that is to keep up the first probe only takes down the ends.
    const mark = to ? null : (carry?.mark ?? null);
    const upTo = to ?? mark?.ends;
    const lag = await this.lag.look(this.partitions, upTo);
    const grown = frozen ? lag.find(({ highWatermark, end }) => highWatermark > end) : undefined;
    if (grown) return { answer: await grew(this.source, grown, { ...grown, frozenAt: grown.end }) };
    const fresh: Carried = { mark: to ? null : { ends: stableEnds(lag), atMs: watchedMs, copiedTo: null } };
    const behind = lag.filter(({ left }) => left > 0n);
    const late = mark !== null && watchedMs - mark.atMs > keepsUpWithinMs;
    if ((to || late) && behind.length > 0) this.streak.broken();
    if (upTo === undefined) return { says: sayBehind(behind, true), carry: fresh };
    if (behind.length > 0) {
      const at = lag.map(({ position }) => String(position)).join(' ');
      const says = sayBehind(behind, false);
      return whileItMoves<Carried>(migration, { says, carry: { mark }, at, before: carry?.still, watchedMs });
    }
    if (mark) return this.committed(mark, late, fresh);
    const mirrored = await this.mirroredEnds();
    if (typeof mirrored === 'string') return { says: mirrored, carry: fresh };
    if (!this.streak.saw('empty'))
      return { says: 'everything is copied, looking again', carry: fresh, confirming: true };
    return {
      answer: {
        state: 'caught-up',
        mirrored,
        sentence: `MirrorMaker has copied every record of ${this.source.name} up to the end: ${ends(lag)}.`,
      },
    };
  }

  /** Whether consumers of the target are given what was copied: its last stable offset has come to where it ended then. */
  private async committed(
    mark: NonNullable<Carried['mark']>,
    late: boolean,
    fresh: Carried,
  ): Promise<Seen<Answer, Carried>> {
    const marks = await this.target.watermarks(this.partitions);
    const copiedTo = mark.copiedTo ?? endsTable<'target'>(this.partitions, marks);
    const waiting = this.partitions.filter(
      (at) =>
        valueOf(marks, partitionKey(at)).lastStable < (offsetAt(copiedTo, at.topic, at.partition) ?? 0n),
    );
    if (waiting.length > 0) {
      if (late) this.streak.broken();
      return {
        says: `what was there is copied, and a transaction has yet to end on ${this.target.name}: ${listed(waiting.map(partitionKey))}`,
        carry: { mark: { ...mark, copiedTo } },
      };
    }
    if (late) this.streak.broken();
    else if (this.streak.saw('keeps up'))
      return {
        answer: {
          state: 'caught-up',
          mirrored: copiedTo,
          sentence: `MirrorMaker has copied the history and keeps up with ${this.source.name}.`,
        },
      };
    return { says: 'what was there is committed, looking again', carry: fresh };
  }

  /** The ends of the target, once no transaction of the mirror is being ended there; else what is waited for. */
  private async mirroredEnds(): Promise<TargetOffsets | string> {
    const marks = await this.target.watermarks(this.partitions);
    const open = this.partitions.filter((at) => {
      const { lastStable, highWatermark } = valueOf(marks, partitionKey(at));
      return lastStable < highWatermark;
    });
    if (open.length > 0)
      return `everything is copied; a transaction is still open on ${this.target.name}: ${listed(open.map(partitionKey))}`;
    return endsTable(this.partitions, marks);
  }
}

function stableEnds(lag: readonly PartitionLag[]): SourceOffsets {
  return offsetTable(
    lag.map(({ topic, partition, lastStable }) => ({ topic, partition, offset: lastStable })),
  );
}

function sayBehind(behind: readonly PartitionLag[], first: boolean): string {
  if (behind.length === 0) return first ? 'everything that is there is copied' : 'everything is copied';
  const left = behind.reduce((sum, one) => sum + one.left, 0n);
  const worst = behind.toSorted((a, b) => Number(b.left - a.left));
  return `up to ${count(left, 'record')} left to copy: ${listed(
    worst.map((one) => `${partitionKey(one)} is at offset ${one.position} of ${one.end}`),
    4,
  )}`;
}

function ends(lag: readonly PartitionLag[]): string {
  return listed(
    lag.map((one) => `${partitionKey(one)} to ${one.end}`),
    4,
  );
}
