import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Duration } from '@temporalio/common';
import { factsQuery, workflowId } from '../../src/migration/messages.js';
import type { Facts } from '../../src/migration/state.js';
import { eventually } from '../eventually.js';
import { prepare, startFleet, type Prepared } from './fleets.js';
import { Migrations } from './migrations.js';
import { asks, failure, type Answer, type Held, type ScriptedCluster } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.skippingTime('h');
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

it('a wave begins at its date, and not before', async () => {
  const [a, b] = [prepare(migrations), prepare(migrations)];
  const startsAt = (await migrations.inHours(72)).toISOString();
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
  const from = await migrations.inHours(30);
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

const hour = 3_600_000;

it('a step that waits already asks nobody when they are over, and again when they come', async () => {
  const held: Held<'createTopics'>[] = [];
  const migration = await migrations.start('simplestCase', {}, (cluster) => {
    held.push(cluster.hold('createTopics'));
  });
  const { cluster } = migration;
  await migration.until(() => cluster.inputs('createTopics').length === 1);
  const now = (await migrations.inHours(0)).getTime();
  const people = [
    [now - hour, now + 2 * hour],
    [now + 24 * hour, now + 30 * hour],
  ];
  const hours = { knownUntil: now + 99 * hour, people };
  await migration.signal('fleet', { id: 'fleet/shop', wave: 'one', hours });
  held[0]?.answer(await cluster.agreed('createTopics', cluster.inputs('createTopics')[0]!));
  await migration.at('producerSwitched', 'waiting');
  const keptBefore = cluster.inputs('seedOffsets').length;
  await migrations.pass('3 hours');
  const outside = await migration.at('producerSwitched', 'active');
  expect(outside.says).toMatch(/^Outside the hours of fleet\/shop: asks people from /);
  await migrations.pass('22 hours');
  await migration.at('producerSwitched', 'waiting');
  // A day has passed, however the hours have divided it.
  await migration.until(() => cluster.inputs('seedOffsets').length > keptBefore);
});

describe('topics are deleted within the hours alone', () => {
  /** How often it was looked at, and how often deleted. */
  const counts = (cluster: ScriptedCluster): number[] => [
    cluster.inputs('finalCheck').length,
    cluster.inputs('deleteSource').length,
  ];

  /** A migration at the approval of its deletion, whose fleet lets it delete for an hour from now, and again in a day. */
  async function atItsApproval(script: (cluster: ScriptedCluster) => void) {
    const migration = await migrations.start('simplestCase', {}, script);
    await migration.reach('deletionApproved', 'waiting');
    const now = (await migrations.inHours(0)).getTime();
    await migration.signal('fleet', openUntil(now + hour));
    return { migration, now };
  }

  const openUntil = (end: number) => {
    const deletions = [
      [end - 2 * hour, end],
      [end + 23 * hour, end + 24 * hour],
    ];
    return { id: 'fleet/shop', wave: 'one', hours: { knownUntil: end + 99 * hour, deletions } };
  };

  const agreeing = (cluster: ScriptedCluster, times: number) =>
    Array.from({ length: times }, (): Answer<'finalCheck'> => (input) => cluster.agreed('finalCheck', input));

  it('also when a deletion that failed is tried again after they are over, and then it is looked at afresh', async () => {
    const { migration } = await atItsApproval((cluster) =>
      cluster.next('deleteSource', failure('Unreachable', 'onprem does not answer.')),
    );
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    await migration.at('deleteSource', 'blocked');
    expect(counts(migration.cluster)).toEqual([2, 1]);
    await migrations.pass('2 hours');
    await migration.say('retry', { by: 'ann' });
    const waits = await migration.at('deleteSource', 'active');
    expect(waits.says).toMatch(/^Outside the hours of fleet\/shop: deletes from /);
    expect(counts(migration.cluster)).toEqual([2, 1]);
    await migrations.pass('22 hours');
    await migration.at('deleteSource', 'done');
    expect(counts(migration.cluster)).toEqual([3, 2]);
  });

  it('also when they end while it is looked at for the last time', async () => {
    const last: Held<'finalCheck'>[] = [];
    const { migration, now } = await atItsApproval((cluster) => {
      cluster.next('finalCheck', ...agreeing(cluster, 1));
      last.push(cluster.hold('finalCheck'));
    });
    const { cluster } = migration;
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    await migration.until(() => cluster.inputs('finalCheck').length === 2);
    // No time passes by itself while an activity is under way.
    await migration.signal('fleet', openUntil(now));
    last[0]?.answer(await cluster.agreed('finalCheck', cluster.inputs('finalCheck')[1]!));
    await migration.until(({ steps }) =>
      steps.some(({ id, says }) => id === 'deleteSource' && says?.startsWith('Outside the hours')),
    );
    expect(counts(migration.cluster)).toEqual([2, 0]);
    await migrations.pass('25 hours');
    await migration.at('deleteSource', 'done');
    expect(counts(migration.cluster)).toEqual([3, 1]);
  });

  it('also when no worker was there to delete them in time; until they come again there is nothing begun', async () => {
    const { migration, now } = await atItsApproval((cluster) =>
      cluster.next('deleteSource', { sentence: 'Nothing was deleted.', begun: false, closed: true }),
    );
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    await migration.until(() => migration.cluster.inputs('deleteSource').length === 1);
    expect(migration.cluster.inputs('deleteSource')).toMatchObject([{ closesAt: now + hour }]);
    await migration.digested('deleteSource', 1);
    await migrations.pass('2 hours');
    await migration.at('deleteSource', 'active');
    const { facts } = await migration.handle.query<{ facts: Facts }>(factsQuery);
    expect(facts).not.toHaveProperty('deletingSince');
    expect(counts(migration.cluster)).toEqual([2, 1]);
    await migrations.pass('25 hours');
    await migration.at('deleteSource', 'done');
    expect(counts(migration.cluster)).toEqual([3, 2]);
  });

  it('and what is found before they are tried again asks there: some of them may be gone', async () => {
    const late = asks('reader:audit', 'audit has read orders on onprem.');
    const { migration } = await atItsApproval((cluster) =>
      cluster
        .next('finalCheck', ...agreeing(cluster, 2), { findings: [late], sentence: '', manifest: [] })
        .next('deleteSource', failure('Unreachable', 'onprem does not answer.')),
    );
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    await migration.at('deleteSource', 'blocked');
    await migration.say('retry', { by: 'ann' });
    await migration.until(({ steps }) => steps.some(({ problem }) => problem?.findings[0]?.key === late.key));
    expect(await migration.refusal('abort', { by: 'ann' })).toContain('can only go on');
    await migration.say('retry', { by: 'ann', accept: [late.key], note: 'it may' });
    await migration.at('deleteSource', 'done');
    expect(counts(migration.cluster)).toEqual([4, 2]);
  });

  it('but what the source has taken on is seen to its end at any time', async () => {
    const { migration } = await atItsApproval((cluster) =>
      cluster.next('watchDeleted', { state: 'contradicted', sentence: 'orders is still on onprem.' }),
    );
    await migration.say('deletionApproved', { by: 'ann', topic: 'orders' });
    await migration.at('deleteSource', 'blocked');
    await migrations.pass('2 hours');
    await migration.say('retry', { by: 'ann' });
    await migration.at('deleteSource', 'done');
    expect(counts(migration.cluster)).toEqual([2, 2]);
  });
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
