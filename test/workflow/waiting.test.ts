import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Migrations, type TestMigration } from './migrations.js';
import { failure, type Held } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.skippingTime();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const arrived = 'orders partition 1 got a record at offset 131 at 12:00:03.';

describe('a wait of 30 days', () => {
  it('for a person looks after the starting offsets once a day, and adds few events', async () => {
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

  it('for a slow group adds at most 10 events an hour while it watches', async () => {
    const hours = 48;
    const slices = Math.ceil((hours * 60) / 55);
    let last!: Held<'watchDrain'>;
    const migration = await migrations.start('simplestCase', {}, (cluster) => {
      for (let slice = 0; slice < slices; slice += 1)
        cluster.next('watchDrain', async ({ sliceMs }) => {
          await migrations.environment.sleep(sliceMs);
          return { state: 'watching', sentence: `billing lags by ${slices - slice}.`, carry: { slice } };
        });
      last = cluster.hold('watchDrain');
    });
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('producerSwitched', { by: 'ann' });
    await migrations.skipping(() =>
      migration.until(() => migration.cluster.inputs('watchDrain').length === slices + 1),
    );
    last.answer({ state: 'drained', sentence: 'Drained at last.', lag: [] });
    await migration.at('drain', 'done');
    const watched = migration.cluster.inputs('watchDrain');
    expect(watched).toHaveLength(slices + 1);
    // Each slice goes on where the one before it stopped.
    expect(watched.map(({ carry }) => carry)).toEqual([
      undefined,
      ...Array.from({ length: slices }, (_, slice) => ({ slice })),
    ]);
    const { begun, ended, events } = await eventsOfDrain(migration);
    const hoursWatched = (ended - begun) / 3_600_000;
    expect(hoursWatched).toBeGreaterThanOrEqual(hours);
    expect(events / hoursWatched).toBeLessThanOrEqual(10);
  });
});

/** From the first call of the drain's watch until the last answer. */
async function eventsOfDrain(migration: TestMigration) {
  const events = await migration.events();
  const first = events.findIndex(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'watchDrain',
  );
  const calls = events.filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'watchDrain',
  );
  const lastId = calls.at(-1)?.eventId?.toString();
  const last = events.findIndex(
    (event) => event.activityTaskCompletedEventAttributes?.scheduledEventId?.toString() === lastId,
  );
  const time = (index: number) => Number(events[index]?.eventTime?.seconds?.toString()) * 1000;
  return { begun: time(first), ended: time(last), events: last - first };
}

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

describe('a record that arrives after the source was proved quiet', () => {
  it('during the drain opens the step of the producers again, by name', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchDrain', { state: 'grew', sentence: arrived }),
    );
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('consumerSwitched', { by: 'bo' });
    await migration.say('producerSwitched', { by: 'ann' });
    const reopened = await migration.until(
      ({ steps, state }) =>
        state === 'waiting' &&
        steps.some(({ evidence }) => evidence.at(-1)?.sentence.startsWith('Open again')),
    );
    const producers = reopened.steps.find(({ id }) => id === 'producerSwitched');
    expect(producers).toMatchObject({ status: 'waiting' });
    expect(producers?.evidence.map(({ sentence }) => sentence)).toEqual([
      'Quiet for 150s. Said: orders-web by ann.',
      `Open again: ${arrived}`,
    ]);
    expect(producers?.parts?.[0]).not.toHaveProperty('claim');
    // What was claimed on the strength of a quiet source has to be said anew.
    const consumers = reopened.steps.find(({ id }) => id === 'consumerSwitched');
    expect(consumers).toMatchObject({ status: 'pending' });
    expect(consumers?.parts?.[0]).not.toHaveProperty('claim');
    expect(await migration.details()).toContain(arrived);

    await migration.reach('deleteSource', 'done');
    const made = migration.cluster.names();
    expect(made.filter((name) => name === 'watchQuiet')).toHaveLength(2);
    expect(made.filter((name) => name === 'watchDrain')).toHaveLength(2);
    expect(made.filter((name) => name === 'createTopics')).toHaveLength(1);
  });

  it.each(['simplestCase', 'doubleConsumers'] as const)(
    'while consumers leave a source does the same in %s',
    async (strategy) => {
      const migration = await migrations.start(strategy);
      await migration.reach('drain', 'done');
      migration.cluster.next('watchConsumers', { state: 'grew', sentence: arrived });
      const step = strategy === 'simplestCase' ? 'consumerSwitched' : 'oldConsumerCodeRemoved';
      await migration.reach(step, 'waiting');
      await migration.say(step, { by: 'ann' });
      await migration.until(({ steps }) =>
        steps.some(({ id, status }) => id === 'producerSwitched' && status === 'waiting'),
      );
      await migration.reach('deleteSource', 'done');
      const { steps } = await migration.status();
      expect(steps.find(({ id }) => id === 'consumerReadsBoth')?.evidence ?? []).toHaveLength(
        strategy === 'doubleConsumers' ? 1 : 0,
      );
    },
  );
});
