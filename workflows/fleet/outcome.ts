import type { Fleet } from '../../src/fleet/file.js';
import { memberOf, type FleetOutcome, type FleetState } from '../../src/fleet/state.js';

const mostNamed = 500;

/** What became of all of them. */
export function outcomeOf({ members }: Fleet, state: FleetState, at: string): FleetOutcome {
  const ended = members.map(({ migration: { name } }) => ({
    name,
    ended: memberOf(state, name)?.ended ?? 'not ended',
  }));
  const done = ended.filter((one) => one.ended === 'done').length;
  const others = ended.filter((one) => one.ended !== 'done');
  return {
    at,
    sentence: `${done} of ${members.length} migrations are done${others.length > 0 ? `; ${others.length} are not` : ''}.`,
    done,
    others: others.slice(0, mostNamed),
  };
}
