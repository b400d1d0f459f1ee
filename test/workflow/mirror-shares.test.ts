import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const started = (migration: TestMigration): number => migration.cluster.inputs('mirror').length;

it('a mirror has no more shares than partitions, and none without work', async () => {
  const migration = await migrations.start('simpleMirroring', { copying: { shares: 64 } }, (cluster) =>
    cluster.next('prepareMirror', { partitions: { orders: 3 }, findings: [], sentence: '' }),
  );
  await migration.reach('producerStopped', 'waiting');
  await migration.until(() => started(migration) === 3);
  const shares = migration.cluster.inputs('mirror').map(({ share, shares }) => [share, shares]);
  expect(shares.sort()).toEqual([
    [0, 3],
    [1, 3],
    [2, 3],
  ]);
});

it('it gives each share the topics of its own, and how many shares divide the rate', async () => {
  const migration = await migrations.start(
    'simpleMirroring',
    { topics: [{ name: 'orders' }, { name: 'mail' }, { name: 'audit' }], copying: { shares: 3 } },
    (cluster) =>
      cluster.next('prepareMirror', {
        ...{ partitions: { orders: 1, mail: 1, audit: 1 }, findings: [], sentence: '' },
        targetIds: { orders: 'a', mail: 'b', audit: 'c' },
      }),
  );
  await migration.reach('producerStopped', 'waiting');
  await migration.until(() => started(migration) === 3);
  const given = migration.cluster.inputs('mirror').sort((a, b) => a.share - b.share);
  expect(given.map(({ partitions, busy }) => [partitions, busy])).toEqual([
    [{ orders: 1 }, 3],
    [{ mail: 1 }, 3],
    [{ audit: 1 }, 3],
  ]);
  expect(given.flatMap(({ topicIds, targetIds }) => [topicIds, targetIds])).toEqual(Array(6).fill(undefined));
});

it('one whose shares are given more than Temporal takes at once says so, and goes on when the file is shorter', async () => {
  const prepared = { partitions: { orders: 64 }, findings: [], sentence: '' };
  const migration = await migrations.start('simpleMirroring', { copying: { shares: 64 } }, (cluster) =>
    cluster.next('prepareMirror', prepared),
  );
  await migration.reach('producerStopped', 'waiting');
  await migration.until(() => started(migration) === 64);
  const { migration: file } = migration.cluster.inputs('mirror')[0]!;
  await migration.say('amend', { by: 'ann', file: { ...file, description: 'x'.repeat(70_000) } });
  const { problem } = await migration.at('producerStopped', 'blocked');
  expect(problem).toMatchObject({
    type: 'Refused',
    sentence: expect.stringMatching(/^The 64 shares of the mirror would be given 4\.\d MB together/),
  });
  expect(started(migration)).toBe(64);
  await migration.say('amend', { by: 'ann', file });
  await migration.say('retry', { by: 'ann' });
  await migration.until(() => started(migration) === 128);
});
