import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';
import { failure } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.skippingTime();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

it('a wait of 30 days for a person looks after the starting offsets once a day, and adds few events', async () => {
  const migration = await migrations.start('simplestCase');
  await migration.reach('producerSwitched', 'waiting');
  const before = await migration.events();
  const seeded = migration.cluster.inputs('seedOffsets').length;
  await migrations.pass('30 days');
  await migration.until(() => migration.cluster.inputs('seedOffsets').length >= seeded + 29);
  const upkeep = migration.cluster.inputs('seedOffsets').slice(seeded);
  expect(upkeep.length).toBeLessThanOrEqual(30);
  // Where groups start was decided once.
  expect(upkeep.map(({ start }) => start)).toEqual(upkeep.map(() => ({ orders: ['0', '0'] })));
  const events = (await migration.events()).length - before.length;
  expect(events / (30 * 24)).toBeLessThan(1);
  await migration.say('producerSwitched', { by: 'ann' });
  await migration.reach('deleteSource', 'done');
});

it('starting offsets that the target forgets within two days are looked after twice as often as that', async () => {
  const report = { findings: [], will: [], topicIds: { orders: 'id-of-orders' } };
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('checkPlan', { ...report, offsetsKeptMs: 12 * 60 * 60_000 }),
  );
  await migration.reach('producerSwitched', 'waiting');
  const seeded = migration.cluster.inputs('seedOffsets').length;
  await migrations.pass('2 days');
  await migration.until(() => migration.cluster.inputs('seedOffsets').length >= seeded + 7);
  expect(migration.cluster.inputs('seedOffsets').length).toBeLessThanOrEqual(seeded + 8);
});

it('a pause during the soak outlasts it', async () => {
  const migration = await migrations.start('simplestCase');
  await migration.reach('soak', 'active');
  await migration.say('pause');
  await migrations.pass('25 hours');
  const { state, steps } = await migration.status();
  expect(state).toBe('paused');
  expect(steps.find(({ id }) => id === 'soak')?.status).toBe('active');
  await migration.say('resume');
  await migration.at('deletionApproved', 'waiting');
});

it('an upkeep that cannot be done blocks the step, and the wait goes on after a retry', async () => {
  const migration = await migrations.start('simplestCase');
  await migration.reach('consumerSwitched', 'waiting');
  migration.cluster.next('seedOffsets', failure('Unreachable', 'aiven does not answer: see that it runs.'));
  await migrations.pass('25 hours');
  await migration.at('consumerSwitched', 'blocked');
  await migration.say('retry');
  await migration.reach('deleteSource', 'done');
});
