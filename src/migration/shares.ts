import { under } from './by-name.js';
import { mirrorKind, type Migration } from './file.js';
import type { Mirrored } from './work/mirror.js';
import type { Work } from './work/work.js';

/** Partitions of each topic, by its name on the source. */
export type PartitionCounts = Readonly<Record<string, number>>;

/** The partitions that one share of a mirror copies: partition p of the n-th topic belongs to share (n + p) mod `shares`. */
export function partitionsOfShare(
  { topics }: Pick<Migration, 'topics'>,
  partitions: PartitionCounts,
  { share, shares }: { share: number; shares: number },
): { topic: string; partition: number }[] {
  return topics.flatMap(({ name }, nth) =>
    Array.from({ length: under(partitions, name) ?? 0 }, (_, partition) => ({
      topic: name,
      partition,
    })).filter(({ partition }) => (nth + partition) % shares === share),
  );
}

/** How many shares a mirror has, and which of them have something to copy. MirrorMaker divides its work itself. */
export function sharesOf(
  migration: Migration,
  partitions: PartitionCounts,
): { shares: number; busy: number[] } {
  if (mirrorKind(migration) === 'mirrormaker') return { shares: 1, busy: [0] };
  const all = Object.values(partitions).reduce((sum, count) => sum + count, 0);
  const shares = Math.max(1, Math.min(migration.copying.shares, all));
  const busy = Array.from({ length: shares }, (_, share) => share).filter(
    (share) => partitionsOfShare(migration, partitions, { share, shares }).length > 0,
  );
  return { shares, busy };
}

/**
 * What one share is given of the migration and of its mirror. All shares are asked for at once, so each has the counts of its
 * own topics alone, and no ids: they are looked at by who watches all of them. MirrorMaker's only share does that itself.
 */
export function givenToShare(
  { migration, topicIds, accepted }: Work,
  { partitions, targetIds }: Mirrored,
  { share, shares, busy }: { share: number; shares: number; busy: readonly number[] },
): Work & Mirrored & { share: number; shares: number; busy: number } {
  const given = { migration, ...(accepted && { accepted }), share, shares, busy: busy.length };
  if (mirrorKind(migration) === 'mirrormaker')
    return { ...given, partitions, ...(topicIds && { topicIds }), ...(targetIds && { targetIds }) };
  const own = partitionsOfShare(migration, partitions, { share, shares });
  return {
    ...given,
    partitions: Object.fromEntries(own.map(({ topic }) => [topic, under(partitions, topic) ?? 0])),
  };
}
