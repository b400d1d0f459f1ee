import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { partitionKey, type Cluster, type TopicPartition, type Watermarks } from '../../src/kafka/cluster.js';
import { targetName, waitMs, type Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import {
  offsetAt,
  offsetsIn,
  offsetTable,
  offsetTableShape,
  onlyTopics,
  partitionCounts,
  partitionsOf,
  type OffsetTable,
  type Side,
  type SourceOffsets,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import { byTopic, recordsIn, sayRanges, sayRecords } from '../../src/migration/ranges.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { AloneRange } from '../../src/migration/work/drain.js';
import type { Heartbeat, Work } from '../../src/migration/work/work.js';
import { TwinSearch, type Twins, type TwinsOptions } from '../../src/parity/twins.js';
import type { Dependencies } from '../kit/dependencies.js';
import { rowAt, valueOf } from '../kit/rows.js';
import { asking } from '../kit/weights.js';
import { copiesOn } from '../mirror/copies.js';
import { listed } from '../kit/wording.js';
import { partitionsIn, plannedTopics } from '../topics/planned-topics.js';
import { readersOf } from './drain-findings.js';
import { passes, probeDrain } from './drain-probe.js';

type Sides = { source: Cluster; target: Cluster };

const beatMs = 5_000;

const twinsCarry = z.object({
  /** Every pass has to look at the same of the target. */
  targetTo: offsetTableShape() as z.ZodType<TargetOffsets>,
  /** Where the target's logs began when the first pass did. */
  targetStarts: (offsetTableShape() as z.ZodType<TargetOffsets>).optional(),
  search: z.unknown(),
});
type Carry = z.infer<typeof twinsCarry>;

export function twinActivities(
  { clusters }: Pick<Dependencies, 'clusters'>,
  perPass?: number,
): Pick<Activities, 'watchTwins'> {
  return {
    async watchTwins(input) {
      const { migration, since, from, to, known = [], topicIds, accepted = [], sliceMs } = input;
      const context = Context.current();
      const sides = { source: clusters(migration.source), target: clusters(migration.target) };
      await plannedTopics(
        sides.source,
        migration.topics.map(({ name }) => name),
        { topicIds, partitions: partitionCounts(to) },
      );
      const slice = AbortSignal.timeout(sliceMs);
      const before = carried(context.info.heartbeatDetails) ?? twinsCarry.safeParse(input.carry).data;
      const onTarget = migration.topics.map(targetName);
      const targetStarts = before?.targetStarts ?? (await logStarts(sides.target, onTarget));
      const targetTo = before?.targetTo ?? (await stableEnds<'target'>(sides.target, onTarget));
      const search = twinSearch(sides, migration, {
        ...{ from: since.source, asksFrom: from, to, targetFrom: since.target, targetTo },
        ...{ carry: before?.search, pause: slice, perPass },
        signal: accepted.includes('not-compared')
          ? AbortSignal.any([slice, context.cancellationSignal])
          : context.cancellationSignal,
      });
      const carry = (): Carry => ({ targetTo, targetStarts, search: search.carry });
      const says = () => search.failing ?? sayPass(search);
      const beat = (): void => {
        const heartbeat: Heartbeat = { says: says(), at: new Date().toISOString(), carry: carry() };
        context.heartbeat(heartbeat);
      };
      const beating = setInterval(beat, beatMs);
      try {
        const found = await search.run();
        const alone = [...known, ...aloneRanges(found)];
        return {
          state: 'compared',
          alone,
          next: { source: to, target: targetTo },
          copies: await copiesOn(sides.target, targetStarts),
          findings: await aloneFindings(sides, input, alone, to),
          sentence: sayTwins(sides, found),
        };
      } catch (error) {
        // A cancellation is told as Temporal tells it.
        if (context.cancellationSignal.aborted) return await context.cancelled;
        if (!slice.aborted || error !== slice.reason) throw error;
        return { state: 'watching', sentence: says(), carry: carry() };
      } finally {
        clearInterval(beating);
      }
    },
  };
}

/** Of an attempt that was lost: a heartbeat holds the carry beside its sentence. */
function carried(heartbeatDetails: unknown): Carry | undefined {
  return z.object({ carry: twinsCarry }).safeParse(heartbeatDetails).data?.carry;
}

export function sayPass({ progress: { pass, passes }, read }: TwinSearch): string {
  const looked = `looked at ${sayRecords(read)} of both clusters for twins`;
  return passes === 1 ? looked : `${looked}, in pass ${pass} of ${passes}`;
}

/** Looks for twins of what came to the source, in the topics of the target that are its counterparts. */
export function twinSearch(
  sides: Sides,
  migration: Migration,
  range: {
    from: SourceOffsets;
    asksFrom?: SourceOffsets;
    to: SourceOffsets;
    targetFrom: TargetOffsets;
    targetTo: TargetOffsets;
  } & Pick<TwinsOptions, 'signal' | 'pause' | 'carry' | 'perPass'>,
): TwinSearch {
  const { from, asksFrom = from, to, targetFrom, targetTo, ...how } = range;
  const beginning = (table: SourceOffsets | TargetOffsets, { topic, partition }: TopicPartition): bigint =>
    offsetAt(table, topic, partition) ?? 0n;
  return new TwinSearch({
    ...sides,
    ranges: {
      source: partitionsOf(to).map((at) => ({
        ...at,
        ...{ start: beginning(from, at), asksFrom: beginning(asksFrom, at), end: at.offset },
      })),
      target: partitionsOf(targetTo).map((at) => ({
        ...at,
        start: beginning(targetFrom, at),
        end: at.offset,
      })),
    },
    sourceNames: new Map(migration.topics.map((topic) => [targetName(topic), topic.name])),
    withoutIds: migration.schemas !== undefined,
    patienceMs: waitMs(migration, 'patience'),
    ...how,
  });
}

/** Up to where each partition can be read by who reads committed. */
export const stableEnds = <S extends Side>(cluster: Cluster, names: readonly string[]) =>
  offsetsOf<S>(cluster, names, ({ lastStable }) => lastStable);

const logStarts = (cluster: Cluster, names: readonly string[]) =>
  offsetsOf<'target'>(cluster, names, ({ logStart }) => logStart);

async function offsetsOf<S extends Side>(
  cluster: Cluster,
  names: readonly string[],
  offsetOf: (marks: Watermarks) => bigint,
): Promise<OffsetTable<S>> {
  const rows = await cluster.topics(names);
  const partitions = partitionsIn(names.map((name) => valueOf(rows, name)));
  const marks = await cluster.watermarks(partitions);
  return offsetTable(partitions.map((at) => ({ ...at, offset: offsetOf(valueOf(marks, partitionKey(at))) })));
}

export function aloneRanges({ alone }: Twins): AloneRange[] {
  return alone.map(({ from, to, producers, ...one }) => {
    const numbered = producers.filter((id) => id >= 0n).map(String);
    return {
      ...one,
      ...{ from: String(from), to: String(to) },
      ...(numbered.length > 0 && { producers: numbered }),
    };
  });
}

/**
 * Asks about records that are on the source alone, unless all groups of their topic have read it to its end there. The key
 * holds how many there are and where the topic ends.
 */
export async function aloneFindings(
  { source, target }: Sides,
  { migration, accepted = [] }: Work,
  alone: readonly AloneRange[],
  ends: SourceOffsets,
): Promise<Finding[]> {
  if (alone.length === 0) return [];
  const topics = byTopic(alone);
  const names = topics.map(({ topic }) => topic);
  const readers = readersOf(migration)
    .map((reader) => ({ ...reader, topics: reader.topics.filter((topic) => names.includes(topic)) }))
    .filter((reader) => reader.topics.length > 0);
  const reading = await probeDrain(source, {
    ...{ readers, topics: names, accepted },
    to: onlyTopics(ends, new Set(names)),
  });
  return topics.flatMap(({ topic, ranges }) => {
    const of = reading.groups.filter(({ partitions }) => partitions.some((at) => at.topic === topic));
    const behind = of.filter(({ group, partitions }) =>
      partitions.some((at) => at.topic === topic && !passes(group, at)),
    );
    if (of.length > 0 && behind.length === 0) return [];
    const end = offsetsIn(ends, topic);
    const ids = [...new Set(ranges.flatMap(({ producers = [] }) => producers))];
    const by = ids.length > 0 ? `, written by producer id ${listed(ids)}` : '';
    const lost = ranges.some(({ since }) => since === 'lost');
    const groups = listed(behind.map(({ group }) => group));
    const unless = lost ? ', but for what was read there before' : '';
    const whom = `${behind.length > 0 ? `${groups} will not get them` : 'no group will get them'}${unless}`;
    const alone = ranges.some(({ notCompared }) => notCompared)
      ? `were not all compared with ${target.name}, and count as being on ${source.name} alone`
      : `are on ${source.name} alone${lost ? ' by now' : ''}, without a record of the same key and value on ${target.name}`;
    return [
      asking(
        `on-source-alone:${topic}+${recordsIn(ranges)}@${end}`,
        `${sayRanges(ranges)}${by} ${alone}: ${whom}. Let each group read ${topic} to its end on ${source.name}, have them written to ${target.name}, or accept that they are deleted with the topic.`,
      ),
    ];
  });
}

function sayTwins({ source, target }: Sides, { looked, alone }: Twins): string {
  const all = looked.reduce((sum, one) => sum + one, 0);
  const without = alone.reduce((sum, { records }) => sum + records, 0);
  if (all === 0) return `Nothing came to ${source.name} after the marks.`;
  return without === 0
    ? `Each of the ${sayRecords(all)} that came to ${source.name} after the marks is on ${target.name} too, with the same key and value.`
    : `Of ${sayRecords(all)} that came to ${source.name} after the marks, ${without.toLocaleString('en-US')} have no record of the same key and value on ${target.name}.`;
}

/** Producers that a cluster remembers on these partitions; `undefined` where it does not tell. */
export async function knownProducers(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<Set<bigint> | undefined> {
  const rows = await cluster.producers(partitions);
  const ids = new Set<bigint>();
  for (const at of partitions) {
    const row = rowAt(rows, partitionKey(at));
    if (row.error) return undefined;
    for (const { producerId } of row.value) ids.add(producerId);
  }
  return ids;
}
