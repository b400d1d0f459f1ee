import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Migrations } from './migrations.js';
import { blocks } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const arrived = 'orders partition 1 got a record at offset 131 at 12:00:03.';

it('a watch goes on slice after slice, and adds at most 10 events to history in an hour of them', async () => {
  const slices = 50;
  const migration = await migrations.start('simplestCase', {}, (cluster) => {
    for (let slice = 0; slice < slices; slice += 1)
      cluster.next('watchDrain', {
        state: 'watching',
        sentence: `billing lags by ${slices - slice}.`,
        carry: { slice },
      });
  });
  const last = migration.cluster.hold('watchDrain');
  await migration.reach('drain', 'active');
  const { says } = await migration
    .until(() => migration.cluster.inputs('watchDrain').length > slices)
    .then(({ steps }) => steps.find(({ id }) => id === 'drain')!);
  expect(says).toBe('billing lags by 1.');

  const watched = migration.cluster.inputs('watchDrain');
  // Each slice goes on where the one before it stopped.
  expect(watched.map(({ carry }) => carry)).toEqual([
    undefined,
    ...Array.from({ length: slices }, (_, slice) => ({ slice })),
  ]);
  const events = await migration.events();
  const begun = events.flatMap((event, index) =>
    event.activityTaskScheduledEventAttributes?.activityType?.name === 'watchDrain' ? [index] : [],
  );
  const perSlice = ((begun.at(-1) ?? NaN) - (begun[0] ?? NaN)) / slices;
  const hours = watched.map(({ sliceMs }) => sliceMs / 3_600_000);
  expect(perSlice / Math.min(...hours)).toBeLessThanOrEqual(10);
  last.answer({ state: 'drained', sentence: 'Drained at last.', lag: [] });
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

it.each([
  ['simplestCase', 'producerSwitched'],
  ['doubleProducer', 'oldProducerCodeRemoved'],
] as const)(
  'a record found at the deletion in %s opens %s again, and nothing is deleted before',
  async (strategy, producers) => {
    const migration = await migrations.start(strategy, {}, (cluster) =>
      cluster.next('finalCheck', {
        findings: [blocks('grew:orders/0', arrived)],
        sentence: '',
        manifest: [],
      }),
    );
    await migration.reach('deletionApproved', 'waiting');
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    const reopened = await migration.until(({ steps }) =>
      steps.some(
        ({ id, status, evidence }) => id === producers && status === 'waiting' && evidence.length > 1,
      ),
    );
    const stepOf = (id: string) => reopened.steps.find((step) => step.id === id);
    expect(stepOf(producers)?.evidence.at(-1)?.sentence).toBe(`Open again: ${arrived}`);
    expect(stepOf('deletionApproved')).toMatchObject({ status: 'pending', parts: [{ name: 'orders' }] });
    expect(migration.cluster.names()).not.toContain('deleteSource');

    await migration.reach('deleteSource', 'done');
    expect(migration.cluster.names().filter((name) => name === 'watchQuiet')).toHaveLength(2);
  },
);
