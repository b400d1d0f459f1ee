import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { fleetName } from '../../src/migration/membership.js';
import { eventually } from '../eventually.js';
import { prepare, rowOf, startFleet, type TestFleet } from './fleets.js';
import { Migrations } from './migrations.js';
import { failure } from './scripted-cluster.js';

/** What people have been told of this fleet: a wave, and the number of the reminder. */
const toldOf = ({ toldOfFleets }: Migrations, { handle }: TestFleet): string[] =>
  toldOfFleets
    .filter(({ fleet }) => fleet.name === fleetName(handle.workflowId))
    .flatMap(({ tellings }) =>
      tellings.map(({ wave, reminder }) => (reminder > 0 ? `${wave} ${reminder}` : wave)),
    );
const untilTold = (migrations: Migrations, fleet: TestFleet, ...wanted: string[]) =>
  eventually(
    async () => toldOf(migrations, fleet),
    (told) => wanted.every((one) => told.includes(one)),
  );

describe('where time can be skipped', () => {
  let migrations: Migrations;
  beforeAll(async () => {
    migrations = await Migrations.skippingTime('t');
  });
  afterEach(() => migrations.clear());
  afterAll(() => migrations.close());

  it('a wave tells once that it asks, when its date has come and not before, and reminds until it is approved', async () => {
    const [a, b] = [prepare(migrations), prepare(migrations)];
    const startsAt = (await migrations.inHours(72)).toISOString();
    const fleet = await startFleet(
      migrations,
      [
        { name: 'one', of: [a] },
        { name: 'two', of: [b], approval: true, startsAt },
      ],
      { defaults: { team: 'shop', notify: { teams: ['ops'], remind: '13h' } } },
    );
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    await migrations.pass('71 hours');
    expect(await fleet.wave('two')).toMatchObject({ state: 'waits', why: 'waits for approval' });
    expect(toldOf(migrations, fleet)).toEqual([]);
    await migrations.pass('2 hours');
    await untilTold(migrations, fleet, 'two');
    expect(migrations.toldOfFleets.at(-1)).toMatchObject({
      fleet: { name: fleetName(fleet.handle.workflowId), team: 'shop', notify: { teams: ['ops'] } },
    });
    await migrations.pass('13 hours');
    await untilTold(migrations, fleet, 'two 1');
    await migrations.pass('13 hours');
    await untilTold(migrations, fleet, 'two 2');
    await fleet.say('waveApproved', { wave: 'two' });
    await fleet.knows(b.name, ({ state }) => state === 'waiting');
    await migrations.pass('30 hours');
    expect(toldOf(migrations, fleet)).toEqual(['two', 'two 1', 'two 2']);
    await fleet.handle.cancel();
  });

  it('nobody is told of a wave that was approved before', async () => {
    const [a, b] = [prepare(migrations), prepare(migrations)];
    const startsAt = (await migrations.inHours(72)).toISOString();
    const fleet = await startFleet(migrations, [
      { name: 'one', of: [a] },
      { name: 'two', of: [b], approval: true, startsAt },
    ]);
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    await fleet.say('waveApproved', { wave: 'two' });
    await migrations.pass('73 hours');
    await fleet.knows(b.name, ({ state }) => state === 'waiting');
    expect(toldOf(migrations, fleet)).toEqual([]);
    await fleet.handle.cancel();
  });

  it('people are told, and reminded, within their hours alone', async () => {
    const from = await migrations.inHours(30);
    const until = new Date(from.getTime() + 4 * 3_600_000);
    const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][from.getUTCDay()] ?? '';
    const hours = [`${day} ${from.toISOString().slice(11, 16)}-${until.toISOString().slice(11, 16)} UTC`];
    const [a, b] = [prepare(migrations), prepare(migrations)];
    const fleet = await startFleet(
      migrations,
      [
        { name: 'one', of: [a] },
        { name: 'two', of: [b] },
      ],
      { hours: { people: hours }, defaults: { notify: { remind: '3h' } } },
    );
    await fleet.knows(a.name, ({ step }) => step === 'producerSwitched');
    await migrations.pass('29 hours');
    expect(toldOf(migrations, fleet)).toEqual([]);
    await migrations.pass('2 hours');
    await untilTold(migrations, fleet, 'two');
    await migrations.pass('3 hours');
    await untilTold(migrations, fleet, 'two 1');
    await migrations.pass('48 hours');
    expect(toldOf(migrations, fleet)).toEqual(['two', 'two 1']);
    await fleet.handle.cancel();
  });
});

describe('on a real server', () => {
  let migrations: Migrations;
  const fleets: TestFleet[] = [];
  beforeAll(async () => {
    migrations = await Migrations.onRealServer('t', [
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
  async function twoWaves(second: object = {}, rest: object = {}) {
    const [a, b] = [prepare(migrations), prepare(migrations)];
    const waves = [
      { name: 'one', of: [a] },
      { name: 'two', of: [b], ...second },
    ];
    return { a, b, fleet: await fleetOf(waves, rest) };
  }
  const runId = async ({ handle }: TestFleet) => (await handle.describe()).runId;
  const throttle = async (fleet: TestFleet, times: number) => {
    for (let at = 0; at < times; at += 1) await fleet.handle.signal('throttle', { by: 'ann', rate: null });
  };

  /** It has looked at what follows from the first when it answers the second. */
  const looks = async (fleet: TestFleet) => {
    for (const rate of [null, null]) await fleet.say('throttle', { rate });
  };

  it('a wave that comes after another asks when that has come to its step', async () => {
    const { a, b, fleet } = await twoWaves({
      approval: true,
      after: { wave: 'one', step: 'consumerSwitched' },
    });
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    await looks(fleet);
    expect(toldOf(migrations, fleet)).toEqual([]);
    await a.migration().say('producerSwitched', { by: 'ann' });
    await fleet.knows(a.name, ({ step }) => step === 'consumerSwitched');
    await untilTold(migrations, fleet, 'two');
    await fleet.say('waveApproved', { wave: 'two' });
    await fleet.knows(b.name, ({ state }) => state === 'waiting');
    expect(toldOf(migrations, fleet)).toEqual(['two']);
  });

  it('nobody is told in a freeze', async () => {
    const freezes = [{ from: '2020-01-01T00:00Z', until: '2999-01-01T00:00Z' }];
    const { fleet } = await twoWaves({ approval: true, startsAt: '2020-01-01T00:00Z' }, { freezes });
    await fleet.until(({ state }) => state === 'frozen');
    await looks(fleet);
    expect(toldOf(migrations, fleet)).toEqual([]);
    await fleet.say('thaw', {});
    await untilTold(migrations, fleet, 'two');
  });

  it('what was told in one run is not told again in the next', async () => {
    const { b, fleet } = await twoWaves();
    await untilTold(migrations, fleet, 'two');
    const first = await runId(fleet);
    await throttle(fleet, 200);
    await eventually(
      () => runId(fleet),
      (now) => now !== first,
    );
    expect(await fleet.wave('two')).toMatchObject({ why: 'waits for approval' });
    await fleet.say('waveApproved', { wave: 'two' });
    await fleet.knows(b.name, ({ state }) => state === 'waiting');
    expect(toldOf(migrations, fleet)).toEqual(['two']);
  });

  it('who does not answer holds up nothing but a new run, and what that is to start', async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    migrations.tellOfFleet = async () => {
      const context = Context.current();
      const beating = setInterval(() => context.heartbeat(), 500);
      await Promise.race([answered, context.cancelled]).finally(() => clearInterval(beating));
      return { told: ['two'], failed: ['board was not told: it answered 404.'], sentence: '' };
    };
    const [a, b, c] = [prepare(migrations), prepare(migrations), prepare(migrations)];
    const waves = Object.entries({ one: [a], two: [b], three: [c] });
    const fleet = await fleetOf(waves.map(([name, of]) => ({ name, of })));
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    await untilTold(migrations, fleet, 'two');
    const first = await runId(fleet);
    await throttle(fleet, 200);
    await fleet.say('freeze', { until: '2999-01-01T00:00Z' });
    await fleet.knows(a.name, ({ state }) => state === 'paused');
    await fleet.say('thaw', {});
    await fleet.knows(a.name, ({ state }) => state === 'waiting');
    await fleet.say('waveApproved', { wave: 'three', anyway: true });
    await fleet.until((status) => status.waves[2]?.state === 'runs');
    await looks(fleet);
    expect(rowOf(await fleet.status(), c.name)).toMatchObject({ state: 'pending' });
    expect(await runId(fleet)).toBe(first);
    answer();
    await eventually(
      () => runId(fleet),
      (now) => now !== first,
    );
    // Who was not told is known in the next run, too.
    const { untold, waves: seen } = await fleet.status();
    expect(untold).toMatchObject([{ why: 'board was not told: it answered 404.' }]);
    expect(seen.map(({ state }) => state)).toEqual(['runs', 'waits', 'runs']);
    await fleet.knows(c.name, ({ state }) => state === 'waiting');
    expect(toldOf(migrations, fleet)).toEqual(['two']);
  });

  it('who cannot be told is shown, and the wave begins by what is said all the same', async () => {
    migrations.tellOfFleet = async () => {
      throw failure('Unreachable', 'board was not told: it answered 500.');
    };
    const { b, fleet } = await twoWaves();
    const { untold } = await fleet.until((status) => status.untold !== undefined);
    expect(untold).toMatchObject([{ why: 'board was not told: it answered 500.' }]);
    await fleet.say('waveApproved', { wave: 'two' });
    await fleet.knows(b.name, ({ state }) => state === 'waiting');
  });
});
