import type { Command } from 'commander';
import { isPending, readCommitted } from '../../activities/groups/group-reading.js';
import { openClusters } from '../connections/clusters.js';
import {
  partitionKey,
  type Cluster,
  type Committed,
  type Row,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { mirrorKind, targetGroup, targetName, topicsOf, type Migration } from '../../src/migration/file.js';
import { few, named, oneLine } from '../../src/migration/foreign-text.js';
import { factsQuery } from '../../src/migration/messages.js';
import type { Facts } from '../../src/migration/state.js';
import { isMirrored } from '../../src/migration/strategies.js';
import { unpackTranslated } from '../../src/migration/translated.js';
import type { TranslatedPosition } from '../../src/migration/work/offsets.js';
import { mapTopic, readPositions, type MirrorPosition } from '../../src/mirror/map-topic.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { look } from './following.js';
import { withTemporal } from './temporal.js';
import { columns } from './terminal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

interface OffsetsOptions extends CommonOptions {
  group?: string[];
}

/** Where one group is on both clusters. What nobody knows is `null`. */
export interface GroupOffsets {
  group: string;
  onTarget: string;
  /** Transactions that have yet to decide about its commits, in sentences: until then these are known to nobody. */
  pending?: { source?: string; target?: string };
  partitions: {
    topic: string;
    partition: number;
    /** Committed on the source; `null`: nothing, it starts at the first record (unless it is pending there). */
    source: bigint | null;
    /** Offsets up to the end: an upper bound of the records that lie ahead. */
    aheadOnSource: bigint | null;
    /** What `source` is on the target; `null`: not mirrored so far. */
    translated: bigint | null;
    aheadOnTarget: bigint | null;
    /** Committed on the target now. */
    committed: bigint | null;
  }[];
}

export function addOffsets(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'offsets',
    'Where each group is on the source, where that is on the target, and how many offsets lie ahead on both (an upper bound of records).',
    'ferry offsets orders --group billing',
  )
    .argument('<name>', 'the name of the migration')
    .option('--group <id...>', 'these groups, by their ids on the source (default: all of the migration)')
    .action((name: string, options: OffsetsOptions) =>
      run(surroundings, options, () => offsets(surroundings, options, name)),
    );
}

async function offsets(surroundings: Surroundings, options: OffsetsOptions, name: string): Promise<ExitCode> {
  const config = configured(surroundings, options);
  const { migration, facts } = await withTemporal(config.temporal, async (temporal) => {
    const { taskQueue } = await look(temporal, name);
    return temporal.answered(taskQueue, () =>
      temporal.migration(name).query<{ migration: Migration; facts: Facts }>(factsQuery),
    );
  });
  if (!isMirrored(migration.strategy))
    throw badInput(
      `${name} moves by ${migration.strategy}, which takes no history along: offsets of the source mean nothing on ${migration.target}.`,
    );
  const unknown = (options.group ?? []).filter(
    (id) => !migration.consumers.some(({ group }) => group === id),
  );
  if (unknown.length > 0)
    throw badInput(
      `${name} has no group ${few(unknown)}: it has ${few(migration.consumers.map(({ group }) => group)) || 'none'}.`,
    );
  const clusters = openClusters(config.clusters, {
    says: (sentence) => surroundings.terminal.complain(sentence),
  });
  try {
    const groups = await groupOffsets(
      clusters.get(migration.source),
      clusters.get(migration.target),
      migration,
      facts,
      options.group,
    );
    surroundings.terminal.print(
      options.json
        ? JSON.stringify({ migration: name, groups }, (_, value: unknown) =>
            typeof value === 'bigint' ? value.toString() : value,
          )
        : groups.map((one) => offsetsText(one, migration)).join('\n\n') || `${name} names no consumer group.`,
    );
    return exitCodes.done;
  } finally {
    await clusters.close();
  }
}

/** Translated by the engine's map as it is now; by what the migration has translated where there is no map (any more). */
export async function groupOffsets(
  source: Cluster,
  target: Cluster,
  migration: Migration,
  facts: Pick<Facts, 'translated'>,
  only?: readonly string[],
): Promise<GroupOffsets[]> {
  const moves = migration.consumers.filter(({ group }) => only?.includes(group) ?? true);
  const before = new Map(
    unpackTranslated(migration, facts.translated ?? []).flatMap(({ group, partitions }) =>
      partitions.map((at): [string, TranslatedPosition] => [`${group} ${partitionKey(at)}`, at]),
    ),
  );
  const targetNames = new Map(migration.topics.map((move) => [move.name, targetName(move)]));
  const onTarget = (at: TopicPartition) => ({ ...at, topic: targetNames.get(at.topic) ?? at.topic });
  const topics = await source.topics(migration.topics.map(({ name }) => name));
  const partitionsOf = new Map(
    moves.map((move) => [
      move.group,
      topicsOf(migration, move).flatMap(({ name }) =>
        valueOf(topics.get(name)).partitions.map(({ partition }) => ({ topic: name, partition })),
      ),
    ]),
  );
  const all = [...partitionsOf.values()].flat();
  const [onSource, there, sourceMarks, targetMarks, positions] = await Promise.all([
    readCommitted(source, [...partitionsOf.keys()], partitionsOf),
    readCommitted(
      target,
      moves.map(targetGroup),
      new Map(moves.map((move) => [targetGroup(move), (partitionsOf.get(move.group) ?? []).map(onTarget)])),
    ),
    source.watermarks(all),
    target.watermarks(all.map(onTarget)),
    positionsOf(target, migration),
  ]);
  return moves.map((move) => {
    const [mine, mineThere] = [onSource.get(move.group), there.get(targetGroup(move))];
    const pending: NonNullable<GroupOffsets['pending']> = {
      ...pendingOn('source', mine),
      ...pendingOn('target', mineThere),
    };
    const partitions = (partitionsOf.get(move.group) ?? []).map((at) => {
      const key = partitionKey(at);
      const ends = valueOf(sourceMarks.get(key));
      const copies: Watermarks = valueOf(targetMarks.get(partitionKey(onTarget(at))));
      const committed = committedIn(mine, at);
      const translated = pending.source
        ? null
        : (positions.get(key)?.map.translate(committed ?? ends.logStart) ??
          translatedBefore(before, move.group, at, committed));
      return {
        ...at,
        source: committed,
        aheadOnSource: pending.source ? null : above(ends.highWatermark, committed ?? ends.logStart),
        translated,
        aheadOnTarget: translated === null ? null : above(copies.highWatermark, translated),
        committed: committedIn(mineThere, onTarget(at)),
      };
    });
    return {
      group: move.group,
      onTarget: targetGroup(move),
      ...(Object.keys(pending).length > 0 && { pending }),
      partitions,
    };
  });
}

type Commits = Row<Map<string, Committed>> | undefined;

function pendingOn(side: 'source' | 'target', row: Commits): NonNullable<GroupOffsets['pending']> {
  return row?.error && isPending(row) ? { [side]: row.error.message } : {};
}

function committedIn(row: Commits, at: TopicPartition): bigint | null {
  return isPending(row) ? null : (valueOf(row).get(partitionKey(at))?.offset ?? null);
}

async function positionsOf(
  target: Cluster,
  migration: Migration,
): Promise<ReadonlyMap<string, MirrorPosition>> {
  const map = mapTopic(migration.name);
  if (mirrorKind(migration) === 'mirrormaker' || !(await target.topics([map])).get(map)?.value)
    return new Map();
  return readPositions(target, migration.name);
}

function translatedBefore(
  translated: ReadonlyMap<string, TranslatedPosition>,
  group: string,
  at: TopicPartition,
  committed: bigint | null,
): bigint | null {
  const source = committed === null ? null : String(committed);
  const found = translated.get(`${group} ${partitionKey(at)}`);
  return found?.source === source ? BigInt(found.target) : null;
}

const above = (end: bigint, from: bigint): bigint => (end > from ? end - from : 0n);

function valueOf<V>(row: Row<V> | undefined): V {
  if (row?.error) throw row.error;
  if (!row) throw new Error('a cluster left out an answer');
  return row.value;
}

/** Offsets, not records: compaction and markers of transactions leave gaps, on each side others. */
const aheadText = (offsets: bigint): string => `${offsets} ${offsets === 1n ? 'offset' : 'offsets'} ahead`;

export function offsetsText(
  { group, onTarget, pending = {}, partitions }: GroupOffsets,
  { source, target }: Pick<Migration, 'source' | 'target'>,
): string {
  const rows = partitions.map((one) => [
    `  ${one.topic}/${one.partition}`,
    pending.source ? 'commit pending' : one.source === null ? 'nothing committed' : String(one.source),
    one.aheadOnSource === null ? '' : aheadText(one.aheadOnSource),
    '→',
    one.translated !== null ? String(one.translated) : pending.source ? 'unknown' : 'not mirrored so far',
    one.aheadOnTarget === null ? '' : aheadText(one.aheadOnTarget),
    pending.target
      ? 'commit pending'
      : one.committed === null
        ? 'not committed'
        : `committed ${one.committed}`,
  ]);
  const name = onTarget === group ? named(group) : `${named(group)} (${named(onTarget)} on ${target})`;
  const sentences = Object.values(pending).map((sentence) => `\n  ${oneLine(sentence)}`);
  return `${name}, ${source} → ${target}\n${columns(rows)}${sentences.join('')}`;
}
