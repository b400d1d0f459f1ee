import type { FleetReport } from '../migration/fleet-report.js';
import type { Opening } from '../migration/hours.js';
import { isMirrored, strategies, type StepId, type Strategy } from '../migration/strategies.js';
import type { Fleet, Member } from './file.js';

/** What a fleet remembers between its runs, as plain JSON; the file says the rest. Times are ISO 8601. */
export interface FleetState {
  startedAt: string;
  waves: Record<string, WaveState>;
  /** By name; one that is not in it has not been started. */
  migrations: Record<string, MemberState>;
  freezes: Freeze[];
  /** Bytes a second of all mirrors together; `null`: as fast as they can. */
  budget: number | null;
  /** When people may be asked and topics deleted, as far as is known. */
  hours?: { knownUntil: number; people?: Opening[]; deletions?: Opening[] };
  /** What was said and counts for nothing, newest last. */
  refused: { at: string; message: string; why: string }[];
  /** Who could not be told that a wave asks, newest last. */
  untold?: { at: string; why: string }[];
  /** Stopped for good: nothing starts any more. */
  aborted?: SaidOfFleet;
  outcome: FleetOutcome | null;
}

export interface SaidOfFleet {
  by: string;
  reason: string;
  at: string;
}

export interface Freeze {
  from: string;
  until: string;
  by?: string;
  reason?: string;
}

export interface WaveState {
  approved?: SaidOfFleet & { anyway?: boolean };
  openedAt?: string;
  paused?: SaidOfFleet;
  aborted?: SaidOfFleet;
  /** That it waits for approval was told: since when it asks, and when people were last told. */
  asks?: { since: string; at: string; reminders: number };
}

export interface MemberState {
  /** `starting`: asked for. `adopted`: it ran already when the fleet came to it. */
  is: 'starting' | 'started' | 'adopted' | 'ended' | 'left';
  at: string;
  report?: Omit<FleetReport, 'name'>;
  /** Of one that was adopted, where it is not that of the file. */
  strategy?: Strategy;
  /** When it was last heard of. */
  heardAt?: string;
  /** How it ended, or why it could not be started. */
  ended?: string;
  /** What the fleet has told it, so that it is told once. */
  told?: Told;
}

/**
 * Of a fleet that was there before, or of what it was started with, is `unknown` what holds: that has to be told anew.
 */
export interface Told {
  hold?: boolean | 'unknown';
  abort?: boolean;
  rate?: number | null | 'unknown';
  hours?: number;
}

export interface FleetOutcome {
  at: string;
  sentence: string;
  done: number;
  others: { name: string; ended: string }[];
}

export function newFleet({ shape }: Fleet, at: string, budget: number | null): FleetState {
  return {
    startedAt: at,
    waves: Object.fromEntries(shape.waves.map(({ name }) => [name, {}])),
    migrations: {},
    freezes: shape.freezes.map(({ from, until, reason }) => ({
      from,
      until,
      ...(reason !== undefined && { reason }),
    })),
    budget,
    refused: [],
    outcome: null,
  };
}

export const memberOf = (state: FleetState, name: string): MemberState | undefined =>
  Object.hasOwn(state.migrations, name) ? state.migrations[name] : undefined;

export const waveOf = (state: FleetState, name: string): WaveState | undefined =>
  Object.hasOwn(state.waves, name) ? state.waves[name] : undefined;

export const isEnded = (one: MemberState | undefined): boolean => one?.is === 'ended' || one?.is === 'left';
export const isRunning = (one: MemberState | undefined): boolean => one !== undefined && !isEnded(one);

/** A person may have started one under its name that is of another strategy. */
export const strategyOf = ({ migration }: Member, one: MemberState | undefined): Strategy =>
  one?.strategy ?? migration.strategy;

/** Whether a migration has come to a step; of a strategy without it, to its soak. One that is done has. */
export function hasReached(member: Member, one: MemberState | undefined, step: StepId): boolean {
  if (!one || one.is === 'left') return false;
  if (one.is === 'ended') return one.ended === 'done';
  const steps: readonly StepId[] = strategies[strategyOf(member, one)].steps;
  const wanted = steps.indexOf(steps.includes(step) ? step : 'soak');
  const at = one.report?.step;
  return at != null && steps.indexOf(at) >= wanted;
}

/** Whether its mirror copies a history, or will: from its start until it keeps up. */
export function mayCopy(member: Member, one: MemberState | undefined): boolean {
  if (!isMirrored(strategyOf(member, one)) || !isRunning(one)) return false;
  const copying = one?.report?.copying;
  if (copying === undefined) return true;
  return copying === 'ahead' || copying === 'history';
}

/** Of several at once the one that lasts longest. */
export const freezeNow = ({ freezes }: Pick<FleetState, 'freezes'>, now: number): Freeze | undefined =>
  freezes
    .filter(({ from, until }) => Date.parse(from) <= now && now < Date.parse(until))
    .reduce<Freeze | undefined>(
      (longest, one) => (longest && Date.parse(longest.until) >= Date.parse(one.until) ? longest : one),
      undefined,
    );

export function whyFrozen(state: FleetState, now: number): string | undefined {
  const freeze = freezeNow(state, now);
  return freeze && `frozen until ${freeze.until}${freeze.reason === undefined ? '' : `: ${freeze.reason}`}`;
}

/** Why what runs of a wave is to stand still; undefined: it is not. */
export function whyHeld(state: FleetState, wave: string, now: number): string | undefined {
  const paused = waveOf(state, wave)?.paused;
  return paused ? `${wave} is paused by ${paused.by}: ${paused.reason}` : whyFrozen(state, now);
}
