import { z } from 'zod';
import { Context } from '@temporalio/activity';
import type { Cluster } from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { targetName, waitMs, type Migration } from '../../src/migration/file.js';
import {
  offsetTableShape,
  partitionCounts,
  partitionsOf,
  type SourceOffsets,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import { sayRanges, sayRecords } from '../../src/migration/ranges.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Watch } from '../../src/migration/work/work.js';
import type { Twins } from '../../src/parity/twins.js';
import type { Dependencies } from '../kit/dependencies.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { count, listed } from '../kit/wording.js';
import { endsTable, partitionsIn, plannedTopics } from '../topics/planned-topics.js';
import { aloneRanges, knownProducers, sayPass, stableEnds, twinSearch } from './twins.js';
import { tableOf, tableWith, under } from '../../src/migration/by-name.js';

const ofSource = offsetTableShape() as z.ZodType<SourceOffsets>;
const ofTarget = offsetTableShape() as z.ZodType<TargetOffsets>;

const doublingCarry = z.object({
  /** Where twins may begin: the target's ends at a probe before the window. */
  targetFrom: ofTarget,
  /** The window: what the source got from then (ms of watching) on, up to when it was closed. */
  window: z.object({ from: ofSource, sinceMs: z.number() }).optional(),
  closed: z
    .object({
      to: ofSource,
      /** The target's ends at that moment, where twins of the next window begin. */
      targetEnds: ofTarget,
      atMs: z.number(),
      /** Comparing takes long where much was written: not before, ms of watching. */
      nextLookMs: z.number(),
    })
    .optional(),
  /** A comparison of that window with passes left; `atMs` is when it began, ms of watching. */
  search: z.object({ targetTo: ofTarget, atMs: z.number(), passes: z.unknown() }).optional(),
  /** By source topic, of those whose latest whole window with records showed that each has its twin: what was measured. */
  proved: tableOf(z.string()),
  /** For the others, what their latest window with records showed. */
  refuted: tableOf(z.string()),
});
type DoublingCarry = z.infer<typeof doublingCarry>;
type DoublingAnswer = Exclude<Awaited<ReturnType<Activities['watchDoubling']>>, { state: 'watching' }>;
type Sides = { source: Cluster; target: Cluster };

const probesPerWindow = 5;
/** A comparison that found something missing is made again after this many times as long as it took. */
const restFactor = 5;
/** A comparison of several passes is handed on after the first that ends later than this, ms: it outlasts slices and workers. */
const turnMs = 60_000;

export function doublingActivities(
  dependencies: Pick<Dependencies, 'clusters'>,
  turns: { perPass?: number; turnMs?: number } = {},
): Pick<Activities, 'watchDoubling'> {
  return {
    async watchDoubling(input) {
      const { source, target } = input.migration;
      const sides = { source: dependencies.clusters(source), target: dependencies.clusters(target) };
      return watch(
        input,
        doublingCarry,
        (moment) => probeDoubling(sides, input, moment, turns),
        heldBackOn(dependencies.clusters, input.migration),
      );
    },
  };
}

/**
 * Windows follow each other until one has shown that each record of the source has a twin on the target. What came in a
 * window is compared when it is over, and again for as long as a window lasts: twins may still be under way.
 */
async function probeDoubling(
  sides: Sides,
  input: Watch,
  moment: Moment<DoublingCarry>,
  turns: { perPass?: number; turnMs?: number },
): Promise<Seen<DoublingAnswer, DoublingCarry>> {
  const { migration, accepted = [] } = input;
  const { carry, watchedMs, outOfPatience } = moment;
  const targetEnds = () => stableEnds<'target'>(sides.target, migration.topics.map(targetName));
  const window = windowMs(migration);

  if (accepted.includes('not-doubling')) {
    const target = await targetEnds();
    const { marks, stable } = await sourceEnds(sides.source, input);
    return {
      answer: {
        state: 'doubling',
        ...{ marks, since: { source: stable, target } },
        sentence: `The end of the source is taken as it is now, because a person accepted it: it was not proved that everything written to ${sides.source.name} is written to ${sides.target.name} too.`,
      },
    };
  }
  // The target first: the twin of a record may be written before it.
  if (!carry)
    return {
      says: `measuring both clusters for ${formatDuration(window)}`,
      carry: { targetFrom: await targetEnds(), proved: {}, refuted: {} },
    };
  if (!carry.window) {
    const { stable } = await sourceEnds(sides.source, input);
    return {
      says: `measuring both clusters for ${formatDuration(window)}`,
      carry: { ...carry, window: { from: stable, sinceMs: watchedMs } },
    };
  }
  const { from, sinceMs } = carry.window;
  if (!carry.closed && watchedMs - sinceMs < window && !outOfPatience)
    return {
      says: `measuring both clusters for ${formatDuration(window)}, ${formatDuration(watchedMs - sinceMs)} so far`,
      carry,
    };
  if (carry.closed && !carry.search && watchedMs < carry.closed.nextLookMs && !outOfPatience)
    return { says: sayWaiting(carry), carry };

  const closed = carry.closed ?? {
    targetEnds: await targetEnds(),
    to: (await sourceEnds(sides.source, input, from)).stable,
    atMs: watchedMs,
    nextLookMs: watchedMs,
  };
  const began = Date.now();
  const { search: { targetTo, atMs, passes } = { targetTo: await targetEnds(), atMs: watchedMs }, ...left } =
    carry;
  const pause = AbortSignal.timeout(turns.turnMs ?? turnMs);
  const search = twinSearch(sides, migration, {
    ...{ from, to: closed.to, targetFrom: carry.targetFrom, targetTo },
    ...{ carry: passes, pause, perPass: turns.perPass },
    signal: cancellation(),
  });
  let found: Twins;
  try {
    found = await search.run();
  } catch (error) {
    if (!pause.aborted || error !== pause.reason) throw error;
    return {
      says: sayPass(search),
      carry: { ...left, closed, search: { targetTo, atMs, passes: search.carry } },
    };
  }
  const lastedMs = closed.atMs - sinceMs;
  const { cut, ...seen } = concluded(sides, migration, carry, closed.to, found, {
    lasted: formatDuration(lastedMs),
    whole: lastedMs >= window,
  });
  const unproved = migration.topics
    .map(({ name }) => name)
    .filter((name) => under(seen.proved, name) === undefined);
  if (unproved.length === 0) {
    // Read anew: doubling has been in force for a whole window when these are taken.
    const { marks, partitions } = await sourceEnds(sides.source, input, from);
    const silent = await silentProducers(sides.source, partitions, found);
    return {
      answer: {
        state: 'doubling',
        ...{ marks, since: { source: from, target: carry.targetFrom } },
        sentence: [...Object.values(seen.proved), ...silent].join(' '),
      },
    };
  }
  if (outOfPatience)
    return {
      answer: {
        state: 'contradicted',
        sentence: `It is not shown that every producer writes both clusters: ${listed(unproved.map((topic) => under(seen.refuted, topic) ?? under(cut, topic) ?? `${topic}: the source received nothing while it was watched, so nothing could be compared`))}.`,
      },
    };
  const waits = found.alone.length > 0 && atMs - closed.atMs < window;
  if (waits) {
    const nextLookMs = watchedMs + restFactor * (watchedMs - atMs + Date.now() - began);
    const next = { ...left, ...seen, closed: { ...closed, nextLookMs } };
    return { says: sayWaiting(next), carry: next };
  }
  const { stable } = await sourceEnds(sides.source, input, from);
  return {
    says: listed(unproved.map((topic) => under(seen.refuted, topic) ?? `${topic}: nothing has come yet`)),
    carry: { ...seen, targetFrom: closed.targetEnds, window: { from: stable, sinceMs: watchedMs } },
  };
}

/**
 * What the window shows of each topic; a topic that got nothing keeps what an earlier one showed. A window that was cut short
 * may refute and proves nothing: a producer that pauses for longer than it lasted was not seen. `cut` says of which topics
 * that is so.
 */
function concluded(
  { source, target }: Sides,
  migration: Migration,
  carry: DoublingCarry,
  to: SourceOffsets,
  found: Twins,
  { lasted, whole }: { lasted: string; whole: boolean },
): Pick<DoublingCarry, 'proved' | 'refuted'> & { cut: Record<string, string> } {
  const proved = tableWith(carry.proved);
  const refuted = tableWith(carry.refuted);
  const cut = tableWith<string>();
  const places = partitionsOf(to);
  for (const { name } of migration.topics) {
    const looked = found.looked.filter((_, index) => places[index]?.topic === name);
    const all = looked.reduce((sum, one) => sum + one, 0);
    if (all === 0) continue;
    const alone = aloneRanges(found).filter(({ topic }) => topic === name);
    if (!whole && alone.length === 0) {
      cut[name] =
        `${name}: ${source.name} got ${sayRecords(all)} in the last ${lasted}, each of which is on ${target.name} too, but nothing in a whole window of ${formatDuration(windowMs(migration))}, which alone would prove it: see whether waits.patience leaves time for one`;
      continue;
    }
    delete proved[name];
    delete refuted[name];
    const without = alone.reduce((sum, { records }) => sum + records, 0);
    const busy = looked.filter((one) => one > 0).length;
    if (alone.length === 0)
      proved[name] =
        `In ${lasted} ${source.name} got ${sayRecords(all)} of ${name} in ${busy} of ${count(looked.length, 'partition')}; each has a record of the same key and value on ${target.name}.`;
    else
      refuted[name] =
        `of ${sayRecords(all)} of ${name} that ${source.name} received in ${lasted}, ${without.toLocaleString('en-US')} have no record of the same key and value on ${target.name} (${sayRanges(alone)}${sayProducers(alone)}): not every producer writes both`;
  }
  return { proved, refuted, cut };
}

function sayProducers(alone: ReturnType<typeof aloneRanges>): string {
  const ids = [...new Set(alone.flatMap(({ producers = [] }) => producers))];
  return ids.length > 0 ? `, by producer id ${listed(ids)}` : '';
}

/** Who could write and did not: nothing is shown of them, which is said. */
async function silentProducers(
  source: Cluster,
  partitions: Parameters<typeof knownProducers>[1],
  { producers }: Twins,
): Promise<string[]> {
  if (!producers) return [];
  const known = await knownProducers(source, partitions);
  const silent = [...(known ?? [])].filter((id) => !producers.has(id)).length;
  return silent === 0
    ? []
    : [
        `${source.name} remembers ${count(silent, 'producer id')} more, which wrote nothing meanwhile: of them nothing is shown.`,
      ];
}

function sayWaiting({ refuted, proved }: DoublingCarry): string {
  const lines = Object.entries(refuted).filter(([topic]) => under(proved, topic) === undefined);
  return `waiting for twins that may be under way; ${listed(lines.map(([, line]) => line))}`;
}

/** As long as a source has to be quiet: a producer that pauses for less is seen. */
function windowMs(migration: Migration): number {
  return Math.max(probesPerWindow * waitMs(migration, 'probe'), waitMs(migration, 'quiet'));
}

/** `marks`: the high watermarks. `stable`: up to where it can be read. @throws `Changed` when partitions were added. */
async function sourceEnds(source: Cluster, { migration, topicIds }: Watch, before?: SourceOffsets) {
  const names = migration.topics.map(({ name }) => name);
  const topics = await plannedTopics(source, names, {
    topicIds,
    ...(before && { partitions: partitionCounts(before) }),
  });
  const partitions = partitionsIn(topics);
  const marks = endsTable<'source'>(partitions, await source.watermarks(partitions));
  return { partitions, marks, stable: await stableEnds<'source'>(source, names) };
}

/** A comparison of much that was written is not gone on with for nobody. */
function cancellation(): AbortSignal | undefined {
  try {
    return Context.current().cancellationSignal;
  } catch {
    return undefined;
  }
}
