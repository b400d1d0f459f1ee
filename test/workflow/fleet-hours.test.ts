import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Duration } from '@temporalio/common';
import { workflowId } from '../../src/migration/messages.js';
import { eventually } from '../eventually.js';
import { prepare, startFleet, type Prepared } from './fleets.js';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.skippingTime('h');
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

/** A day and a time, so far from now by the clock of the server. */
const inHours = async (hours: number): Promise<Date> =>
  new Date(Number(await migrations.environment.currentTimeMs()) + hours * 3_600_000);

it('a wave begins at its date, and not before', async () => {
  const [a, b] = [prepare(migrations), prepare(migrations)];
  const startsAt = (await inHours(72)).toISOString();
  const fleet = await startFleet(migrations, [
    { name: 'one', of: [a] },
    { name: 'two', of: [b], startsAt },
  ]);
  await fleet.knows(a.name, ({ state }) => state === 'waiting');
  await migrations.pass('71 hours');
  expect(await fleet.wave('two')).toMatchObject({ state: 'waits', why: `begins at ${startsAt}` });
  await migrations.pass('2 hours');
  await fleet.knows(b.name, ({ state }) => state === 'waiting');
  await fleet.handle.cancel();
});

it('people are asked, and topics deleted, within the hours alone; what is said before counts', async () => {
  const from = await inHours(30);
  const until = new Date(from.getTime() + 4 * 3_600_000);
  const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][from.getUTCDay()] ?? '';
  const hours = [`${day} ${from.toISOString().slice(11, 16)}-${until.toISOString().slice(11, 16)} UTC`];
  const [asked, early] = [prepare(migrations), prepare(migrations)];
  const fleet = await startFleet(migrations, [{ name: 'one', of: [asked, early] }], {
    hours: { people: hours },
  });
  const row = await fleet.knows(asked.name, ({ step }) => step === 'producerSwitched');
  expect(row.state).toBe('running');
  const { steps } = await asked.migration().status();
  expect(steps.find(({ id }) => id === 'producerSwitched')?.says).toMatch(
    new RegExp(
      `^Outside the hours of ${fleet.handle.workflowId}: asks people from ${from.toISOString().slice(0, 15)}`,
    ),
  );
  await early.migration().at('producerSwitched', 'active');
  await early.migration().say('producerSwitched', { by: 'ann' });
  await early.migration().at('consumerSwitched', 'active');
  await migrations.pass('31 hours');
  await fleet.knows(asked.name, ({ state, step }) => state === 'waiting' && step === 'producerSwitched');
  await fleet.knows(early.name, ({ state, step }) => state === 'waiting' && step === 'consumerSwitched');
  await fleet.handle.cancel();
});

it('of what tells nothing it is looked for itself, after some hours', async () => {
  const a = prepare(migrations);
  const fleet = await startFleet(migrations, [{ name: 'one', of: [a] }]);
  await fleet.knows(a.name, ({ state }) => state === 'waiting');
  const before = (await fleet.handle.describe()).historyLength;
  await migrations.pass('24 hours');
  const after = (await fleet.handle.describe()).historyLength;
  expect(after - before).toBeGreaterThan(50);
  expect(after - before).toBeLessThan(10 * 24);
  await fleet.handle.cancel();
});

it('what a migration could not tell any more, since it has told so much, is told within the hour', async () => {
  const a = prepare(migrations);
  const fleet = await startFleet(migrations, [{ name: 'one', of: [a] }]);
  await fleet.knows(a.name, ({ state }) => state === 'waiting');
  for (let times = 0; times < 20; times += 1) {
    await a.migration().say('pause', { by: 'bo' });
    await a.migration().say('resume', { by: 'bo' });
  }
  await a.migration().say('pause', { by: 'bo' });
  await a.migration().until(({ state }) => state === 'paused');
  await migrations.pass('65 minutes');
  const row = await fleet.knows(a.name, ({ state }) => state === 'paused');
  expect(row.says).toContain('Paused by bo');
  await fleet.handle.cancel();
});

it('one that is terminated and can tell nobody is noticed after hours of silence, and what waits for it goes on', async () => {
  const [found, next] = [prepare(migrations), prepare(migrations)];
  await migrations.client.workflow.start('simplestCase', {
    taskQueue: migrations.prepare().taskQueue,
    workflowId: workflowId(found.name),
    args: [found.file],
  });
  await found.migration().at('producerSwitched', 'waiting');
  const fleet = await startFleet(migrations, [
    { name: 'one', of: [found] },
    { name: 'two', of: [next], after: 'one' },
  ]);
  await fleet.knows(found.name, ({ state, adopted }) => state === 'waiting' && adopted === true);
  await found.migration().terminateAfter('resume');
  await migrations.pass('3 hours');
  expect(await fleet.knows(found.name, ({ state }) => state !== 'waiting')).toMatchObject({
    ...{ state: 'terminated', says: 'terminated', step: null },
  });
  await fleet.knows(next.name, ({ state }) => state === 'waiting');
  await fleet.handle.cancel();
});

it('one that has timed out is noticed; one that somebody has started again under its name is told all anew', async () => {
  const [late, again] = [prepare(migrations), prepare(migrations)];
  const { taskQueue } = migrations.prepare();
  const start = ({ name, file }: Prepared, workflowExecutionTimeout: Duration) =>
    migrations.client.workflow.start('simplestCase', {
      ...{ taskQueue, workflowId: workflowId(name), args: [file], workflowExecutionTimeout },
    });
  await start(late, '90 minutes');
  await start(again, '30 days');
  for (const one of [late, again]) await one.migration().at('producerSwitched', 'waiting');
  const fleet = await startFleet(migrations, [{ name: 'one', of: [late, again] }]);
  for (const { name } of [late, again]) await fleet.knows(name, ({ adopted }) => adopted === true);
  await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
  for (const { name } of [late, again]) await fleet.knows(name, ({ state }) => state === 'paused');
  await again.migration().terminateAfter('pause');
  await start(again, '30 days');
  await again.migration().at('producerSwitched', 'waiting');
  await migrations.pass('3 hours');
  expect(await fleet.knows(late.name, ({ state }) => state !== 'paused')).toMatchObject({
    ...{ state: 'timed out', says: 'timed out', step: null },
  });
  await again.migration().until(({ state }) => state === 'paused');
  await fleet.knows(
    again.name,
    ({ state, says }) => state === 'paused' && says?.startsWith('Paused by fleet/') === true,
  );
  await fleet.handle.cancel();
});

it('in a freeze and a new run too it is noticed after hours that one was terminated', async () => {
  const [a, b] = [prepare(migrations), prepare(migrations)];
  const fleet = await startFleet(migrations, [{ name: 'one', of: [a, b] }]);
  for (const { name } of [a, b]) await fleet.knows(name, ({ state }) => state === 'waiting');
  await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
  for (const { name } of [a, b]) await fleet.knows(name, ({ state }) => state === 'paused');
  const { runId } = await fleet.handle.describe();
  // As many as one run takes.
  for (let at = 0; at < 30; at += 1)
    await Promise.all(Array.from({ length: 100 }, () => fleet.handle.signal('noSuchMessage')));
  await eventually(
    async () => (await fleet.handle.describe()).runId,
    (now) => now !== runId,
  );
  await a.migration().terminateAfter('pause');
  await migrations.pass('3 hours');
  await fleet.knows(a.name, ({ state }) => state === 'terminated');
  await fleet.knows(b.name, ({ state }) => state === 'paused');
  await fleet.handle.cancel();
});
