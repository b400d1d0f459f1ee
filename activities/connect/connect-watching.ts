import { z } from 'zod';
import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import {
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
import { endsTable, plannedTopics } from '../topics/planned-topics.js';
import { valueOf } from '../kit/rows.js';
import { Streak } from '../kit/streak.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { count, listed } from '../kit/wording.js';

type Input = Parameters<Activities['watchMirror']>[0];
type Answer = Exclude<Awaited<ReturnType<Activities['watchMirror']>>, { state: 'watching' }>;

/** The last stable offsets of the probe before: a mirror that keeps up has copied what was there then. */
const carried = z.object({ ends: (offsetTableShape as z.ZodType<SourceOffsets>).nullable() });
type Carried = z.infer<typeof carried>;

/**
 * Watches until MirrorMaker has copied every record that a consumer could read on the source below `to`, acknowledged on
 * the target (promises, 8); without `to` until it has copied at each probe what was there at the probe before.
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

  async probe({ carry }: Moment<Carried>): Promise<Seen<Answer, Carried>> {
    const { migration, topicIds, to, frozen = false } = this.input;
    await plannedTopics(
      this.source,
      migration.topics.map(({ name }) => name),
      { topicIds, partitions: new Map(Object.entries(this.input.partitions)) },
    );
    // Of a mirror that is to keep up the first probe only takes down the ends.
    const upTo = to ?? carry?.ends ?? undefined;
    const lag = await this.lag.look(this.partitions, upTo);
    const grown = frozen ? lag.find(({ highWatermark, end }) => highWatermark > end) : undefined;
    if (grown) return { answer: await grew(this.source, grown, { ...grown, frozenAt: grown.end }) };
    const next: Carried = { ends: to ? null : stableEnds(lag) };
    const behind = lag.filter(({ left }) => left > 0n);
    if (upTo === undefined || behind.length > 0) {
      this.streak.broken();
      return { says: sayBehind(behind, upTo === undefined), carry: next };
    }
    const mirrored = await this.mirroredEnds();
    if (typeof mirrored === 'string') return { says: mirrored, carry: next };
    if (!this.streak.saw(to ? 'empty' : 'keeps up'))
      return { says: 'everything is copied, looking again', carry: next, confirming: true };
    return {
      answer: {
        state: 'caught-up',
        mirrored,
        sentence: to
          ? `MirrorMaker has copied every record of ${this.source.name} up to the end: ${ends(lag)}.`
          : `MirrorMaker has copied the history and keeps up with ${this.source.name}.`,
      },
    };
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
