import { describe, expect, it } from '@jest/globals';
import { parseFleet, type Fleet } from '../../src/fleet/file.js';
import { judgeFleet, type FleetJudgement, type FleetMessage } from '../../src/fleet/messages.js';
import { newFleet, type FleetState } from '../../src/fleet/state.js';

const at = '2026-12-20T08:00:00.000Z';

interface Shop {
  fleet: Fleet;
  state: FleetState;
}

function shopWith(file: object = {}): Shop {
  const { fleet, mistakes } = parseFleet({
    name: 'shop',
    waves: ['one', 'two'].map((name) => ({
      name,
      migrations: [
        {
          ...{ name: `${name}-a`, strategy: 'simplestCase', source: 'onprem', target: 'aiven' },
          topics: [{ name: `${name}-topic` }],
        },
      ],
    })),
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
