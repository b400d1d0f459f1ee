import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { lookAtFleet } from '../../app/cli/fleet/look.js';
import { sayToFleet } from '../../app/cli/fleet/temporal-fleet.js';
import { withTemporal } from '../../app/cli/temporal.js';
import type { TemporalSettings } from '../../app/config/temporal.js';
import { fleetType } from '../../src/fleet/messages.js';
import { fleetId, fleetName } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import { eventually } from '../eventually.js';
import { prepare, rowOf, startFleet, type Prepared, type TestFleet } from './fleets.js';
import { Migrations } from './migrations.js';
import { failure } from './scripted-cluster.js';

let migrations: Migrations;
const fleets: TestFleet[] = [];
beforeAll(async () => {
  migrations = await Migrations.onRealServer('f', [
    '--dynamic-config-value',
    'limit.historyCount.suggestContinueAsNew=150',
  ]);
});
afterEach(async () => {
  for (const { handle } of fleets.splice(0)) await handle.terminate().catch(() => undefined);
  await migrations.clear();
});
afterAll(() => migrations.close());

async function fleetOf(
  ...args: Parameters<typeof startFleet> extends [unknown, ...infer Rest] ? Rest : never
) {
  const fleet = await startFleet(migrations, ...args);
  fleets.push(fleet);
  return fleet;
}

const some = (amount: number): Prepared[] => Array.from({ length: amount }, () => prepare(migrations));

describe('a fleet', () => {
  it('goes from wave to wave: by a step of the one before, and by approval; its migrations end, and it does', async () => {
    const [a, b, c] = some(3) as [Prepared, Prepared, Prepared];
    const fleet = await fleetOf([
      { name: 'one', of: [a] },
      { name: 'two', of: [b], after: { wave: 'one', step: 'consumerSwitched' } },
      { name: 'three', of: [c] },
    ]);
    await fleet.knows(a.name, ({ state, step }) => state === 'waiting' && step === 'producerSwitched');
    expect(await fleet.wave('two')).toMatchObject({
      state: 'waits',
      why: 'waits for one to come to consumerSwitched: 1 have not',
    });
    expect(await fleet.wave('three')).toMatchObject({ state: 'waits', why: 'waits for approval' });
    await a.migration().say('producerSwitched', { by: 'ann' });
    await fleet.knows(b.name, ({ state }) => state === 'waiting');
    expect(rowOf(await fleet.status(), c.name)).toMatchObject({ state: 'pending' });
    expect(await fleet.refusal('waveApproved', { wave: 'three' })).toBe(
      'by says who: {"by":"ann"}; reason says why',
    );
    expect(await fleet.refusal('waveApproved', { wave: 'four', by: 'ann', reason: 'x' })).toContain(
      'the waves are one, two, three',
    );
    await fleet.say('waveApproved', { wave: 'three' });
    await fleet.knows(c.name, ({ state }) => state === 'waiting');
    for (const one of [a, b, c]) {
      await one.migration().reach('deletionApproved', 'waiting');
      await one.migration().say('deletionApproved', { by: 'ann', topic: `orders-${one.name}` });
    }
    expect(await fleet.outcome()).toMatchObject({
      done: 3,
      others: [],
      sentence: '3 of 3 migrations are done.',
    });
    const { state, outcome } = await fleet.status();
    expect({ state, done: outcome?.done }).toEqual({ state: 'ended', done: 3 });
  });

  it('waits for people alone when nothing of it runs', async () => {
    const [a, b] = some(2) as [Prepared, Prepared];
    const fleet = await fleetOf([
      { name: 'one', of: [a] },
      { name: 'two', of: [b] },
    ]);
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    await a.migration().say('abort', { by: 'ann' });
    await fleet.knows(a.name, ({ state }) => state === 'aborted');
    expect(await fleet.wave('two')).toMatchObject({ why: 'waits for approval' });
    await fleet.say('waveApproved', { wave: 'two' });
    await fleet.knows(b.name, ({ state }) => state === 'waiting');
  });

  it('is not held up by one that is blocked: it leaves its place in the window, and only what depends on it waits', async () => {
    const [broken, next, last] = some(3) as [Prepared, Prepared, Prepared];
    broken.cluster.next('checkPlan', failure('Unauthorized', 'An ACL is missing.'));
    const fleet = await fleetOf([{ name: 'one', of: [broken, next, { one: last, after: [broken.name] }] }], {
      window: { running: 1 },
    });
    await fleet.knows(next.name, ({ state }) => state === 'waiting');
    const status = await fleet.status();
    expect(rowOf(status, broken.name)).toMatchObject({
      state: 'blocked',
      step: 'checkPlan',
      says: 'An ACL is missing.',
    });
    expect(rowOf(status, last.name)).toMatchObject({
      state: 'pending',
      says: `comes after ${broken.name}, which has not come to its soak`,
    });
    expect(status.waiting.map(({ name }) => name).sort()).toEqual([broken.name, next.name].sort());
  });

  it('adopts a migration that runs already, leaves one that is done, and starts neither twice', async () => {
    const [running, done] = some(2) as [Prepared, Prepared];
    for (const one of [running, done])
      await migrations.client.workflow.start('simplestCase', {
        taskQueue: migrations.prepare().taskQueue,
        workflowId: workflowId(one.name),
        args: [one.file],
      });
    await done.migration().reach('deletionApproved', 'waiting');
    await done.migration().say('deletionApproved', { by: 'ann', topic: `orders-${done.name}` });
    await done.migration().outcome();
    await running.migration().at('producerSwitched', 'waiting');
    const before = await running.migration().handle.describe();
    const fleet = await fleetOf([{ name: 'one', of: [running, done] }]);
    await fleet.knows(done.name, ({ state }) => state === 'done');
    const row = await fleet.knows(running.name, ({ step }) => step === 'producerSwitched');
    expect(row).toMatchObject({ adopted: true, state: 'waiting' });
    expect((await running.migration().handle.describe()).runId).toBe(before.runId);
    await running.migration().say('producerSwitched', { by: 'ann' });
    await fleet.knows(running.name, ({ step }) => step === 'consumerSwitched');
  });

  it('leaves to another fleet what that has, and takes it once that fleet runs no more', async () => {
    const [theirs, ours] = some(2) as [Prepared, Prepared];
    const byHand = prepare(migrations);
    await migrations.client.workflow.start('simplestCase', {
      taskQueue: migrations.prepare().taskQueue,
      workflowId: workflowId(byHand.name),
      args: [byHand.file],
    });
    await byHand.migration().at('producerSwitched', 'waiting');
    const there = [theirs, byHand];
    const other = await fleetOf([{ name: 'one', of: there }]);
    for (const { name } of there) await other.knows(name, ({ state }) => state === 'waiting');
    const waves = [{ name: 'one', of: [...there, ours] }];
    const fleet = await fleetOf(waves);
    const otherName = fleetName(other.handle.workflowId);
    for (const { name } of there)
      expect((await fleet.knows(name, ({ state }) => state === 'left')).says).toBe(
        `It is of the fleet ${otherName}, which runs: ferry fleet status ${otherName} shows it. Cancel that fleet, or leave ${name} out of this one.`,
      );
    await fleet.knows(ours.name, ({ state }) => state === 'waiting');
    await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
    await fleet.knows(ours.name, ({ state }) => state === 'paused');
    for (const one of there) {
      expect((await one.migration().status()).state).toBe('waiting');
      expect(rowOf(await other.status(), one.name).state).toBe('waiting');
    }
    await other.handle.cancel();
    await other.outcome();
    const next = await fleetOf([{ name: 'one', of: there }]);
    for (const { name } of there)
      await next.knows(name, ({ state, adopted }) => state === 'waiting' && adopted === true);
  });

  it('holds every migration in a freeze and lets them go on after it, but for what a person has paused', async () => {
    const [a, b, later] = some(3) as [Prepared, Prepared, Prepared];
    const fleet = await fleetOf([
      { name: 'one', of: [a, b] },
      { name: 'two', of: [later] },
    ]);
    for (const { name } of [a, b]) await fleet.knows(name, ({ state }) => state === 'waiting');
    await b.migration().say('pause', { by: 'bo' });
    await fleet.knows(b.name, ({ state }) => state === 'paused');
    expect(await fleet.refusal('freeze', { until: '2020-01-01T00:00Z', by: 'ann', reason: 'x' })).toBe(
      'until is over already',
    );
    const { each } = await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
    expect(each).toEqual({
      [a.name]: 'stops at its next safe point (waiting at producerSwitched)',
      [b.name]: 'stops at its next safe point (paused at producerSwitched)',
      [later.name]: 'does not start until then',
    });
    await fleet.knows(a.name, ({ state }) => state === 'paused');
    await fleet.say('waveApproved', { wave: 'two' });
    expect((await a.migration().status()).waitingFor).toContain('Paused by fleet/');
    expect(rowOf(await fleet.status(), later.name).state).toBe('pending');
    await fleet.say('thaw', {});
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    await fleet.knows(later.name, ({ state }) => state === 'waiting');
    expect((await b.migration().status()).state).toBe('paused');
    expect(await b.migration().say('resume', { by: 'bo' })).toBe('goes on');
  });

  it('aborted half-way: what has not begun does not, what runs takes back what it made, and it ends', async () => {
    const [a, b] = some(2) as [Prepared, Prepared];
    const fleet = await fleetOf([
      { name: 'one', of: [a] },
      { name: 'two', of: [b] },
    ]);
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    const { each } = await fleet.say('abort', {});
    expect(each[b.name]).toBe('does not start any more');
    const outcome = await fleet.outcome();
    expect(outcome.others).toEqual([
      { name: a.name, ended: 'aborted' },
      { name: b.name, ended: 'left' },
    ]);
    expect((await a.migration().outcome()).undone).toContain(`topic orders-${a.name}`);
  });

  it('hears of one that is terminated, and touches none when it is itself cancelled', async () => {
    const [a, b] = some(2) as [Prepared, Prepared];
    const fleet = await fleetOf([{ name: 'one', of: [a, b] }]);
    for (const { name } of [a, b]) await fleet.knows(name, ({ state }) => state === 'waiting');
    await a.migration().handle.terminate();
    await fleet.knows(a.name, ({ state }) => state === 'terminated');
    await fleet.handle.cancel();
    expect((await fleet.outcome()).sentence).toContain('goes on by itself');
    expect((await b.migration().handle.describe()).status.name).toBe('RUNNING');
    await b.migration().say('producerSwitched', { by: 'ann' });
    await b.migration().at('consumerSwitched', 'waiting');
  });

  it('in a new run finds one that was terminated with the first that it has to tell it', async () => {
    const [a, b] = some(2) as [Prepared, Prepared];
    const fleet = await fleetOf([{ name: 'one', of: [a, b] }]);
    for (const { name } of [a, b]) await fleet.knows(name, ({ state }) => state === 'waiting');
    const { runId } = await fleet.handle.describe();
    for (let at = 0; at < 200; at += 1) await fleet.handle.signal('throttle', { by: 'ann', rate: null });
    await eventually(
      async () => (await fleet.handle.describe()).runId,
      (now) => now !== runId,
    );
    await a.migration().handle.terminate();
    await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
    await fleet.knows(a.name, ({ state }) => state === 'terminated');
    await fleet.knows(b.name, ({ state }) => state === 'paused');
  });

  it('that is begun again under its name lets go on what the one before it has paused, and gives it its own rate', async () => {
    const [a, b] = [prepare(migrations), prepare(migrations, 'simpleMirroring')];
    // Asked again after the pause.
    const copying = [b.cluster.hold('watchMirror'), b.cluster.hold('watchMirror')];
    const name = `again-${Math.random().toString(36).slice(2, 8)}`;
    const waves = [{ name: 'one', of: [a, b] }];
    const before = await fleetOf(waves, { name, budget: '11MB/s' });
    await before.knows(a.name, ({ state }) => state === 'waiting');
    await before.knows(b.name, ({ rate }) => rate === 11_000_000);
    await before.say('freeze', { until: '2999-01-01T00:00Z' });
    for (const one of [a, b]) await before.knows(one.name, ({ state }) => state === 'paused');
    await before.handle.cancel();
    expect((await before.outcome()).sentence).toContain('2 that it has paused stay so');
    // What it has said of the rate, it has taken back.
    const rate = async () =>
      ((await b.migration().handle.describe()).memo?.['migration'] as { rate?: number | null }).rate;
    await eventually(rate, (seen) => seen === null);
    const now = await fleetOf(waves, { name });
    await now.knows(a.name, ({ state, adopted }) => state === 'waiting' && adopted === true);
    await now.knows(b.name, ({ state, copying: how }) => state === 'running' && how === 'history');
    expect(await rate()).toBeNull();
    for (const held of copying)
      held.answer({ state: 'caught-up', mirrored: [], sentence: 'The mirror keeps up.' });
  });

  it('that is begun again learns how a migration is that has nothing new to tell', async () => {
    const mirrored = prepare(migrations, 'simpleMirroring');
    const copying = mirrored.cluster.hold('watchMirror');
    const name = `anew-${Math.random().toString(36).slice(2, 8)}`;
    const waves = [{ name: 'one', of: [mirrored] }];
    const before = await fleetOf(waves, { name, budget: '11MB/s' });
    const known = await before.knows(mirrored.name, ({ rate }) => rate === 11_000_000);
    await before.handle.terminate();
    const now = await fleetOf(waves, { name, budget: '7MB/s' });
    const { done, of, step } = known;
    expect(await now.knows(mirrored.name, ({ rate }) => rate === 7_000_000)).toMatchObject({
      ...{ adopted: true, copying: 'history', done, of, step },
    });
    copying.answer({ state: 'caught-up', mirrored: [], sentence: 'The mirror keeps up.' });
  });

  it('that has ended takes nothing any more, and a person is told how it ended', async () => {
    const [a, b] = some(2) as [Prepared, Prepared];
    const [ended, broken] = [
      await fleetOf([{ name: 'one', of: [a] }]),
      await fleetOf([{ name: 'one', of: [b] }]),
    ];
    await ended.say('abort', {});
    await ended.outcome();
    await broken.knows(b.name, ({ state }) => state === 'waiting');
    await broken.handle.terminate();
    const nameOf = ({ handle }: TestFleet) => fleetName(handle.workflowId);
    const { address } = migrations.environment.connection.options;
    const settings = { connection: { address }, namespace: 'default', taskQueue: '' } as TemporalSettings;
    await withTemporal(settings, async (temporal) => {
      const said = (fleet: TestFleet) =>
        sayToFleet(temporal, nameOf(fleet), 'freeze', {
          ...{ by: 'ann', reason: 'a test', until: '2999-01-01T00:00Z' },
        }).catch((error: unknown) => error);
      expect(await said(ended)).toMatchObject({
        ...{ exitCode: 2, type: 'Refused' },
        message: `${nameOf(ended)} has ended (0 of 1 migrations are done; 1 are not): ferry fleet status ${nameOf(ended)} shows what became of each, and ferry fleet start FILE begins it again.`,
      });
      const wrong = `wrong-${migrations.nextName()}`;
      const { taskQueue } = migrations.prepare();
      const failed = await migrations.client.workflow.start(fleetType, {
        ...{ taskQueue, workflowId: fleetId(wrong), args: [{ name: wrong, waves: [] }] },
      });
      await failed.result().catch(() => undefined);
      await expect(lookAtFleet(temporal, wrong)).rejects.toMatchObject({
        exitCode: 1,
        message: `${wrong} has ended (it failed: Not a fleet that can be run: waves: expected at least one wave): what runs of it goes on by itself, as ferry list shows, and ferry fleet start FILE begins it again.`,
      });
      const how = `${nameOf(broken)} has ended (it was terminated): what runs of it goes on by itself, as ferry list shows, and ferry fleet start FILE begins it again.`;
      expect(await said(broken)).toMatchObject({ exitCode: 2, message: how });
      expect((await lookAtFleet(temporal, nameOf(ended))).status.state).toBe('ended');
      await expect(lookAtFleet(temporal, nameOf(broken))).rejects.toMatchObject({
        exitCode: 1,
        message: how,
      });
    });
  });

  it('takes a thousand signals at once, goes on in new runs, and forgets and starts nobody twice', async () => {
    const all = some(12);
    const fleet = await fleetOf([{ name: 'one', of: all }], { window: { running: 12 } });
    await fleet.until(({ counts }) => counts['waiting'] === 12);
    const first = await fleet.handle.describe();
    await Promise.all(
      Array.from({ length: 1_000 }, (_, at) =>
        fleet.handle.signal('throttle', { by: 'ann', rate: 2_000 + at }),
      ),
    );
    await eventually(
      async () => (await fleet.handle.describe()).runId,
      (now) => now !== first.runId,
    );
    await Promise.all(all.map((one) => one.migration().say('producerSwitched', { by: 'ann' })));
    const status = await fleet.until(({ waves }) =>
      (waves[0]?.migrations ?? []).every(({ step }) => step === 'consumerSwitched'),
    );
    expect(status.budget).toBeGreaterThanOrEqual(2_000);
    expect(status.refused).toEqual([]);
    const { historyLength } = await fleet.handle.describe();
    expect(historyLength).toBeLessThan(1_200);
    for (const { name } of all) {
      const started = await eventually(
        () => runsOf(name),
        (found) => found.length > 0,
      );
      expect(started).toHaveLength(1);
    }
  });
});

/** A list is late; and a migration goes on in a new run by itself when it has been told a lot. */
async function runsOf(name: string): Promise<string[]> {
  const started: string[] = [];
  const query = `WorkflowId = "${workflowId(name)}"`;
  for await (const { runId, status } of migrations.client.workflow.list({ query }))
    if (status.name !== 'CONTINUED_AS_NEW') started.push(runId);
  return started;
}

describe('a budget', () => {
  it('is shared among mirrors that copy, ten times as much for a history as for what follows', async () => {
    const [a, b] = [prepare(migrations, 'simpleMirroring'), prepare(migrations, 'simpleMirroring')];
    const copying = a.cluster.hold('watchMirror');
    const fleet = await fleetOf([{ name: 'one', of: [a, b] }], { budget: '11MB/s' });
    await fleet.knows(b.name, ({ copying: how }) => how === 'following');
    await fleet.knows(a.name, ({ copying: how, rate }) => how === 'history' && rate === 10_000_000);
    const memo = async (one: Prepared) =>
      ((await one.migration().handle.describe()).memo?.['migration'] as { rate?: number | null }).rate;
    await eventually(
      async () => [await memo(a), await memo(b)].join(),
      (rates) => rates === '10000000,1000000',
    );
    await a.migration().say('throttle', { by: 'ann', rate: '20kB/s' });
    expect(await memo(a)).toBe(20_000);
    await a.migration().say('throttle', { by: 'ann', rate: null });
    await fleet.say('throttle', { rate: null });
    await eventually(
      async () => [await memo(a), await memo(b)].join(),
      (rates) => rates === ',',
    );
    expect(await a.migration().refusal('throttle', { by: 'ann', rate: 'fast' })).toContain('20MB/s');
    copying.answer({ state: 'caught-up', mirrored: [], sentence: 'The mirror keeps up.' });
  });
});
