import { parseDuration } from '../migration/duration.js';
import type { Migration } from '../migration/file.js';
import type { FleetTelling } from '../migration/fleet-telling.js';
import { heldBackFor } from '../migration/membership.js';
import { notifyShape, teamName } from '../migration/notify-shape.js';
import type { Fleet, FleetShape } from './file.js';
import { membersOf, needsApproval, whyTooEarly } from './moves.js';
import { freezeNow, waveOf, type FleetState, type WaveState } from './state.js';

type Wave = FleetShape['waves'][number];

/** What people are to be told of a fleet. */
export interface Asking {
  /** Now: a wave asks them, and has not been told, or it is time to remind of it. */
  due: FleetTelling[];
  /** When there is something to tell although nothing changes, ms since the epoch. */
  againAt?: number;
}

/** What waits for a person's approval now and for nothing else, in their hours; nobody is asked in a freeze. Changes nothing. */
export function askingNow(fleet: Fleet, state: FleetState, now: number): Asking {
  if (state.outcome || state.aborted || freezeNow(state, now)) return { due: [] };
  const asking = fleet.shape.waves.filter((wave) => asks(fleet, state, wave, now));
  if (asking.length === 0) return { due: [] };
  const remindMs = parseDuration(whomToTell(fleet).notify?.remind ?? '');
  const times = asking.flatMap((wave) => {
    const told = waveOf(state, wave.name)?.asks;
    if (told && remindMs === null) return [];
    const at = Math.max(now, told ? Date.parse(told.at) + (remindMs ?? 0) : now);
    return [{ wave, told, at: at + heldBackFor(state, 'people', at) }];
  });
  const later = times.map(({ at }) => at).filter((at) => at > now);
  return {
    due: times
      .filter(({ at }) => at <= now)
      .map(({ wave, told }) => tellingOf(fleet, wave, told, new Date(now).toISOString())),
    ...(later.length > 0 && { againAt: Math.min(...later) }),
  };
}

/** Takes down that it is told, so that no later run tells it again. */
export function isTold(state: FleetState, { wave, since, reminder }: FleetTelling, now: string): void {
  const there = waveOf(state, wave);
  if (there) there.asks = { since, at: now, reminders: reminder };
}

/** Whom the file names for all that is in it. What no migration would take names nobody: each says its own then. */
export function whomToTell({ shape }: Fleet): Pick<Migration, 'name' | 'team' | 'notify'> {
  const { name, defaults } = shape;
  const team = teamName().safeParse(defaults?.['team']).data;
  const notify = notifyShape().safeParse(defaults?.['notify']).data;
  return { name, ...(team !== undefined && { team }), ...(notify && { notify }) };
}

function asks(fleet: Fleet, state: FleetState, wave: Wave, now: number): boolean {
  const said = waveOf(state, wave.name);
  return (
    said !== undefined &&
    !hasBegun(said) &&
    !said.paused &&
    !said.approved &&
    needsApproval(fleet, wave) &&
    whyTooEarly(fleet, state, wave, now) === undefined &&
    isNext(fleet, state, wave)
  );
}

/** Or never will. */
const hasBegun = (said: WaveState | undefined): boolean => (said?.openedAt ?? said?.aborted) !== undefined;

const namesNothing = ({ startsAt, after }: Wave): boolean => startsAt === undefined && after === undefined;

/** Of waves that name neither a date nor another wave, one asks at a time: else all would on the first day. */
function isNext({ shape: { waves } }: Fleet, state: FleetState, wave: Wave): boolean {
  if (!namesNothing(wave)) return true;
  return wave === waves.find((one) => namesNothing(one) && !hasBegun(waveOf(state, one.name)));
}

function tellingOf(fleet: Fleet, { name }: Wave, told: WaveState['asks'], now: string): FleetTelling {
  const { since, reminders } = told ?? { since: now, reminders: -1 };
  const many = membersOf(fleet, name).length;
  return {
    ...{ event: 'wave-asks', wave: name, reminder: reminders + 1, since },
    sentence: `${name}, of ${many} ${many === 1 ? 'migration' : 'migrations'}, waits for nothing but approval, since ${since.slice(0, 10)} ${since.slice(11, 16)} UTC.`,
    todo: `Decide whether ${name} may begin, then approve it.`,
  };
}
