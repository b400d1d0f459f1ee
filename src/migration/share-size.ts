import { under } from './by-name.js';
import type { Migration } from './file.js';
import type { Finding } from './findings.js';
import { sharesOf, type PartitionCounts } from './shares.js';
import { bytesOf, sayMegabytes } from './size.js';

/**
 * What all shares of a mirror may be given together, in bytes, estimated from above. Each run asks for all of them at once,
 * and Temporal takes 4 MB of a run in one answer; a history of 4 MB has to go on in a new run, which begins with up to
 * 1.6 MB that the migration carries and asks for all shares again.
 */
const most = 2_400_000;

/** What stands around a topic's name and its number of partitions. */
const perTopic = 8;
/** Options of an activity, and what stands around the file. */
const fixed = 600;

/**
 * Refuses a mirror whose shares Temporal could not take all at once, with the number that fits. A single one fits, or the
 * migration is too large in any case (`carried-size.ts`).
 *
 * @param accepted keys of findings that people have accepted, which each share is given too
 */
export function tooManyShares(
  migration: Migration,
  partitions: PartitionCounts,
  accepted: readonly string[] = [],
): Finding[] {
  const { shares } = sharesOf(migration, partitions);
  const bytesOfEach = bytesOf(migration) + bytesOf(accepted) + fixed;
  const counts = migration.topics.map(({ name }) => ({
    bytes: bytesOf(name) + perTopic,
    partitions: under(partitions, name) ?? 0,
  }));
  // Partitions that follow each other belong to different shares, so a topic is in as many as it has partitions.
  const bytesWith = (some: number): number =>
    counts.reduce((sum, one) => sum + one.bytes * Math.min(some, one.partitions), some * bytesOfEach);
  if (shares === 1 || bytesWith(shares) <= most) return [];
  let fits = shares - 1;
  while (fits > 1 && bytesWith(fits) > most) fits--;
  return [
    {
      weight: 'blocks',
      key: 'too-many-shares',
      sentence: `The ${shares} shares of the mirror would be given ${sayMegabytes(bytesWith(shares))} together, and Temporal takes no more than ${sayMegabytes(most)} of them at once: set copying.shares to ${fits === 1 ? '1' : `at most ${fits}`}, or divide the file into several, each with fewer topics.`,
    },
  ];
}
