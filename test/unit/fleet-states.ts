import { parseFleet, type Fleet } from '../../src/fleet/file.js';
import { newFleet, type FleetState, type MemberState } from '../../src/fleet/state.js';

/** When the fleets of these tests are looked at. */
export const now = Date.parse('2026-12-01T08:00Z');

/** A fleet of this file, called `shop` unless it says otherwise, that has just begun. */
export function fleetOf(file: object): { fleet: Fleet; state: FleetState } {
  const { fleet, mistakes } = parseFleet({ name: 'shop', ...file });
  if (!fleet) throw new Error(JSON.stringify(mistakes));
  return { fleet, state: newFleet(fleet, new Date(now).toISOString(), null) };
}

/** A migration in a fleet file. */
export const one = (name: string, strategy = 'simplestCase', target = 'aiven') => ({
  ...{ name, strategy, source: 'onprem', target },
  topics: [{ name: `${name}-topic` }],
});

/** What a fleet remembers of one that runs. */
export const running = (report: Partial<NonNullable<MemberState['report']>> = {}): MemberState => ({
  is: 'started',
  at: '2026-12-01T07:00:00Z',
  report: {
    ...{ startedAt: '2026-12-01T07:00:00Z', state: 'running', step: 'drain', since: '2026-12-01T07:30:00Z' },
    ...{ says: '', done: 3, of: 12, copying: 'no' },
    ...report,
  },
});
