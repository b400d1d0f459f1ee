import { partitionAt, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { mirrorKind, targetName, type Migration } from '../../src/migration/file.js';
import { offsetAt, offsetTable, partitionsOf, type TargetOffsets } from '../../src/migration/offsets.js';
import { isMirrored } from '../../src/migration/strategies.js';
import { readPositions, mapTopic, type MirrorPosition } from '../../src/mirror/map-topic.js';
import type { MirroredPartition } from '../../src/mirror/plan.js';
import type { Ends } from './offset-reading.js';
import { valueIfThere } from '../kit/rows.js';
import { TailScans } from '../drain/tail-scan.js';

/**
 * Up to where the records of each partition of the target are the mirror's own, by target topic: what its map says, else
 * `mirrored`, which was taken down when it had copied everything. Nothing for strategies without a mirror, nor where
 * MirrorMaker keeps no such map.
 */
export async function mirroredOffsets(
  target: Cluster,
  migration: Migration,
  mirrored: TargetOffsets,
): Promise<TargetOffsets> {
  const positions = await storedPositions(target, migration);
  if (positions.size === 0) return mirrored;
  const names = new Map(migration.topics.map((move) => [move.name, targetName(move)]));
  const inTheMap = [...positions].flatMap(([key, { targetNext }]) => {
    const { topic: from, partition } = partitionAt(key);
    const topic = names.get(from);
    if (topic === undefined) return [];
    const known = offsetAt(mirrored, topic, partition);
    return [{ topic, partition, offset: known !== undefined && known > targetNext ? known : targetNext }];
  });
  return offsetTable([...partitionsOf(mirrored), ...inTheMap]);
}

/** What the engine's map on the target says, by `partitionKey` of the source; nothing where there is none. */
export async function storedPositions(
  target: Cluster,
  migration: Migration,
): Promise<Map<string, MirrorPosition>> {
  const map = mapTopic(migration.name);
  return isMirrored(migration.strategy) &&
    mirrorKind(migration) === 'engine' &&
    valueIfThere(await target.topics([map]), map)
    ? readPositions(target, migration.name)
    : new Map<string, never>();
}

/** The partition of a migration whose copy this partition of the target is. */
export function mirroredAs(
  { topics }: Migration,
  { topic, partition }: TopicPartition,
): MirroredPartition | undefined {
  const move = topics.find((one) => targetName(one) === topic);
  return move && { topic: move.name, targetTopic: topic, partition };
}

/**
 * Partitions that hold a record at or after the offset given (0 where none is): markers of a mirror's own transactions
 * are none.
 *
 * @throws FerryError `Unreachable` when a log could not be read: then nobody knows
 */
export async function recordsBeyond(
  target: Cluster,
  ends: readonly Ends[],
  from: TargetOffsets,
): Promise<(TopicPartition & { offset: bigint; highWatermark: bigint })[]> {
  const tails = ends.flatMap(({ topic, partition, logStart, highWatermark }) => {
    const known = offsetAt(from, topic, partition) ?? 0n;
    const begin = known > logStart ? known : logStart;
    return begin < highWatermark
      ? [{ topic, partition, isolation: 'read_uncommitted' as const, from: begin, end: highWatermark }]
      : [];
  });
  const scans = new TailScans(target);
  await scans.readAll(tails);
  return tails.flatMap((tail) => {
    const found = scans.known(tail);
    return found?.kind === 'record' ? [{ ...tail, offset: found.offset, highWatermark: tail.end }] : [];
  });
}
