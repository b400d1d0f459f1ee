import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MirrorPace } from '../../activities/mirror/mirror-pace.js';
import { mirrorLive, mirrorNumbers } from '../../app/cli/mirror-sum.js';
import { formatBytes } from '../../src/migration/bytes.js';
import { parseMigration, type Migration, type MigrationFile } from '../../src/migration/file.js';
import { partitionsOfShare, sharesOf } from '../../src/migration/shares.js';

const at = (second: number): number => Date.UTC(2026, 2, 1, 12, 0, second);

/** What one share reports: records of 100 bytes, one partition behind. */
const progress = (records: number, lag: number) => ({
  partitions: [
    { topic: 'orders', partition: 0, sourceNext: 50n, sourceEnd: 50n, targetNext: 51n },
    { topic: 'orders', partition: 1, sourceNext: 10n, sourceEnd: 10n + BigInt(lag), targetNext: 11n },
  ],
  copied: 1_000_000 + records,
  records: BigInt(records),
  bytes: BigInt(records * 100),
  whole: 1n,
  anew: 0n,
});

describe('the pace of a share', () => {
  it('is taken over the last seconds, and says how long the rest will take', () => {
    const pace = new MirrorPace(2);
    expect(pace.heartbeat(progress(0, 10_000), at(0)).says).toBe(
      'copied 1,000,000 records, up to 10,000 left',
    );
    pace.heartbeat(progress(1_000, 9_000), at(1));
    const { says, mirror, carry } = pace.heartbeat(progress(4_000, 6_000), at(2));
    expect(says).toBe('copied 1,004,000 records, 2,000 a second (200 kB/s), up to 6,000 left, about 3s');
    expect(mirror).toEqual({
      share: 2,
      records: 1_004_000,
      bytes: 400_000,
      recordsPerSecond: 2_000,
      bytesPerSecond: 200_000,
      lag: 6_000,
      behindMs: 2_000,
      lagging: { 'orders/1': 6_000 },
    });
    expect(carry).toBeNull();
  });

  it('forgets what is long ago, so that a stop shows', () => {
    const pace = new MirrorPace(0);
    pace.heartbeat(progress(0, 10), at(0));
    pace.heartbeat(progress(50_000, 10), at(1));
    for (let second = 2; second < 7; second += 1) pace.heartbeat(progress(50_000, 10), at(second));
    expect(pace.heartbeat(progress(50_000, 10), at(7))).toMatchObject({
      says: 'copied 1,050,000 records, up to 10 left',
      mirror: { recordsPerSecond: 0 },
    });
  });

  it('has nothing left to say when nothing is left', () => {
    expect(new MirrorPace(0).heartbeat(progress(1, 0), at(0)).says).toBe(
      'copied 1,000,001 records, nothing left for now',
    );
  });
});

describe('all shares of a mirror', () => {
  const share = (number: number, lag: number) => ({
    ...{ share: number, records: 1_000, bytes: 2_000_000, recordsPerSecond: 10, bytesPerSecond: 20_000 },
    lag,
    lagging: { [`orders/${number}`]: lag },
    at: new Date(at(number)).toISOString(),
  });

  it('are added up, with the partitions that are furthest behind, and are as old as the oldest', () => {
    const live = mirrorLive([share(1, 40), share(0, 60)]);
    expect(live.says).toBe(
      'the mirror has copied 2,000 records, 20 a second (40 kB/s), up to 100 left, about 5s; behind: orders/0 by 60, orders/1 by 40',
    );
    expect(live.at).toBe('2026-03-01T12:00:00.000Z');
    expect(live.mirror).toMatchObject({ shares: 2, lag: 100, lagging: { 'orders/0': 60, 'orders/1': 40 } });
  });

  it('say first what one of them waits for', () => {
    const failing = 'the mirror waits since 2026-03-01T12:00:00.000Z: Fewer replicas are in sync.';
    expect(mirrorLive([share(0, 60), { ...share(1, 40), failing }]).says).toMatch(
      /^the mirror waits since 2026-03-01T12:00:00\.000Z: Fewer replicas are in sync; the mirror has copied 2,000/,
    );
  });

  it('show at most five partitions', () => {
    const { mirror } = mirrorLive(Array.from({ length: 9 }, (_, number) => share(number, number + 1)));
    expect(Object.keys(mirror?.lagging ?? {})).toEqual([8, 7, 6, 5, 4].map((number) => `orders/${number}`));
  });

  it('are read from heartbeats of the right shape only', () => {
    expect(mirrorNumbers.safeParse(share(0, 1)).success).toBe(true);
    expect(mirrorNumbers.safeParse({ ...share(0, 1), lag: '1' }).success).toBe(false);
  });
});

function migration(topics: number, shares: number, more: Partial<MigrationFile> = {}): Migration {
  const parsed = parseMigration({
    name: 'm',
    strategy: 'simpleMirroring',
    source: 'a',
    target: 'b',
    topics: Array.from({ length: topics }, (_, nth) => ({ name: `t${nth}` })),
    copying: { shares },
    ...more,
  });
  if (!parsed.migration) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.migration;
}

describe('the shares of a mirror', () => {
  it('hold every partition exactly once, are no more than asked for, and none that runs is empty', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 64 }),
        (counts, wanted) => {
          const file = migration(counts.length, wanted);
          const partitions = Object.fromEntries(counts.map((count, nth) => [`t${nth}`, count]));
          const { shares, busy } = sharesOf(file, partitions);
          const held = busy.map((share) => partitionsOfShare(file, partitions, { share, shares }));
          expect(held.every((some) => some.length > 0)).toBe(true);
          expect(shares).toBeLessThanOrEqual(wanted);
          const keys = held.flat().map(({ topic, partition }) => `${topic}/${partition}`);
          expect(keys).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
          expect(new Set(keys).size).toBe(keys.length);
        },
      ),
    );
  });

  it('are one where MirrorMaker copies: its connector divides the work itself', () => {
    expect(
      sharesOf(migration(2, 8, { mirror: 'mirrormaker', connect: 'mirrors' }), { t0: 3, t1: 3 }),
    ).toEqual({
      shares: 1,
      busy: [0],
    });
  });
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [80_000_000, '80 MB'],
  [1_234_567_890, '1.2 GB'],
  [5e18, '5000 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
