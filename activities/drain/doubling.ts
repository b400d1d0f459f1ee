import { z } from 'zod';
import type { Cluster } from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { targetName, waitMs, type Migration } from '../../src/migration/file.js';
import {
  partitionsOf,
  type OffsetTable,
  type Side,
  type SourceOffsets,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Watch } from '../../src/migration/work/work.js';
import type { Dependencies } from '../kit/dependencies.js';
import { records } from './drain-findings.js';
import { endsTable, partitionCounts, partitionsIn, plannedTopics } from '../topics/planned-topics.js';
import { watch, type Moment, type Seen } from '../kit/watch.js';
import { heldBackOn } from '../kit/held-back.js';
import { listed } from '../kit/wording.js';

/** End offsets of a topic on both clusters, added up over its partitions: partitions need not correspond. */
const figures = z.object({ source: z.string(), target: z.string() });
const grown = z.object({ source: z.string(), target: z.string(), since: z.number() });

const doublingCarry = z.object({
  /** Where the running window began, ms since the epoch, and where each topic (by source name) then ended. */
  since: z.number(),
  base: z.record(z.string(), figures),
  /** Partitions of each source topic, to see one added. */
  partitions: z.record(z.string(), z.number()),
  /** Topics whose latest window with records showed that the target gets what the source gets. */
  proved: z.array(z.string()),
  /** For the others, what their latest window with records showed. */
  refuted: z.record(z.string(), grown),
});
type DoublingCarry = z.infer<typeof doublingCarry>;
type DoublingAnswer = Exclude<Awaited<ReturnType<Activities['watchDoubling']>>, { state: 'watching' }>;

/**
 * The target must have got this share, in percent, of what the source got. Not all: records are under way at both ends
 * of a window, and transaction markers count as offsets on a cluster that is written in transactions.
 */
const enoughPercent = 90n;
const probesPerWindow = 5;

export function doublingActivities(
  dependencies: Pick<Dependencies, 'clusters'>,
): Pick<Activities, 'watchDoubling'> {
  return {
    async watchDoubling(input) {
      const { source, target } = input.migration;
      const clusters = { source: dependencies.clusters(source), target: dependencies.clusters(target) };
      return watch(
        input,
        doublingCarry,
        (moment) => probeDoubling(clusters, input, moment),
        heldBackOn(dependencies.clusters, input.migration),
      );
    },
  };
}

async function probeDoubling(
  clusters: { source: Cluster; target: Cluster },
  { migration, topicIds, accepted = [] }: Watch,
  { carry, outOfPatience }: Moment<DoublingCarry>,
): Promise<Seen<DoublingAnswer, DoublingCarry>> {
  const sourceEnds = () =>
    endsOf<'source'>(
      clusters.source,
      migration.topics.map(({ name }) => name),
      {
        topicIds,
        ...(carry && { partitions: new Map(Object.entries(carry.partitions)) }),
      },
    );
  const targetEnds = () => endsOf<'target'>(clusters.target, migration.topics.map(targetName));

  if (accepted.includes('not-doubling'))
    return {
      answer: {
        state: 'doubling',
        marks: await sourceEnds(),
        sentence: `The end of the source is taken as it is now, because a person accepted it: it was not proved that everything written to ${clusters.source.name} is written to ${clusters.target.name} too.`,
      },
    };

  if (!carry) {
    // The target first: what is written to it on the way to the source's mark counts for the target alone.
    const target = await targetEnds();
    const source = await sourceEnds();
    const partitions = Object.fromEntries(partitionCounts(source));
    const base = sums(migration, source, target);
    return {
      says: `measuring both clusters for ${formatDuration(windowMs(migration))}`,
      carry: { since: Date.now(), base, partitions, proved: [], refuted: {} },
    };
  }

  const source = await sourceEnds();
  const target = await targetEnds();
  const now = sums(migration, source, target);
  const windowOver = Date.now() - carry.since >= windowMs(migration);
  if (!windowOver && !outOfPatience) return { says: sayWindow(carry, now), carry };

  const seen = concluded(carry, now);
  // Read anew: doubling has been in force for a whole window when these are taken. For the next window the target's
  // mark, too, is again older than the source's.
  const marks = await sourceEnds();
  const unproved = Object.keys(now).filter((topic) => !seen.proved.includes(topic));
  if (unproved.length === 0)
    return {
      answer: {
        state: 'doubling',
        marks,
        sentence: `What ${clusters.source.name} got of ${listed(seen.proved)}, ${clusters.target.name} got too, over ${formatDuration(Date.now() - carry.since)}.`,
      },
    };
  if (outOfPatience)
    return {
      answer: {
        state: 'contradicted',
        sentence: `It is not shown that every producer writes both clusters: ${listed(unproved.map((topic) => sayUnproved(topic, seen)))}.`,
      },
    };
  return {
    says: sayWindow(carry, now),
    carry: { ...seen, since: Date.now(), base: sums(migration, marks, target) },
  };
}

/** What the window shows of each topic; a topic that got nothing keeps what an earlier one showed. */
function concluded(carry: DoublingCarry, now: DoublingCarry['base']): DoublingCarry {
  const proved = new Set(carry.proved);
  const refuted = { ...carry.refuted };
  for (const [topic, growth] of growths(carry, now)) {
    if (growth.source <= 0n) continue;
    if (growth.target * 100n >= growth.source * enoughPercent) {
      proved.add(topic);
      delete refuted[topic];
    } else {
      proved.delete(topic);
      refuted[topic] = {
        source: String(growth.source),
        target: String(growth.target),
        since: carry.since,
      };
    }
  }
  return { ...carry, proved: [...proved], refuted };
}

function growths(
  { base }: DoublingCarry,
  now: DoublingCarry['base'],
): [topic: string, growth: { source: bigint; target: bigint }][] {
  return Object.entries(now).map(([topic, { source, target }]) => {
    const before = base[topic] ?? { source, target };
    return [
      topic,
      { source: BigInt(source) - BigInt(before.source), target: BigInt(target) - BigInt(before.target) },
    ];
  });
}

function sayUnproved(topic: string, { refuted }: DoublingCarry): string {
  const seen = refuted[topic];
  return seen
    ? `${topic}: the source received ${records(BigInt(seen.source))} since ${new Date(seen.since).toISOString()}, the target ${seen.target}: not every producer writes both`
    : `${topic}: the source received nothing while it was watched, so nothing could be compared`;
}

function sayWindow(carry: DoublingCarry, now: DoublingCarry['base']): string {
  const lines = growths(carry, now)
    .filter(([topic]) => !carry.proved.includes(topic))
    .map(([topic, { source, target }]) => `${topic}: ${source} to the source, ${target} to the target`);
  return `in ${formatDuration(Date.now() - carry.since)}: ${listed(lines)}`;
}

/** As long as a source has to be quiet: a producer that pauses for less is seen. */
function windowMs(migration: Migration): number {
  return Math.max(probesPerWindow * waitMs(migration, 'probe'), waitMs(migration, 'quiet'));
}

async function endsOf<S extends Side>(
  cluster: Cluster,
  names: readonly string[],
  planned: Parameters<typeof plannedTopics>[2] = {},
): Promise<OffsetTable<S>> {
  const partitions = partitionsIn(await plannedTopics(cluster, names, planned));
  return endsTable(partitions, await cluster.watermarks(partitions));
}

function sums(migration: Migration, source: SourceOffsets, target: TargetOffsets): DoublingCarry['base'] {
  const sum = (table: OffsetTable, topic: string) =>
    String(partitionsOf({ [topic]: table[topic] ?? [] }).reduce((total, { offset }) => total + offset, 0n));
  return Object.fromEntries(
    migration.topics.map((topic) => [
      topic.name,
      { source: sum(source, topic.name), target: sum(target, targetName(topic)) },
    ]),
  );
}
