import { describe, expect, it } from '@jest/globals';
import { fleetLines } from '../../app/cli/fleet/status-text.js';
import { askingNow, isTold, whomToTell } from '../../src/fleet/asking.js';
import { fleetDetails } from '../../src/fleet/details.js';
import type { Fleet } from '../../src/fleet/file.js';
import type { FleetState } from '../../src/fleet/state.js';
import { fleetStatusOf } from '../../src/fleet/status.js';
import { fleetOf, now, one, running } from './fleet-states.js';

const hour = 60 * 60_000;
const at = (ms: number): string => new Date(ms).toISOString();
const said = { by: 'ann', reason: 'x', at: at(now) };

interface Shop {
  fleet: Fleet;
  state: FleetState;
}
/** Tells what is to be told, as the fleet does. */
const tell = ({ fleet, state }: Shop, when = now): string[] =>
  askingNow(fleet, state, when).due.map((telling) => {
    isTold(state, telling, at(when));
    return telling.reminder > 0 ? `${telling.wave} ${telling.reminder}` : telling.wave;
  });
const asking = ({ fleet, state }: Shop, when = now): string[] =>
  askingNow(fleet, state, when).due.map(({ wave }) => wave);
const againAt = ({ fleet, state }: Shop, when = now) => askingNow(fleet, state, when).againAt;

/** A fleet whose first wave has begun. */
const begun = (file: object): Shop => {
  const shop = fleetOf(file);
  const [first] = shop.fleet.shape.waves;
  shop.state.waves[first!.name] = { openedAt: at(now) };
  return shop;
};
const twoWaves = (second: object = {}, rest: object = {}) =>
  begun({
    ...rest,
    waves: [
      { name: 'one', migrations: [one('a'), one('b')] },
      { name: 'two', migrations: [one('c')], ...second },
    ],
  });

describe('a wave asks', () => {
  it('once, with how many migrations it has and since when', () => {
    const shop = twoWaves();
    expect(askingNow(shop.fleet, shop.state, now)).toEqual({
      due: [
        {
          ...{ event: 'wave-asks', wave: 'two', reminder: 0, since: '2026-12-01T08:00:00.000Z' },
          sentence: 'two, of 1 migration, waits for nothing but approval, since 2026-12-01 08:00 UTC.',
          todo: 'Decide whether two may begin, then approve it.',
        },
      ],
    });
    expect(tell(shop)).toEqual(['two']);
    expect(tell(shop, now + 1_000 * hour)).toEqual([]);
    expect(againAt(shop, now + 1_000 * hour)).toBeUndefined();
  });

  it('when its date has come, and not before', () => {
    const shop = twoWaves({ approval: true, startsAt: '2026-12-02T08:00Z' });
    expect(asking(shop, now + 24 * hour - 1)).toEqual([]);
    expect(asking(shop, now + 24 * hour)).toEqual(['two']);
  });

  it('when all of the wave that it comes after have come to the step, or have ended', () => {
    const shop = twoWaves({ approval: true, after: { wave: 'one', step: 'drain' } });
    expect(asking(shop)).toEqual([]);
    shop.state.migrations = { a: running({ step: 'drain' }), b: running({ step: 'producerSwitched' }) };
    expect(asking(shop)).toEqual([]);
    shop.state.migrations['b'] = { is: 'ended', at: '', ended: 'aborted' };
    expect(asking(shop)).toEqual(['two']);
  });

  it('also the first, where the file says so, and the next when that has begun', () => {
    const shop = fleetOf({
      waves: [
        { name: 'one', migrations: [one('a')], approval: true },
        { name: 'two', migrations: [one('b')] },
      ],
    });
    expect(tell(shop)).toEqual(['one']);
    shop.state.waves['one']!.approved = said;
    expect(tell(shop)).toEqual([]);
    shop.state.waves['one']!.openedAt = at(now);
    expect(tell(shop)).toEqual(['two']);
  });

  it.each(['approval', 'date', 'wave'])('that needs none does not: it names a %s', (what) => {
    const named = {
      approval: { approval: false },
      date: { startsAt: '2026-11-01T08:00Z' },
      wave: { after: 'one' },
    };
    const shop = twoWaves(named[what as keyof typeof named]);
    shop.state.migrations = { a: running({ step: 'soak' }), b: running({ step: 'soak' }) };
    expect(asking(shop)).toEqual([]);
  });

  it('one at a time of those that name neither a date nor another wave; others ask for themselves', () => {
    const shop = begun({
      waves: [
        { name: 'one', migrations: [one('a')] },
        { name: 'two', migrations: [one('b')] },
        { name: 'three', migrations: [one('c')] },
        { name: 'dated', migrations: [one('d')], startsAt: '2026-11-01T08:00Z', approval: true },
        { name: 'four', migrations: [one('e')] },
      ],
    });
    expect(tell(shop)).toEqual(['two', 'dated']);
    expect(tell(shop)).toEqual([]);
    shop.state.waves['two'] = { approved: said, openedAt: at(now) };
    expect(tell(shop)).toEqual(['three']);
    shop.state.waves['three'] = { aborted: said };
    expect(tell(shop)).toEqual(['four']);
  });

  it.each([
    ['it is approved', { approved: said }],
    ['it has begun', { openedAt: at(now) }],
    ['it is paused', { paused: said }],
    ['it is aborted', { aborted: said }],
  ])('no more when %s', (_, wave) => {
    const shop = twoWaves();
    shop.state.waves['two'] = wave;
    expect(asking(shop)).toEqual([]);
  });

  it.each<[string, Partial<FleetState>]>([
    ['is frozen', { freezes: [{ from: at(now - hour), until: at(now + hour) }] }],
    ['is aborted', { aborted: said }],
    ['has ended', { outcome: { at: at(now), sentence: '', done: 0, others: [] } }],
  ])('nobody when its fleet %s', (_, how) => {
    const shop = twoWaves();
    Object.assign(shop.state, how);
    expect(askingNow(shop.fleet, shop.state, now)).toEqual({ due: [] });
  });

  it('when a freeze is over, and after a pause not anew', () => {
    const shop = twoWaves();
    shop.state.freezes = [{ from: at(now - hour), until: at(now + hour) }];
    expect(tell(shop)).toEqual([]);
    expect(tell(shop, now + hour)).toEqual(['two']);
    shop.state.waves['two']!.paused = said;
    expect(tell(shop, now + 2 * hour)).toEqual([]);
    delete shop.state.waves['two']!.paused;
    expect(tell(shop, now + 3 * hour)).toEqual([]);
  });
});

describe('within the hours for people alone', () => {
  const inHours = (rest: object = {}) => {
    const shop = twoWaves({}, rest);
    const people: [number, number][] = [
      [now + 10 * hour, now + 16 * hour],
      [now + 34 * hour, now + 40 * hour],
    ];
    shop.state.hours = { knownUntil: now + 500 * hour, people };
    return shop;
  };

  it('a wave asks, and it is known when', () => {
    const shop = inHours();
    expect(askingNow(shop.fleet, shop.state, now)).toEqual({ due: [], againAt: now + 10 * hour });
    expect(tell(shop, now + 10 * hour - 1)).toEqual([]);
    expect(tell(shop, now + 10 * hour)).toEqual(['two']);
  });

  it('people are reminded', () => {
    const shop = inHours({ defaults: { notify: { remind: '5h' } } });
    tell(shop, now + 10 * hour);
    expect(againAt(shop, now + 10 * hour)).toBe(now + 15 * hour);
    expect(tell(shop, now + 15 * hour)).toEqual(['two 1']);
    expect(againAt(shop, now + 15 * hour)).toBe(now + 34 * hour);
    expect(tell(shop, now + 33 * hour)).toEqual([]);
    expect(tell(shop, now + 34 * hour)).toEqual(['two 2']);
  });

  it('but not within those for deletions', () => {
    const shop = twoWaves();
    shop.state.hours = { knownUntil: now + 500 * hour, deletions: [[now + hour, now + 2 * hour]] };
    expect(tell(shop)).toEqual(['two']);
  });
});

it('people are reminded as often as the defaults say, with the time since when it asks, for as long as it stands', () => {
  const shop = twoWaves({}, { defaults: { notify: { remind: '24h' } } });
  expect(tell(shop)).toEqual(['two']);
  expect(againAt(shop)).toBe(now + 24 * hour);
  expect(tell(shop, now + 24 * hour - 1)).toEqual([]);
  expect(askingNow(shop.fleet, shop.state, now + 24 * hour).due).toMatchObject([
    {
      since: at(now),
      reminder: 1,
      sentence: expect.stringContaining('since 2026-12-01 08:00 UTC') as unknown,
    },
  ]);
  expect(tell(shop, now + 24 * hour)).toEqual(['two 1']);
  expect(tell(shop, now + 30 * hour)).toEqual([]);
  expect(tell(shop, now + 48 * hour)).toEqual(['two 2']);
  // As it is handed on from run to run.
  shop.state = JSON.parse(JSON.stringify(shop.state)) as FleetState;
  expect(tell(shop, now + 50 * hour)).toEqual([]);
  shop.state.waves['two']!.approved = said;
  expect(askingNow(shop.fleet, shop.state, now + 72 * hour)).toEqual({ due: [] });
});

describe('whom a fleet tells', () => {
  const whom = (defaults?: object, own: object = {}) =>
    whomToTell(
      fleetOf({
        ...(defaults && { defaults }),
        waves: [{ name: 'one', migrations: [{ ...one('a'), ...own }] }],
      }).fleet,
    );

  it('are those whom its defaults name', () => {
    expect(whom()).toEqual({ name: 'shop' });
    expect(whom({ team: 'shop', notify: { teams: ['ops'], addresses: ['ann@example.com'] } })).toEqual({
      ...{ name: 'shop', team: 'shop', notify: { teams: ['ops'], addresses: ['ann@example.com'] } },
    });
  });

  it('and nobody by what no migration of it takes', () => {
    const defaults = { team: 7, notify: { remind: 'soon' } };
    const fleet = { team: 'shop', notify: { remind: '24h' } };
    expect(whom(defaults, fleet)).toEqual({ name: 'shop' });
  });
});

it('who could not be told is shown', () => {
  const { fleet, state } = twoWaves();
  expect(fleetStatusOf(fleet, state, now)).not.toHaveProperty('untold');
  state.untold = [{ at: at(now), why: 'board was not told: it answered 500.' }];
  const status = fleetStatusOf(fleet, state, now);
  expect(fleetDetails(status, 'default')).toContain(
    'Not told:\n\n- 2026-12-01 08:00 UTC: board was not told: it answered 500.',
  );
  const look = { status, copying: {}, bytesPerSecond: 0, expected: null };
  const lines = fleetLines(look, undefined, new Date(now)).map(({ text }) => text);
  expect(lines).toContain('Not told: 2026-12-01 08:00:00 board was not told: it answered 500.');
});
