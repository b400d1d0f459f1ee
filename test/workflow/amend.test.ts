import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { migrationFile } from './migration-files.js';
import { Migrations } from './migrations.js';
import { asks } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

it('a finding about the file is mended by an amendment and a retry', async () => {
  const audit = asks('group-not-in-file:audit', 'audit reads orders on onprem and is not in the file.');
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('checkPlan', { findings: [audit], will: [], topicIds: {} }),
  );
  await migration.at('checkPlan', 'blocked');
  const { name } = await migration.status();
  const file = migrationFile('simplestCase', name, {
    waits: { soak: '10ms' },
    leaveBehind: { groups: ['audit'] },
  });
  expect(await migration.say('amend', { by: 'ann', file })).toBe(
    'amended: leaveBehind.groups: + audit; checkPlan is blocked: retry',
  );
  expect(await migration.refusal('amend', { by: 'ann', file: { ...file, target: 'elsewhere' } })).toContain(
    'target: aiven → elsewhere: this is fixed while a migration runs',
  );
  await migration.say('retry');
  await migration.at('producerSwitched', 'waiting');
  expect(
    migration.cluster.inputs('checkPlan').map(({ migration: { leaveBehind } }) => leaveBehind.groups),
  ).toEqual([[], ['audit']]);
});

it('what is watched begins again by the new file, and a new group is held and asked for', async () => {
  const migration = await migrations.start('simplestCase');
  const quiet = migration.cluster.hold('watchQuiet');
  await migration.reach('producerSwitched', 'waiting');
  await migration.say('producerSwitched', { by: 'ann' });
  await migration.until(() => migration.cluster.inputs('watchQuiet').length === 1);
  const { name } = await migration.status();
  const consumers = [{ group: 'billing' }, { group: 'audit' }];
  const file = migrationFile('simplestCase', name, { waits: { soak: '10ms', patience: '2h' }, consumers });
  // A signal of the same name does the same.
  await migration.signal('amend', { by: 'ann', file });
  await migrations.eventually(async () => quiet.cancelled, true);
  await migration.at('producerSwitched', 'done');
  const { cluster } = migration;
  expect(cluster.inputs('watchQuiet').map(({ migration: { waits } }) => waits.patience)).toEqual([
    '10m',
    '2h',
  ]);
  expect(cluster.inputs('takeHolds').at(-1)?.migration.consumers).toHaveLength(2);
  expect(cluster.inputs('takeHolds')).toHaveLength(2);
  const { parts } = await migration.at('consumerSwitched', 'waiting');
  expect(parts?.map(({ name: group }) => group)).toEqual(['billing', 'audit']);
  expect(cluster.inputs('seedOffsets').at(-1)?.migration.consumers).toHaveLength(2);
});

it('a mirror goes on by the new file', async () => {
  const migration = await migrations.start('simpleMirroring');
  await migration.reach('producerStopped', 'waiting');
  const { cluster } = migration;
  await migration.until(() => cluster.inputs('mirror').length > 0);
  const begun = cluster.inputs('mirror').length;
  const { name } = await migration.status();
  const file = migrationFile('simpleMirroring', name, {
    waits: { soak: '10ms' },
    copying: { bytesPerSecond: 5000 },
  });
  expect(await migration.say('amend', { by: 'ann', file })).toContain(
    'copying.bytesPerSecond: nothing → 5000',
  );
  await migration.until(() => cluster.inputs('mirror').length === 2 * begun);
  expect(cluster.inputs('mirror').at(-1)?.migration.copying.bytesPerSecond).toBe(5000);
  expect(
    await migration.refusal('amend', { by: 'ann', file: { ...file, copying: { shares: 9 } } }),
  ).toContain('the mirror has begun with its shares');
});
