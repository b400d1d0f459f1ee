import { describe, expect, it } from '@jest/globals';
import { parseFleet, type Fleet } from '../../src/fleet/file.js';
import { movesOf, ratesOf } from '../../src/fleet/moves.js';
import { newFleet, type FleetState, type MemberState } from '../../src/fleet/state.js';
import { fleetStatusOf } from '../../src/fleet/status.js';
import { fleetDetails } from '../../src/fleet/details.js';

const now = Date.parse('2026-12-01T08:00Z');

function fleetOf(file: object): { fleet: Fleet; state: FleetState } {
  const { fleet, mistakes } = parseFleet({ name: 'shop', ...file });
  if (!fleet) throw new Error(JSON.stringify(mistakes));
  return { fleet, state: newFleet(fleet, new Date(now).toISOString(), null) };
}
const one = (name: string, strategy = 'simplestCase', target = 'aiven') => ({
  ...{ name, strategy, source: 'onprem', target },
  topics: [{ name: `${name}-topic` }],
});
const running = (report: Partial<NonNullable<MemberState['report']>> = {}): MemberState => ({
  is: 'started',
  at: '2026-12-01T07:00:00Z',
  report: {
    ...{ startedAt: '2026-12-01T07:00:00Z', state: 'running', step: 'drain', since: '2026-12-01T07:30:00Z' },
    ...{ says: '', done: 3, of: 12, copying: 'no' },
    ...report,
  },
});
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
