import { describe, expect, it } from '@jest/globals';
import { parseFleet, type Fleet } from '../../src/fleet/file.js';
import { judgeFleet, type FleetMessage } from '../../src/fleet/messages.js';
import { firstRate, movesOf, ratesOf } from '../../src/fleet/moves.js';
import type { FleetState, MemberState } from '../../src/fleet/state.js';
import { fleetStatusOf } from '../../src/fleet/status.js';
import { fleetDetails } from '../../src/fleet/details.js';
import { fleetOf, now, one, running } from './fleet-states.js';

const starts = (fleet: Fleet, state: FleetState, at = now): string[] =>
  movesOf(fleet, state, at).start.map(({ migration }) => migration.name);

describe('windows', () => {
  it('bound what runs and what copies, in all, in a wave, and for each target', () => {
    const { fleet, state } = fleetOf({
      window: { running: 5, copying: 2, copyingPerTarget: 1 },
      waves: [
        {
          name: 'one',
          migrations: [
            ...['m1', 'm2'].map((name) => one(name, 'simpleMirroring')),
            one('m3', 'simpleMirroring', 'msk'),
            one('m4', 'simpleMirroring', 'gcp'),
            ...['s1', 's2', 's3', 's4'].map((name) => one(name)),
          ],
        },
      ],
    });
    expect(starts(fleet, state)).toEqual(['m1', 'm3', 's1', 's2', 's3']);
    state.migrations = { m1: running({ copying: 'following' }), m3: running({ copying: 'history' }) };
    expect(starts(fleet, state)).toEqual(['m2', 's1', 's2']);
  });

  it('are not taken by what is blocked before it copies', () => {
    const { fleet, state } = fleetOf({
      window: { running: 1, copying: 1 },
      waves: [{ name: 'one', migrations: [one('a', 'simpleMirroring'), one('b', 'simpleMirroring')] }],
    });
    state.migrations = { a: running({ state: 'blocked', step: 'checkPlan', copying: 'ahead' }) };
    expect(starts(fleet, state)).toEqual(['b']);
    state.migrations = { a: running({ state: 'blocked', step: 'producerStopped', copying: 'history' }) };
    expect(starts(fleet, state)).toEqual([]);
  });
});

describe('waves', () => {
  const file = {
    waves: [
      { name: 'one', migrations: [one('a'), one('b')] },
      { name: 'two', migrations: [one('c')], after: { wave: 'one', step: 'consumerSwitched' } },
      { name: 'three', migrations: [one('d')], startsAt: '2026-12-02T08:00Z' },
      { name: 'four', migrations: [one('e')] },
    ],
  };

  it('begin when all of another have come to a step, or have ended', () => {
    const { fleet, state } = fleetOf(file);
    state.migrations = { a: running({ step: 'soak' }), b: running({ step: 'drain' }) };
    expect(starts(fleet, state)).toEqual([]);
    state.migrations['b'] = { is: 'ended', at: '', ended: 'failed: for no known reason' };
    expect(starts(fleet, state)).toEqual(['c']);
  });

  it('begin by date, and it is known when to look', () => {
    const { fleet, state } = fleetOf(file);
    expect(movesOf(fleet, state, now).wakeAt).toBe(Date.parse('2026-12-02T08:00Z'));
    expect(starts(fleet, state, Date.parse('2026-12-02T08:00Z'))).toContain('d');
  });

  it('that name nothing begin by approval; anyway means at once', () => {
    const { fleet, state } = fleetOf(file);
    const said = { by: 'ann', reason: 'x', at: '' };
    state.waves['four'] = { approved: said };
    state.waves['two'] = { approved: { ...said, anyway: true } };
    expect(starts(fleet, state)).toEqual(['a', 'b', 'c', 'e']);
  });

  it('do not begin in a freeze, which holds what runs, and is over by itself', () => {
    const { fleet, state } = fleetOf({
      ...file,
      freezes: [{ from: '2026-12-01T00:00Z', until: '2026-12-01T12:00Z' }],
    });
    state.migrations = { a: running() };
    const moves = movesOf(fleet, state, now);
    expect({ start: moves.start, tell: moves.tell, wakeAt: moves.wakeAt }).toEqual({
      start: [],
      tell: [{ to: 'a', what: 'hold' }],
      wakeAt: Date.parse('2026-12-01T12:00Z'),
    });
    state.migrations = { a: { ...running(), told: { hold: true } } };
    expect(movesOf(fleet, state, now).tell).toEqual([]);
    const after = movesOf(fleet, state, Date.parse('2026-12-01T12:00Z'));
    expect(after.tell).toEqual([{ to: 'a', what: 'release' }]);
    expect(after.start.map(({ migration }) => migration.name)).toEqual(['b']);
  });
});

it('one that was adopted counts as what it is, and not as what the file would have made of it', () => {
  const { fleet, state } = fleetOf({
    waves: [
      { name: 'one', migrations: [one('a', 'simpleMirroring')] },
      { name: 'two', migrations: [one('b')], after: { wave: 'one', step: 'consumerSwitched' } },
    ],
  });
  // Before its drain; a mirror switches its consumers before its producers.
  const adopted = { ...running({ state: 'waiting', step: 'producerSwitched', copying: 'history' }) };
  state.migrations = { a: { ...adopted, is: 'adopted', strategy: 'simplestCase' } };
  state.budget = 1_000_000;
  expect(starts(fleet, state)).toEqual([]);
  expect([...ratesOf(fleet, state).keys()]).toEqual([]);
  expect(fleetStatusOf(fleet, state, now).waves[0]?.migrations).toMatchObject([
    {
      strategy: 'simplestCase',
      says: 'It is a simplestCase, and not the simpleMirroring of the file.',
    },
  ]);
});

describe('what can only go on although it was told to abort', () => {
  const said = { by: 'ann', reason: 'x' };
  const at = new Date(now).toISOString();
  const deleting = (): MemberState => running({ step: 'deleteSource', state: 'paused' });

  function say(
    { fleet, state }: ReturnType<typeof fleetOf>,
    name: FleetMessage,
    input: object = {},
  ): string | undefined {
    const { refusal, apply } = judgeFleet(fleet, state, name, { ...said, ...input }, at);
    apply?.();
    return refusal;
  }
  /** Tells what is to be told, as the fleet does. */
  function told({ fleet, state }: ReturnType<typeof fleetOf>, when = now) {
    return movesOf(fleet, state, when).tell.map(({ to, what }) => {
      const one = state.migrations[to];
      if (one && what === 'hold') one.told = { ...one.told, hold: true };
      if (one && what === 'release') one.told = { ...one.told, hold: false };
      if (one && what === 'abort') one.told = { ...one.told, abort: true };
      return what;
    });
  }
  const held = (message: FleetMessage, input: object) => {
    const shop = fleetOf({ waves: [{ name: 'one', migrations: [one('a')] }] });
    shop.state.migrations = { a: deleting() };
    expect(say(shop, message, input)).toBeUndefined();
    expect(told(shop)).toEqual(['hold']);
    return shop;
  };

  it.each([
    ['its freeze ends', {}],
    ['it is thawed', { thaw: true }],
  ])('goes on when %s', (_, { thaw = false }: { thaw?: boolean }) => {
    const shop = held('freeze', { until: '2026-12-01T12:00Z' });
    expect(say(shop, 'abort')).toBeUndefined();
    expect(told(shop)).toEqual(['abort']);
    expect(told(shop)).toEqual([]);
    if (thaw) expect(say(shop, 'thaw')).toBeUndefined();
    expect(told(shop, Date.parse(thaw ? at : '2026-12-01T12:00Z'))).toEqual(['release']);
    // Nothing holds it any more.
    shop.state.freezes = [{ from: at, until: '2026-12-01T12:00Z' }];
    expect(told(shop)).toEqual([]);
  });

  it.each([
    ['wave', { wave: 'one' }],
    ['fleet', {}],
  ])('goes on when its wave is resumed after the %s was aborted, as the status says', (_, aborts) => {
    const shop = held('pause', { wave: 'one' });
    expect(say(shop, 'abort', aborts)).toBeUndefined();
    expect(told(shop)).toEqual(['abort']);
    expect(fleetStatusOf(shop.fleet, shop.state, now).next).toMatchObject([
      { message: 'resume', input: { wave: 'one' } },
    ]);
    expect(say(shop, 'resume', { wave: 'one' })).toBeUndefined();
    expect(told(shop)).toEqual(['release']);
  });

  it('goes on by the rule before in a history that is older', () => {
    const shop = held('pause', { wave: 'one' });
    say(shop, 'abort');
    told(shop);
    const before = (): boolean => false;
    const resume = { ...said, wave: 'one' };
    expect(judgeFleet(shop.fleet, shop.state, 'resume', resume, at, before).refusal).toContain('was aborted');
    delete shop.state.waves['one']?.paused;
    expect(movesOf(shop.fleet, shop.state, now, before).tell).toEqual([]);
  });

  it('and nothing else is said to a fleet that was aborted', () => {
    const shop = fleetOf({ waves: [{ name: 'one', migrations: [one('a')] }] });
    say(shop, 'abort');
    expect(say(shop, 'pause', { wave: 'one' })).toBe('this fleet was aborted by ann');
    expect(say(shop, 'freeze', { until: '2026-12-02T12:00Z' })).toBe('this fleet was aborted by ann');
  });
});

describe('what begins', () => {
  const many = () =>
    fleetOf({ waves: [{ name: 'one', migrations: Array.from({ length: 60 }, (_, at) => one(`m${at}`)) }] });
  const startedAt = new Date(now).toISOString();
  const minute = 60_000;

  /** Starts what may be started, as the fleet does. */
  function start({ fleet, state }: ReturnType<typeof fleetOf>, since?: () => boolean): number {
    for (let all = 0; ;) {
      const moves = movesOf(fleet, state, now, since);
      if (moves.start.length === 0) return all;
      all += moves.start.length;
      for (const { migration } of moves.start)
        state.migrations[migration.name] = { is: 'starting', at: startedAt };
    }
  }

  it('does so thirty at a time: the next when one has come to its first wait, is blocked, or has ended', () => {
    const shop = many();
    const { fleet, state } = shop;
    expect(start(shop)).toBe(30);
    expect(fleetStatusOf(fleet, state, now).waves[0]?.migrations[30]?.says).toBe(
      'begins when those before it have come to their first wait',
    );
    state.migrations['m0'] = { ...running({ step: 'createTopics' }), at: startedAt };
    expect(start(shop)).toBe(0);
    state.migrations['m0'] = { ...running({ step: 'producerSwitched', state: 'waiting' }), at: startedAt };
    state.migrations['m1'] = { ...running({ step: 'checkPlan', state: 'blocked' }), at: startedAt };
    state.migrations['m2'] = { is: 'ended', at: startedAt, ended: 'failed: for no known reason' };
    state.migrations['m3'] = { ...running({ step: 'drain' }), at: startedAt };
    expect(start(shop)).toBe(4);
  });

  it('holds up no other for longer than five minutes, and it is known when to look', () => {
    const shop = many();
    const { fleet, state } = shop;
    start(shop);
    expect(movesOf(fleet, state, now + minute)).toMatchObject({ start: [], wakeAt: now + 5 * minute });
    expect(movesOf(fleet, state, now + 5 * minute).start).toHaveLength(25);
  });

  it('begins by the rule before in a history that is older', () => {
    expect(start(many(), () => false)).toBe(60);
  });
});

it('a budget is never exceeded, and says nothing to MirrorMaker', () => {
  const { fleet, state } = fleetOf({
    waves: [
      {
        name: 'one',
        migrations: [
          ...['a', 'b', 'c'].map((name) => one(name, 'simpleMirroring')),
          { ...one('d', 'advancedMirroring'), connect: 'mirrors' },
        ],
      },
    ],
  });
  state.budget = 1_000_000;
  state.migrations = {
    a: running({ copying: 'history' }),
    b: running({ copying: 'history' }),
    c: running({ copying: 'following' }),
    d: running({ copying: 'history' }),
  };
  const rates = ratesOf(fleet, state);
  expect([...rates.keys()]).toEqual(['a', 'b', 'c']);
  expect([...rates.values()].reduce((sum: number, rate) => sum + (rate ?? 0), 0)).toBeLessThanOrEqual(1e6);
  expect(rates.get('a')).toBe(476_190);
  expect(rates.get('c')).toBe(47_619);
});

it('a budget is kept also where some could not go as slowly as their share', () => {
  const names = Array.from({ length: 10 }, (_, at) => `m${at}`);
  const file = (rest: object) => ({
    name: 'shop',
    waves: [{ name: 'one', migrations: names.map((name) => one(name, 'simpleMirroring')) }],
    ...rest,
  });
  expect(parseFleet(file({ budget: 10_239 })).mistakes).toEqual([
    {
      path: 'budget',
      expected:
        'expected at least 10240 bytes a second: a mirror copies no less than 1024, and all of them may copy at once',
    },
  ]);
  const { fleet, state } = fleetOf(file({ budget: 10_240 }));
  const throttle = (rate: number) =>
    judgeFleet(fleet, state, 'throttle', { by: 'ann', rate }, new Date(now).toISOString()).refusal;
  expect(throttle(10_239)).toContain('rate is at least 10240 bytes a second here');
  expect(throttle(10_240)).toBeUndefined();
  for (const budget of [10_240, 20_000, 100_000]) {
    state.budget = budget;
    state.migrations = Object.fromEntries(
      names.map((name, at) => [name, running({ copying: at === 0 ? 'history' : 'following' })]),
    );
    const rates = [...ratesOf(fleet, state).values()].map((rate) => rate ?? 0);
    expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeLessThanOrEqual(budget);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1_024);
  }
});

it('what is started together begins with shares that keep the budget, whatever has reported by then', () => {
  const names = Array.from({ length: 60 }, (_, at) => `m${at}`);
  const { fleet, state } = fleetOf({
    waves: [
      { name: 'one', migrations: [...names.map((name) => one(name, 'simpleMirroring')), one('s')] },
      { name: 'two', migrations: [one('later', 'simpleMirroring')] },
    ],
  });
  state.budget = 600_000;
  state.waves['one'] = { openedAt: '' };
  let given = 0;
  for (let turn = 0; turn < 3; turn += 1) {
    const { start } = movesOf(fleet, state, now);
    for (const { migration } of start) state.migrations[migration.name] = { is: 'starting', at: '' };
    for (const member of start) given += firstRate(fleet, state, member) ?? 0;
  }
  expect(Object.keys(state.migrations)).toHaveLength(61);
  expect(given).toBe(600_000);
  // Those that copy no more leave their share.
  for (const name of names.slice(10)) state.migrations[name] = running({ copying: 'no' });
  expect(firstRate(fleet, state, fleet.members[0]!)).toBe(60_000);
});

it('no more are started at once than their files let, and one at least', () => {
  const principals = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, at) => [
      `User:${'a'.repeat(40)}-${at}`,
      `User:${'b'.repeat(40)}-${at}`,
    ]),
  );
  const { fleet, state } = fleetOf({
    defaults: { principals },
    waves: [
      { name: 'one', migrations: ['a', 'b', 'c', 'd', 'e'].map((name) => one(name)) },
      { name: 'two', migrations: [one('f')], startsAt: '2026-11-01T00:00Z' },
    ],
  });
  expect(starts(fleet, state)).toEqual(['a', 'b', 'c']);
  state.migrations = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, running()]));
  expect(starts(fleet, state)).toEqual(['d', 'e', 'f']);
  state.migrations = {};
  expect(movesOf(fleet, state, now, () => false).start).toHaveLength(6);
});

it('what is shown of a thousand that wait for a place is found at once: it is looked for with each report', () => {
  const { fleet, state } = fleetOf({
    window: { running: 1 },
    waves: [{ name: 'one', migrations: Array.from({ length: 1_000 }, (_, at) => one(`m${at}`)) }],
  });
  state.migrations = { m0: running() };
  const before = process.cpuUsage();
  const status = fleetStatusOf(fleet, state, now);
  movesOf(fleet, state, now);
  const { user } = process.cpuUsage(before);
  expect(
    status.waves[0]?.migrations.filter(({ says }) => says === 'waits for a place in the window'),
  ).toHaveLength(999);
  // Far less in life; where each looked at all others it was seconds, and Temporal gives a workflow task but ten.
  expect(user / 1_000).toBeLessThan(500);
});

it('what is shown of thousands is short, and names of others are text in it', () => {
  const { fleet, state } = fleetOf({
    waves: [{ name: 'one', migrations: Array.from({ length: 2_000 }, (_, at) => one(`m${at}`)) }],
  });
  for (const { migration } of fleet.members)
    state.migrations[migration.name] = running({ state: 'blocked', says: 'a | b\n# c' });
  const details = fleetDetails(fleetStatusOf(fleet, state, now), 'default');
  expect(details.length).toBeLessThan(8_000);
  expect(details).toContain('2000 blocked');
  expect(details).toContain('[m0](/namespaces/default/workflows/migrate%2Fm0)');
  expect(details).not.toMatch(/^# c/m);
});

it('what one said while it ran is not shown of one that was terminated', () => {
  const { fleet, state } = fleetOf({ waves: [{ name: 'one', migrations: [one('a'), one('b')] }] });
  const { report } = running({ state: 'waiting', says: 'Waits for ann.' });
  state.migrations = {
    a: { is: 'ended', at: '', ended: 'terminated', ...(report && { report }) },
    b: running({ state: 'waiting', says: 'Waits for ann.' }),
  };
  expect(fleetStatusOf(fleet, state, now).waves[0]?.migrations).toMatchObject([
    { name: 'a', state: 'terminated', says: 'terminated' },
    { name: 'b', state: 'waiting', says: 'Waits for ann.' },
  ]);
});
