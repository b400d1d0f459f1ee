import { describe, expect, it } from '@jest/globals';
import { fleetLines } from '../../app/cli/fleet/status-text.js';
import type { FleetLook } from '../../app/cli/fleet/look.js';
import { totalsOf } from '../../app/cli/plan-folder.js';
import { fillIn } from '../../app/config/values.js';
import { withDefaults } from '../../src/fleet/defaults.js';
import type { PlannedRow } from '../../src/report/plan-page.js';

// Names that every object answers to without anybody having put them there.
const inherited = ['__proto__', 'constructor', 'toString'];

const row = (team: string): PlannedRow => ({
  ...{ name: 'orders', file: 'orders.yaml', strategy: 'simplestCase', target: 'aiven', team, topics: 1 },
  ...{ bytes: 1, waitsMs: 1, bytesPerSecond: null, blocks: [], asks: [], people: { producerSwitched: 1 } },
});

describe('a name that all objects have', () => {
  it.each(inherited)('is a team like any other in the totals of a plan: %s', (team) => {
    const { people } = totalsOf([row(team), row(team), row('shop')]);
    expect(Object.entries(people)).toEqual([
      [team, { producerSwitched: 2 }],
      ['shop', { producerSwitched: 1 }],
    ]);
    expect(({} as Record<string, unknown>)['producerSwitched']).toBeUndefined();
    expect(Object.hasOwn(Object, 'producerSwitched')).toBe(false);
  });

  it.each(inherited)('is shared as a label like any other: %s', (label) => {
    const shared = { labels: Object.fromEntries([[label, 'c']]) };
    const { labels } = withDefaults({ labels: { x: 'y' } }, shared) as { labels: object };
    expect(Object.entries(labels)).toEqual([
      [label, 'c'],
      ['x', 'y'],
    ]);
  });

  it.each(['constructor', 'tostring', 'valueof'])('copies nothing without a heartbeat: %s', (name) => {
    const migration = {
      ...{ name, strategy: 'simpleMirroring', state: 'running', step: 'startMirror', done: 1, of: 9 },
      copying: 'history',
    };
    const wave = {
      name: 'one',
      state: 'runs',
      ended: 0,
      of: 1,
      stepsDone: 1,
      steps: 9,
      migrations: [migration],
    };
    const look = {
      status: {
        ...{ name: 'shop', state: 'running', startedAt: '2026-12-01T07:00:00Z', frozen: null, budget: null },
        ...{ counts: {}, waves: [wave], waiting: [], next: [], refused: [], outcome: null },
      },
      ...{ copying: {}, bytesPerSecond: 0, expected: null },
    } as unknown as FleetLook;
    const told = fleetLines(look, undefined, new Date('2026-12-01T08:00:00Z')).map(({ text }) => text);
    expect(told.find((text) => text.startsWith(name))).toMatch(/ history$/);
  });

  it.each(inherited)('is no variable of the environment: %s', (name) => {
    expect(fillIn({ password: `\${${name}}` }, { HOME: '/' }).mistakes).toEqual([
      { path: 'password', expected: `needs the environment variable ${name}, which is not set` },
    ]);
  });
});
