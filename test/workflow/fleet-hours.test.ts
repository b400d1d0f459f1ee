import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { workflowId } from '../../src/migration/messages.js';
import { prepare, startFleet } from './fleets.js';
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
  await found.migration().handle.terminate();
  await migrations.pass('3 hours');
  expect(await fleet.knows(found.name, ({ state }) => state !== 'waiting')).toMatchObject({
    ...{ state: 'terminated', says: 'terminated', step: null },
  });
  await fleet.knows(next.name, ({ state }) => state === 'waiting');
  await fleet.handle.cancel();
});
