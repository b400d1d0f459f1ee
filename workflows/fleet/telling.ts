import { getExternalWorkflowHandle, patched, workflowInfo } from '@temporalio/workflow';
import { isOver, type Telling } from '../../src/fleet/moves.js';
import { memberOf, whyHeld, type FleetState, type MemberState, type Told } from '../../src/fleet/state.js';
import { fleetSignal } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import { membershipOf } from './membership.js';
import type { Running } from './running.js';

/** A patch: fleets of before tell nothing anew where it is unknown how a migration was left, and look for none at once. */
export const tellsAnew = 'tells-anew';

/** Temporal takes so many at once without trouble. */
const atOnce = 50;

/** Tells migrations what is to be so; each heeds it at its next safe point, and one that has ended needs it no more. */
export async function tell(run: Running, all: readonly Telling[]): Promise<void> {
  for (let from = 0; from < all.length; from += atOnce)
    await Promise.all(all.slice(from, from + atOnce).map((one) => tellOne(run, one)));
}

async function tellOne(run: Running, telling: Telling): Promise<void> {
  const at = memberOf(run.state, telling.to);
  if (!at || (isOver(run.fleet, run.state, telling, Date.now()) && patched('tells-what-holds'))) return;
  const { message, input } = messageFor(run, telling);
  // Marked first: what has ended meanwhile is not told again and again.
  at.told = { ...at.told, ...toldBy(run.state, telling) };
  await getExternalWorkflowHandle(workflowId(telling.to))
    .signal(message, input)
    .catch(() => doubt(at));
}

/** Temporal does not find it: it is looked for at once, and not after hours of silence. */
export function doubt(at: MemberState): void {
  if (patched(tellsAnew)) at.heardAt = new Date(0).toISOString();
}

function toldBy(state: FleetState, telling: Telling): Told {
  switch (telling.what) {
    case 'hold':
      return { hold: true };
    case 'release':
      return { hold: false };
    case 'abort':
      return { abort: true };
    case 'rate':
      return { rate: telling.rate };
    case 'hours':
      return { hours: state.hours?.knownUntil ?? 0 };
  }
}

function messageFor(run: Running, telling: Telling): { message: string; input: unknown } {
  const by = workflowInfo().workflowId;
  const wave = run.fleet.byName.get(telling.to)?.wave ?? '';
  const said = run.state.waves[wave];
  switch (telling.what) {
    case 'hold': {
      const note = whyHeld(run.state, wave, Date.now());
      return { message: 'pause', input: { by, ...(note !== undefined && { note }) } };
    }
    case 'release':
      return { message: 'resume', input: { by } };
    case 'abort': {
      const { by: who, reason } = said?.aborted ?? run.state.aborted ?? { by, reason: '' };
      return { message: 'abort', input: { by: `${by} (${who})`.slice(0, 200), note: reason } };
    }
    case 'rate':
      return { message: 'throttle', input: { by, rate: telling.rate } };
    case 'hours':
      return { message: fleetSignal, input: membershipOf(run, { wave }) };
  }
}
