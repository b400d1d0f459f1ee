import { partitionAt, type Cluster, type GroupFacts } from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';
import { commitsEveryMs, waitMs, type ConsumerMove, type Migration } from '../../src/migration/file.js';
import { valueIfThere } from '../kit/rows.js';
import { readCommitted } from './group-reading.js';

/**
 * Consumers that assign partitions to themselves (Flink, Spark, `assign()` of a client) never join their group: brokers
 * show its commits and no member, whether they run or not. All that tells is whether the commits move.
 *
 * @returns how long the commits of a group have to be still before it counts as stopped, ms; `undefined` for a group whose
 * members show whether it runs. Twice what the file says it commits after, else as long as a source has to be quiet.
 */
export function stillWindowMs(
  migration: Migration,
  move: ConsumerMove,
  facts: Pick<GroupFacts, 'neverJoined'> | undefined,
): number | undefined {
  const every = commitsEveryMs(move);
  if (every !== undefined) return 2 * every;
  return facts?.neverJoined ? waitMs(migration, 'quiet') : undefined;
}

/** For example `commits without a member, and has been still for 12s of 60s`. */
export function sayStill(stillMs: number, windowMs: number): string {
  return `commits without a member, as consumers do that assign partitions themselves, and its commits have been still for ${formatDuration(stillMs)} of ${formatDuration(windowMs)}`;
}

/** What each group has committed on topics, added up: equal sums at two looks mean that it has not moved. */
export async function committedSums(
  cluster: Cluster,
  groups: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Map<string, bigint>> {
  if (groups.size === 0) return new Map();
  const rows = await readCommitted(cluster, [...groups.keys()]);
  return new Map(
    [...groups].map(([group, topics]) => {
      let sum = 0n;
      for (const [key, { offset }] of valueIfThere(rows, group) ?? [])
        if (topics.has(partitionAt(key).topic)) sum += offset;
      return [group, sum];
    }),
  );
}
