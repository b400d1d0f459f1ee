import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseMigration, type Migration } from '../../src/migration/file.js';
import { tooManyShares } from '../../src/migration/share-size.js';
import { givenToShare, partitionsOfShare, sharesOf } from '../../src/migration/shares.js';
import { bytesOf } from '../../src/migration/size.js';
import type { Work } from '../../src/migration/work/work.js';

const numbers = (length: number) => Array.from({ length }, (_, at) => at);

interface Size {
  topics: number;
  shares: number;
  letters?: number;
  mirror?: 'engine' | 'mirrormaker';
}

function migrationOf({ topics, shares, letters = 20, mirror = 'engine' }: Size): Migration {
  const { migration, mistakes } = parseMigration({
    ...{ name: 'm', strategy: 'simpleMirroring', source: 'a', target: 'b', copying: { shares }, mirror },
    ...(mirror === 'mirrormaker' && { connect: 'c' }),
    topics: numbers(topics).map((at) => ({ name: `orders-${at}-`.padEnd(letters, 'x') })),
    consumers: numbers(10).map((at) => ({ group: `billing-${at}` })),
  });
  if (!migration) throw new Error(JSON.stringify(mistakes));
  return migration;
}

const counts = ({ topics }: Migration, partitions: number) =>
  Object.fromEntries(topics.map(({ name }) => [name, partitions]));

function workOf(migration: Migration): Work {
  const topicIds = Object.fromEntries(migration.topics.map(({ name }) => [name, 'x'.repeat(22)]));
  return { migration, topicIds, accepted: ['history-too-large:orders-1'] };
}

/** Bytes of all that the shares are given. */
function together(migration: Migration, partitions: Record<string, number>): number {
  const { shares, busy } = sharesOf(migration, partitions);
  const work = workOf(migration);
  const mirrored = { partitions, targetIds: work.topicIds ?? {} };
  return busy.reduce((sum, share) => sum + bytesOf(givenToShare(work, mirrored, { share, shares, busy })), 0);
}

describe('what the shares of a mirror are given', () => {
  test('is what each copies: the counts of its own topics, by which it finds the partitions that are its own', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        (partitionsOf, asked) => {
          const migration = migrationOf({ topics: partitionsOf.length, shares: asked });
          const partitions = Object.fromEntries(
            migration.topics.map(({ name }, at) => [name, partitionsOf[at] ?? 0]),
          );
          const { shares, busy } = sharesOf(migration, partitions);
          const mirrored = { partitions, targetIds: {} };
          const copied = busy.flatMap((share) => {
            const given = givenToShare(workOf(migration), mirrored, { share, shares, busy });
            const own = partitionsOfShare(given.migration, given.partitions, given);
            expect(given.busy).toBe(busy.length);
            expect(Object.keys(given.partitions).sort()).toEqual(
              [...new Set(own.map(({ topic }) => topic))].sort(),
            );
            return own.map(({ topic, partition }) => `${topic}/${partition}`);
          });
          const all = Object.entries(partitions).flatMap(([topic, count]) =>
            numbers(count).map((partition) => `${topic}/${partition}`),
          );
          expect(copied.sort()).toEqual(all.sort());
        },
      ),
    );
  });

  test('is everything where MirrorMaker copies, which looks at all topics in one share', () => {
    const migration = migrationOf({ topics: 3, shares: 4, mirror: 'mirrormaker' });
    const partitions = counts(migration, 2);
    const work = workOf(migration);
    const targetIds = { some: 'id' };
    expect(
      givenToShare(work, { partitions, targetIds }, { share: 0, ...sharesOf(migration, partitions) }),
    ).toEqual({ ...work, partitions, targetIds, share: 0, shares: 1, busy: 1 });
  });

  test('of a thousand topics of twelve partitions fits with twenty shares', () => {
    const migration = migrationOf({ topics: 1_000, shares: 20 });
    const partitions = counts(migration, 12);
    expect(tooManyShares(migration, partitions)).toEqual([]);
    expect(together(migration, partitions)).toBeLessThan(1_700_000);
  });

  test('is refused where Temporal would not take it, with the number of shares that fits', () => {
    const migration = migrationOf({ topics: 2_000, shares: 64 });
    const partitions = counts(migration, 12);
    expect(together(migration, partitions)).toBeGreaterThan(4_194_304);
    const [finding] = tooManyShares(migration, partitions);
    expect(finding).toMatchObject({
      weight: 'blocks',
      key: 'too-many-shares',
      sentence: expect.stringMatching(
        /^The 64 shares of the mirror would be given \d\.\d MB together, .*: set copying\.shares to at most \d+, or divide/,
      ),
    });
    const fits = Number(/at most (\d+),/.exec(finding!.sentence)?.[1]);
    const withShares = (shares: number) => migrationOf({ topics: 2_000, shares });
    expect(tooManyShares(withShares(fits), partitions)).toEqual([]);
    expect(tooManyShares(withShares(fits + 1), partitions)).toHaveLength(1);
    expect(together(withShares(fits), partitions)).toBeLessThan(2_400_000);
  });

  test('counts what people have accepted in every share', () => {
    const migration = migrationOf({ topics: 100, shares: 64 });
    const partitions = counts(migration, 12);
    expect(tooManyShares(migration, partitions)).toEqual([]);
    expect(tooManyShares(migration, partitions, ['x'.repeat(40_000)])).toHaveLength(1);
  });

  test('is never more than fits where the estimate says that it fits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 10, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        (topics, shares, letters, each) => {
          const migration = migrationOf({ topics, shares, letters });
          const partitions = counts(migration, each);
          fc.pre(tooManyShares(migration, partitions, workOf(migration).accepted).length === 0);
          expect(together(migration, partitions)).toBeLessThanOrEqual(2_400_000);
        },
      ),
      { numRuns: 15 },
    );
  });
});
