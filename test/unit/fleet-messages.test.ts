import { describe, expect, it } from '@jest/globals';
import { parseFleet, type Fleet } from '../../src/fleet/file.js';
import { judgeFleet, type FleetJudgement, type FleetMessage } from '../../src/fleet/messages.js';
import { isOver, movesOf } from '../../src/fleet/moves.js';
import { newFleet, type FleetState } from '../../src/fleet/state.js';

const at = '2026-12-20T08:00:00.000Z';

interface Shop {
  fleet: Fleet;
  state: FleetState;
}

/** @param second what is said of the second of them */
const wavesOf = (second: object = {}) =>
  ['one', 'two'].map((name, index) => ({
    name,
    migrations: [
      {
        ...{ name: `${name}-a`, strategy: 'simplestCase', source: 'onprem', target: 'aiven' },
        topics: [{ name: `${name}-topic` }],
      },
    ],
    ...(index === 1 && second),
  }));

function shopWith(file: object = {}): Shop {
  const { fleet, mistakes } = parseFleet({
    name: 'shop',
    waves: wavesOf(),
    ...file,
  });
  if (!fleet) throw new Error(JSON.stringify(mistakes));
  return { fleet, state: newFleet(fleet, at, null) };
}

/** Says it, and does what follows, unless it is refused. */
function say({ fleet, state }: Shop, name: FleetMessage, input: object = {}): FleetJudgement {
  const judgement = judgeFleet(fleet, state, name, { by: 'ann', reason: 'x', ...input }, at);
  judgement.apply?.();
  return judgement;
}

const weekend = (week: number) => {
  const friday = Date.parse('2027-01-01T18:00Z') + week * 7 * 86_400_000;
  return {
    from: new Date(friday).toISOString(),
    until: new Date(friday + 60 * 3_600_000).toISOString(),
  };
};

describe('a freeze that a person makes', () => {
  const freezes = Array.from({ length: 60 }, (_, week) => weekend(week));

  it('takes the place of none of the file, however many there are', () => {
    const shop = shopWith({ freezes });
    expect(say(shop, 'freeze', { until: '2026-12-24T08:00Z' }).refusal).toBeUndefined();
    expect(shop.state.freezes).toMatchObject([...freezes, { until: '2026-12-24T08:00Z', by: 'ann' }]);
  });

  it('is refused when many are not over, and none is forgotten', () => {
    const shop = shopWith({ freezes });
    for (let day = 0; day < 50; day += 1)
      expect(say(shop, 'freeze', { until: weekend(day).from }).refusal).toBeUndefined();
    expect(say(shop, 'freeze', { until: '2026-12-24T08:00Z' }).refusal).toBe(
      '50 freezes that people have made are not over: end them by thaw before another is made',
    );
    expect(shop.state.freezes).toHaveLength(110);
    say(shop, 'thaw');
    expect(say(shop, 'freeze', { until: '2026-12-24T08:00Z' }).refusal).toBeUndefined();
    expect(shop.state.freezes).toHaveLength(61);
  });

  it('goes by the rule before in a history that is older', () => {
    const { fleet, state } = shopWith({ freezes });
    const input = { by: 'ann', reason: 'x', until: '2026-12-24T08:00Z' };
    judgeFleet(fleet, state, 'freeze', input, at, () => false).apply?.();
    expect(state.freezes).toHaveLength(51);
  });
});

describe('what is answered is what will be', () => {
  const until = '2026-12-24T08:00Z';
  const now = Date.parse(at);
  const runs = () => {
    const shop = shopWith({ waves: wavesOf({ startsAt: '2027-02-01T08:00Z' }) });
    shop.state.migrations = { 'one-a': { is: 'started', at } };
    return shop;
  };

  it('when a wave is resumed in a freeze: nothing goes on', () => {
    const shop = runs();
    say(shop, 'pause', { wave: 'one' });
    say(shop, 'freeze', { until });
    expect(say(shop, 'resume', { wave: 'one' })).toMatchObject({
      answer: 'one goes on when the freeze is over: frozen until 2026-12-24T08:00Z: x',
      each: { 'one-a': 'stays paused: frozen until 2026-12-24T08:00Z: x (starting)' },
    });
  });

  it('when a freeze ends and a wave is paused: that stands still, and what has not begun waits for what it waits for', () => {
    const shop = runs();
    say(shop, 'freeze', { until });
    say(shop, 'pause', { wave: 'one' });
    expect(say(shop, 'thaw')).toMatchObject({
      answer: 'goes on, but for what is paused: one',
      each: {
        'one-a': 'stays paused: one is paused by ann: x (starting)',
        'two-a': 'does not start yet: begins at 2027-02-01T08:00Z',
      },
    });
    expect(say(shop, 'resume', { wave: 'one' })).toMatchObject({
      ...{ answer: 'one goes on', each: { 'one-a': 'goes on, unless a person has paused it (starting)' } },
    });
  });

  it('when a wave is approved: it begins, or why it does not yet', () => {
    const shop = runs();
    expect(say(shop, 'waveApproved', { wave: 'two' }).answer).toBe(
      'two is approved, and begins when its time has come: begins at 2027-02-01T08:00Z',
    );
    say(shop, 'freeze', { until });
    expect(say(shop, 'waveApproved', { wave: 'two', anyway: true }).answer).toBe(
      'two is approved, and begins when its time has come: frozen until 2026-12-24T08:00Z: x',
    );
    say(shop, 'thaw');
    expect(say(shop, 'waveApproved', { wave: 'two', anyway: true }).answer).toBe(
      'two is approved, and begins',
    );
  });

  it('when a longer freeze is under way, and when a wave was aborted', () => {
    const shop = runs();
    say(shop, 'freeze', { until });
    say(shop, 'abort', { wave: 'one' });
    expect(say(shop, 'freeze', { until: '2026-12-22T08:00Z' })).toMatchObject({
      answer: `frozen until ${until}, by another freeze: every migration stops at its next safe point, and none starts`,
      each: {
        'one-a': 'is being aborted, which no freeze stops (starting)',
        'two-a': 'does not start until then',
      },
    });
  });

  it('a second approval takes nothing back of one that counts whatever the wave waits for', () => {
    const shop = runs();
    say(shop, 'freeze', { until });
    say(shop, 'waveApproved', { wave: 'two', anyway: true });
    say(shop, 'waveApproved', { wave: 'two', by: 'bo' });
    say(shop, 'thaw');
    expect(shop.state.waves['two']?.approved).toMatchObject({ by: 'bo', anyway: true });
    expect(movesOf(shop.fleet, shop.state, now).opens).toContain('two');
    const input = { by: 'bo', reason: 'x', wave: 'two' };
    judgeFleet(shop.fleet, shop.state, 'waveApproved', input, at, () => false).apply?.();
    expect(shop.state.waves['two']?.approved).not.toHaveProperty('anyway');
  });

  it('what was to be told is over when a person has said otherwise meanwhile', () => {
    const shop = runs();
    const over = (what: 'hold' | 'release') => isOver(shop.fleet, shop.state, { to: 'one-a', what }, now);
    expect([over('hold'), over('release')]).toEqual([true, false]);
    say(shop, 'freeze', { until });
    expect([over('hold'), over('release')]).toEqual([false, true]);
  });
});

it('a freeze until a day that there is not is refused', () => {
  expect(say(shopWith(), 'freeze', { until: '2027-02-30T08:00Z' })).toMatchObject({
    refusal: expect.stringContaining('until is a day that there is'),
  });
  expect(say(shopWith(), 'freeze', { until: '2028-02-29T08:00+02:00' }).apply).toBeDefined();
});
