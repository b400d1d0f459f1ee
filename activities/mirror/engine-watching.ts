import { z } from 'zod';
import { partitionKey, type Cluster, type Rows, type Watermarks } from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { targetName } from '../../src/migration/file.js';
import {
  offsetAt,
  offsetTable,
  offsetTableShape,
  type SourceOffsets,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { readPositions, type MirrorPosition } from '../../src/mirror/map-topic.js';
import type { MirroredPartition } from '../../src/mirror/plan.js';
import type { Dependencies } from '../kit/dependencies.js';
import { growthSince } from '../drain/growth.js';
import { plannedCopies, plannedTopics } from '../topics/planned-topics.js';
import { valueOf } from '../kit/rows.js';
import { Streak } from '../kit/streak.js';
import { copyPace, restWhileFar, type Left } from './copy-pace.js';
import { stillness, whileItMoves } from './stillness.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { digits, listed } from '../kit/wording.js';

type Input = Parameters<Activities['watchMirror']>[0];
type Answer = Exclude<Awaited<ReturnType<Activities['watchMirror']>>, { state: 'watching' }>;

const carried = z.object({
  /** The ends as they were `atMs`, in ms of watching: a mirror that keeps up has soon copied what was there then. */
  mark: z.object({ ends: offsetTableShape() as z.ZodType<SourceOffsets>, atMs: z.number() }).nullable(),
  /** How much was left at an earlier probe, and when that was, in ms of watching. */
  left: z.object({ offsets: z.number(), atMs: z.number() }).nullable(),
  still: stillness.optional(),
});
type Carried = z.infer<typeof carried>;

/** The map is read whole, so a large one is read less often: this many times as long is waited as the reading took. */
const restFactor = 5;
/** A mirror keeps up that has stored within this time what was there at its beginning; it stores its place every second. */
const keepsUpWithinMs = 10_000;

/**
 * Watches until the engine has copied every record that a consumer could read on the source below `to`, acknowledged on
 * the target (promises, 8); without `to` until it has several times copied within seconds what was there before. What the
 * engine has stored on the target counts, not what it says.
 */
export function watchEngine(
  { clusters }: Pick<Dependencies, 'clusters'>,
  input: Input,
): ReturnType<Activities['watchMirror']> {
  const { migration } = input;
  const watching = new EngineWatch(clusters(migration.source), clusters(migration.target), input);
  return watch<Answer, Carried>(
    input,
    carried,
    (moment) => watching.probe(moment),
    heldBackOn(clusters, migration),
  );
}

class EngineWatch {
  private readonly partitions: MirroredPartition[];
  private readonly streak: Streak;
  private positions: ReadonlyMap<string, MirrorPosition> = new Map();
  private readAgainAt = 0;
  private restMs = 0;

  constructor(
    private readonly source: Cluster,
    private readonly target: Cluster,
    private readonly input: Input,
  ) {
    const names = new Map(input.migration.topics.map((move) => [move.name, targetName(move)]));
    this.partitions = Object.entries(input.partitions).flatMap(([topic, partitions]) =>
      Array.from({ length: partitions }, (_, partition) => ({
        ...{ topic, partition },
        targetTopic: names.get(topic) ?? topic,
      })),
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
    const marks = await this.source.watermarks(this.partitions);
    const grown = to && frozen ? await growthSince(this.source, to, this.partitions, marks) : undefined;
    if (grown) return { answer: grown };
    const read = await this.readPositions();
    // Of a mirror that is to keep up the first probe only takes down the ends.
    const upTo = to ?? carry?.mark?.ends;
    const behind = this.partitions
      .map((at) => {
        const end =
          (upTo && offsetAt(upTo, at.topic, at.partition)) ?? valueOf(marks, partitionKey(at)).lastStable;
        const next = this.positions.get(partitionKey(at))?.sourceNext;
        const from = next ?? valueOf(marks, partitionKey(at)).logStart;
        return { at, end, next, left: end > from ? end - from : 0n };
      })
      .filter(({ left, next }) => left > 0n || next === undefined);
    const left = Number(behind.reduce((sum, one) => sum + one.left, 0n));
    const now = { offsets: left, atMs: watchedMs };
    if (read) this.rests(restWhileFar(carry?.left ?? null, now));
    const reached = upTo === undefined || behind.length === 0;
    const next: Carried = {
      mark: to
        ? null
        : reached || !carry?.mark
          ? { ends: stableEnds(this.partitions, marks), atMs: watchedMs }
          : carry.mark,
      left: carry?.left && carry.left.offsets >= left ? carry.left : now,
    };
    const limit = keepsUpWithinMs + 2 * this.restMs;
    const late = !to && watchedMs - (carry?.mark?.atMs ?? watchedMs) > limit;
    if (upTo === undefined || !reached || late) {
      // Until it is late, what is not stored yet is no sign that the mirror falls behind.
      if (to || late) this.streak.broken();
      const says = sayBehind(behind, now, carry?.left ?? null);
      const at = behind.map(({ next }) => String(next)).join(' ');
      return left === 0 && !to
        ? { says, carry: next }
        : whileItMoves(migration, { says, carry: next, at, before: carry?.still, watchedMs });
    }
    if (!this.streak.saw(to ? 'empty' : 'keeps up'))
      return { says: 'everything is copied, looking again', carry: next, confirming: true };
    return {
      answer: {
        state: 'caught-up',
        mirrored: this.mirrored(upTo),
        sentence: to
          ? `The mirror has copied every record of ${this.source.name} up to the end: ${listed(
              this.partitions.map(
                (at) => `${partitionKey(at)} to ${offsetAt(to, at.topic, at.partition) ?? 0n}`,
              ),
              4,
            )}.`
          : `The mirror has copied the history and keeps up with ${this.source.name}.`,
      },
    };
  }

  /** @returns whether it was time to */
  private async readPositions(): Promise<boolean> {
    const began = Date.now();
    if (began < this.readAgainAt) return false;
    this.positions = await readPositions(this.target, this.input.migration.name, this.partitions);
    const took = Date.now() - began;
    this.restMs = took > 200 ? restFactor * took : 0;
    this.rests(this.restMs);
    return true;
  }

  private rests(ms: number): void {
    this.readAgainAt = Math.max(this.readAgainAt, Date.now() + ms);
  }

  /** Where the source's ends are on the target. */
  private mirrored(ends: SourceOffsets): TargetOffsets {
    return offsetTable(
      this.partitions.map((at) => {
        const position = this.positions.get(partitionKey(at));
        const end = offsetAt(ends, at.topic, at.partition);
        const offset = end === undefined ? undefined : position?.map.translate(end);
        return {
          topic: at.targetTopic,
          partition: at.partition,
          offset: offset ?? position?.targetNext ?? 0n,
        };
      }),
    );
  }
}

function stableEnds(
  partitions: readonly MirroredPartition[],
  marks: Rows<string, Watermarks>,
): SourceOffsets {
  return offsetTable(
    partitions.map((at) => ({ ...at, offset: valueOf(marks, partitionKey(at)).lastStable })),
  );
}

function sayBehind(
  behind: readonly { at: MirroredPartition; end: bigint; next: bigint | undefined; left: bigint }[],
  now: Left,
  before: Left | null,
): string {
  if (behind.length === 0) return 'everything that is there is copied';
  const { offsets: left } = now;
  const rate = copyPace(before, now) ?? 0;
  const pace =
    rate >= 1
      ? ` at ${digits(Math.round(rate))} a second, about ${formatDuration((left / rate) * 1000)} to go`
      : '';
  const worst = behind.toSorted((a, b) => Number(b.left - a.left));
  return `up to ${digits(left)} ${left === 1 ? 'record' : 'records'} left to copy${pace}: ${listed(
    worst.map(({ at, end, next }) =>
      next === undefined
        ? `${partitionKey(at)} has not begun`
        : `${partitionKey(at)} is at offset ${next} of ${end}`,
    ),
    4,
  )}`;
}
