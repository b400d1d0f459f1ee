import { z } from 'zod';
import { partitionAt, partitionKey, type Cluster, type Committed } from '../../src/kafka/cluster.js';
import { standing, type Finding } from '../../src/migration/findings.js';
import { mirrorKind, targetGroup, targetName, topicsOf, type Migration } from '../../src/migration/file.js';
import {
  offsetAt,
  offsetTable,
  offsetTableShape,
  partitionCounts,
  partitionsOf,
  type TargetOffsets,
} from '../../src/migration/offsets.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { positionsShape } from '../../src/migration/positions.js';
import type { MadeOffsets } from '../../src/migration/work/offsets.js';
import type { Work } from '../../src/migration/work/work.js';
import type { Attempt } from '../kit/attempt.js';
import { inParallel } from '../../src/parallel/in-parallel.js';
import type { Dependencies } from '../kit/dependencies.js';
import { copiedSoFar } from '../mirror/copied-so-far.js';
import { readCommitted } from '../groups/group-reading.js';
import { hasOldMark, packCommits, topicsMade, unpackCommits, type MadeCommit } from './made-commits.js';
import { readEnds, recordsThere, type Ends } from './offset-reading.js';
import { streamsTimes } from './streams-times.js';
import {
  planSeed,
  startFromEnds,
  startFromRecord,
  type GroupOnTarget,
  type Seed,
  type Start,
} from './offset-seeds.js';
import { partitionsIn } from '../topics/planned-topics.js';
import { refusalsIn, valueIfThere, valueOf } from '../kit/rows.js';
import { mirroredOffsets, recordsBeyond } from './target-writes.js';
import { blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

const GROUPS_AT_ONCE = 8;

type SeedInput = Parameters<Activities['seedOffsets']>[0];

/** What an attempt was about to commit: where groups start, and the commits that were not there yet. */
const note = z.object({
  start: offsetTableShape() as z.ZodType<TargetOffsets>,
  made: z.array(
    z.object({
      group: z.string(),
      positions: positionsShape().optional(),
      topics: z.array(z.string()).optional(),
      commits: z.record(z.string(), z.array(z.string())).optional(),
    }),
  ),
});

/**
 * Gives every group of the migration (or the ones named, by their source ids) a committed offset for every partition
 * that it will read, so that `auto.offset.reset` never decides where it starts. Commits are the last thing done: a
 * finding that stands means that there were none.
 *
 * A commit is this migration's when it is as it was made: by an earlier call, or by an attempt that noted it first.
 */
export async function seedOffsets(
  { clusters }: Dependencies,
  input: SeedInput,
  attempt: Attempt,
): Promise<Awaited<ReturnType<Activities['seedOffsets']>>> {
  const { migration, accepted = [] } = input;
  const target = clusters(migration.target);
  const noted = note.safeParse(attempt.noted).data;
  const ends = await endsOfTopics(target, migration);
  const groups = await groupsOnTarget(clusters, input, ends, noted?.made ?? []);
  const start = startOf(input, noted?.start, ends, groups);
  const seeds = groups.map((group) => planSeed(group, start, target.name));
  const madeOf = new Map(
    seeds.map((seed, nth) => [seed, madeBy(migration, seed, groups[nth]?.before ?? [])]),
  );
  const findings = [...start.findings, ...seeds.flatMap((seed) => seed.findings)];
  const stands = standing(findings, accepted);
  if (stands.length > 0)
    return {
      start: start.table,
      made: [],
      findings,
      sentence: `No offset was committed on ${target.name}: ${count(stands.length, 'finding')} to be mended or accepted first.`,
    };

  if (seeds.some(({ commit }) => commit.length > 0))
    await attempt.note({ start: start.table, made: [...madeOf.values()] });
  const made: MadeOffsets[] = [];
  let partitions = 0;
  await inParallel(
    seeds,
    async (seed) => {
      attempt.signal.throwIfAborted();
      const { refused, notRenewed } = await commitSeed(target, seed);
      findings.push(...refused, ...notRenewed);
      // Of a group that was refused in part some commits are there: they are as they were to be made.
      const all = madeOf.get(seed);
      if (all && seed.topics.size > 0) made.push(all);
      if (refused.length > 0) return;
      partitions += seed.commit.length;
      attempt.says(`Has seeded ${made.length} of ${count(seeds.length, 'group')} on ${target.name}.`);
    },
    GROUPS_AT_ONCE,
  );
  return {
    start: start.table,
    made,
    findings,
    sentence:
      seeds.length === 0
        ? `There is no group to commit offsets for on ${target.name}.`
        : `${listed(seeds.map(({ group }) => group))} ${seeds.length === 1 ? 'has' : 'have'} starting offsets on ${target.name}: ${partitions} committed now, each read back.`,
  };
}

async function endsOfTopics(target: Cluster, migration: Migration): Promise<Ends[]> {
  const names = migration.topics.map(targetName);
  const topics = await target.topics(names);
  return readEnds(target, partitionsIn(names.map((name) => valueOf(topics, name))));
}

async function groupsOnTarget(
  clusters: Dependencies['clusters'],
  { migration, groups, made = [] }: SeedInput,
  ends: readonly Ends[],
  noted: readonly MadeOffsets[],
): Promise<(GroupOnTarget & { before: readonly MadeOffsets[] })[]> {
  const target = clusters(migration.target);
  const moves = migration.consumers.filter(({ group }) => groups?.includes(group) ?? true);
  const wanted = new Map(
    moves.map((move): [string, Ends[]] => {
      const topics = new Set(topicsOf(migration, move).map(targetName));
      return [targetGroup(move), ends.filter(({ topic }) => topics.has(topic))];
    }),
  );
  const ids = [...wanted.keys()];
  if (ids.length === 0) return [];
  const [described, committed, times] = await Promise.all([
    target.describeGroups(ids),
    readCommitted(target, ids, wanted),
    streamsTimes(clusters(migration.source), migration, moves, ends),
  ]);
  const before = (group: string) => [...made, ...noted].filter((one) => one.group === group);
  return ids.map((group) => ({
    group,
    before: before(group),
    members: valueOf(described, group).members.length,
    committed: valueIfThere(committed, group) ?? new Map<string, never>(),
    partitions: wanted.get(group) ?? [],
    made: madeFor(migration, before(group)),
    times: times.get(group) ?? new Map<string, string>(),
    hasOldMark: (found: Committed) => hasOldMark(found, migration.name),
  }));
}

function madeFor(migration: Migration, made: readonly MadeOffsets[]): Map<string, MadeCommit[]> {
  const commits = new Map<string, MadeCommit[]>();
  for (const one of made)
    for (const [key, commit] of unpackCommits(migration, one))
      commits.set(key, [...(commits.get(key) ?? []), commit]);
  return commits;
}

/** All that is made for one group, once it is seeded: a partition in which it has moved on keeps what was made there. */
function madeBy(
  migration: Migration,
  { group, made, topics }: Seed,
  before: readonly MadeOffsets[],
): MadeOffsets {
  const now = new Map(made.map((one) => [partitionKey(one), one]));
  const partitions = new Map([...topics].map((topic) => [topic, 0]));
  for (const one of before) {
    for (const [topic, count] of topicsMade(migration, one)) partitions.set(topic, count);
    for (const [key, commit] of unpackCommits(migration, one)) {
      if (!now.has(key)) now.set(key, { ...partitionAt(key), ...commit });
    }
  }
  // A topic in which nothing but old marks is known has to be seen to be there.
  for (const topic of partitions.keys()) partitions.set(topic, Math.max(1, partitions.get(topic) ?? 0));
  return packCommits(migration, group, now.values(), partitions);
}

function startOf(
  { start, migration }: SeedInput,
  noted: TargetOffsets | undefined,
  ends: readonly Ends[],
  groups: readonly GroupOnTarget[],
): Start {
  const decided = start ?? noted;
  if (decided) return startFromRecord(decided, ends, migration.target);
  return {
    table: startFromEnds(ends),
    decided: false,
    findings: recordsThere(
      ends,
      migration.target,
      new Map(groups.map(({ group, committed }) => [group, committed])),
    ),
  };
}

/** Commits what one group lacks, and anew what it has; a refusal is a finding. */
async function commitSeed(
  target: Cluster,
  { group, commit, renew }: Seed,
): Promise<{ refused: Finding[]; notRenewed: Finding[] }> {
  const all = [...commit, ...renew];
  if (all.length === 0) return { refused: [], notRenewed: [] };
  const rows = await target.commitOffsets(group, all);
  const [first] = refusalsIn(rows, commit);
  const [kept] = refusalsIn(rows, renew);
  return {
    refused: first ? [blocking(`offsets-refused:${group}`, first.message)] : [],
    notRenewed:
      kept && !first
        ? [
            noting(
              `offsets-not-renewed:${group}`,
              `${group} has its starting offsets on ${target.name}, but they were not committed anew so that they expire later: ${kept.message}`,
            ),
          ]
        : [],
  };
}

/**
 * Whether the target has got records since it was prepared, other than the mirror's: one sentence per topic that has.
 * `partitions`: how many of each source topic a mirror has copied that is stopped for good now.
 */
export async function targetWrites(
  dependencies: Pick<Dependencies, 'clusters' | 'registries'>,
  work: Work & { start: TargetOffsets; partitions?: Record<string, number> },
  attempt: Attempt,
): Promise<{ written: string[]; mirrored?: TargetOffsets }> {
  const { migration, start, partitions } = work;
  const target = dependencies.clusters(migration.target);
  const isCopied = isMirrored(migration.strategy);
  const names = isCopied ? migration.topics.map(targetName) : [...partitionCounts(start).keys()];
  const topics = await target.topics(names);
  const there = names.flatMap((topic) => valueIfThere(topics, topic) ?? []);
  const ends = await readEnds(target, partitionsIn(there), { going: true });
  const beyond = (from: TargetOffsets) => recordsBeyond(target, ends, from);
  let mirrored = isCopied ? await mirroredOffsets(target, migration, start) : start;
  let grown = isCopied
    ? await beyond(mirrored)
    : ends.map((end) => ({ ...end, offset: offsetAt(start, end.topic, end.partition) ?? 0n }));
  const strange = new Map<string, string>();
  if (isCopied && partitions && grown.length > 0) {
    const copied = await copiedSoFar(dependencies, work, partitions, attempt);
    for (const [topic, why] of copied.strange) strange.set(topic, why);
    mirrored = furthest(mirrored, copied.mirrored);
    grown = await beyond(mirrored);
  }
  const written = new Map<string, { offsets: bigint; partitions: number[] }>();
  for (const { topic, partition, highWatermark, offset } of grown) {
    const since = highWatermark - offset;
    if (since <= 0n) continue;
    const so = written.get(topic) ?? { offsets: 0n, partitions: [] };
    written.set(topic, { offsets: so.offsets + since, partitions: [...so.partitions, partition] });
  }
  const known = partitionCounts(mirrored);
  return {
    written: [...written].map(([topic, { offsets, partitions }]) => {
      const where = `in ${partitions.length === 1 ? 'partition' : 'partitions'} ${listed(partitions.map(String))}`;
      const why = strange.get(topic);
      if (isCopied && why === undefined && mirrorKind(migration) === 'mirrormaker' && !known.has(topic))
        return `${topic} on ${target.name} has ${count(offsets, 'offset')} ${where}, and nothing shows that all of it is the mirror\u2019s.`;
      const says = `${topic} on ${target.name} has ${count(offsets, 'offset')} more than ${isCopied ? 'the mirror has written' : 'when it was prepared'}, ${where}`;
      return why === undefined ? `${says}: something writes to it.` : `${says}. ${why}`;
    }),
    ...(isCopied && { mirrored }),
  };
}

/** Of each partition the later of both. */
function furthest(one: TargetOffsets, other: TargetOffsets): TargetOffsets {
  const further = partitionsOf(other).filter(({ topic, partition, offset }) => {
    const known = offsetAt(one, topic, partition);
    return known === undefined || offset > known;
  });
  return offsetTable([...partitionsOf(one), ...further]);
}
