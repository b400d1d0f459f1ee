import { leastRate } from '../migration/rate.js';
import { bytesOf } from '../migration/size.js';
import { beginning, beginningAtOnce } from './beginning.js';
import { isThrottled, waitsFor, type Fleet, type FleetShape, type Member } from './file.js';
import { Rooms } from './rooms.js';
import {
  freezeNow,
  hasReached,
  isEnded,
  isRunning,
  memberOf,
  strategyOf,
  waveOf,
  whyHeld,
  type FleetState,
  type MemberState,
} from './state.js';

/** What the fleet is to tell one of its migrations. */
export type Telling =
  | { to: string; what: 'hold' | 'release' | 'abort' }
  | { to: string; what: 'rate'; rate: number | null }
  | { to: string; what: 'hours' };

/** What is to be done now, by the file and by what is known. */
export interface Moves {
  opens: string[];
  start: Member[];
  tell: Telling[];
  /** Names that nothing will start any more. */
  leave: string[];
  ended: boolean;
  /** When to look again though nothing is said, ms since the epoch. */
  wakeAt?: number;
}

type Wave = FleetShape['waves'][number];

export const membersOf = ({ byWave }: Fleet, wave: string): readonly Member[] => byWave.get(wave) ?? [];

/** Why a wave does not begin, or goes no further, in a sentence; undefined where it does. */
export function whyWaveWaits(fleet: Fleet, state: FleetState, wave: Wave, now: number): string | undefined {
  const said = waveOf(state, wave.name);
  if (state.aborted) return `aborted with the fleet by ${state.aborted.by}: ${state.aborted.reason}`;
  if (said?.aborted) return `aborted by ${said.aborted.by}: ${said.aborted.reason}`;
  if (said?.paused) return `paused by ${said.paused.by}: ${said.paused.reason}`;
  if (said?.openedAt !== undefined || said?.approved?.anyway) return undefined;
  if (needsApproval(fleet, wave) && !said?.approved) return 'waits for approval';
  return whyTooEarly(fleet, state, wave, now);
}

/** What a wave waits for that no person says: its date, and another wave. */
export function whyTooEarly(fleet: Fleet, state: FleetState, wave: Wave, now: number): string | undefined {
  if (wave.startsAt !== undefined && Date.parse(wave.startsAt) > now) return `begins at ${wave.startsAt}`;
  const needs = waitsFor(wave);
  if (!needs) return undefined;
  const late = membersOf(fleet, needs.wave).filter((one) => {
    const at = memberOf(state, one.migration.name);
    // Nothing is to be waited for of what has ended.
    return !isEnded(at) && !hasReached(one, at, needs.step);
  });
  if (late.length === 0) return undefined;
  const blocked = late.filter(
    ({ migration }) => memberOf(state, migration.name)?.report?.state === 'blocked',
  );
  return `waits for ${needs.wave} to come to ${needs.step}: ${late.length} have not${
    blocked.length > 0 ? ` (blocked: ${blocked.map(({ migration }) => migration.name).join(', ')})` : ''
  }`;
}

/** A wave that names nothing it waits for waits for a person, unless it is the first. */
export function needsApproval({ shape }: Fleet, wave: Wave): boolean {
  return (
    wave.approval ?? (wave !== shape.waves[0] && wave.startsAt === undefined && wave.after === undefined)
  );
}

/** Why a migration of a wave that has begun does not; undefined: it may. Windows apart. */
export function whyMemberWaits(fleet: Fleet, state: FleetState, member: Member): string | undefined {
  for (const name of member.after) {
    const other = fleet.byName.get(name);
    const at = memberOf(state, name);
    if (!other || hasReached(other, at, 'soak')) continue;
    if (isEnded(at)) return `comes after ${name}, which was ${(at?.is === 'ended' && at.ended) || 'left'}`;
    return `comes after ${name}, which has not come to its soak`;
  }
  return undefined;
}

/** How many may be asked for at once: Temporal takes so many commands, and servers breathe. */
const startsAtOnce = 25;

/** Their files go out in one message, of which Temporal takes 4 MB, and stand in the history of the fleet. */
const startBytesAtOnce = 2_000_000;

/**
 * Rules that came while fleets ran: a history that is older goes on by the rule before.
 * - `aborted-goes-on`: what can only go on although it was told to abort goes on when a freeze or a pause is over.
 * - `starts-by-bytes`: no more are started at once than their files let.
 * - `begins-by-turns`: no more are on their way to their first wait at once than servers take.
 * - `keeps-freezes`: a freeze that a person makes takes the place of no other.
 * - `budget-for-all`: a budget is refused that is too little for all mirrors.
 * - `real-days`: a freeze until a day that there is not is refused.
 * - `keeps-anyway`: a wave that may begin whatever it waits for may do so when it is approved once more.
 */
export type FleetRule =
  | 'aborted-goes-on'
  | 'starts-by-bytes'
  | 'begins-by-turns'
  | 'keeps-freezes'
  | 'keeps-anyway'
  | 'budget-for-all'
  | 'real-days';

/** @param since whether a rule holds for this history; asked only where it makes a difference */
export function movesOf(
  fleet: Fleet,
  state: FleetState,
  now: number,
  since: (rule: FleetRule) => boolean = () => true,
): Moves {
  const frozen = freezeNow(state, now) !== undefined;
  const moves: Moves = { opens: [], start: [], tell: [], leave: [], ended: false };
  const rooms = new Rooms(fleet, state);
  const begin = beginning(state, now);
  let others = false;
  let startBytes = 0;
  for (const wave of fleet.shape.waves) {
    const said = waveOf(state, wave.name);
    const members = membersOf(fleet, wave.name);
    if (state.aborted || said?.aborted) {
      for (const { migration } of members) {
        const at = memberOf(state, migration.name);
        if (!at) moves.leave.push(migration.name);
        else if (isTold(at) && !at.told?.abort) moves.tell.push({ to: migration.name, what: 'abort' });
      }
      continue;
    }
    const waits = whyWaveWaits(fleet, state, wave, now) !== undefined;
    if (!waits && said?.openedAt === undefined && !frozen) moves.opens.push(wave.name);
    for (const member of members) {
      const at = memberOf(state, member.migration.name);
      if (at) continue;
      if (waits || frozen || moves.start.length >= startsAtOnce) break;
      if (whyMemberWaits(fleet, state, member) !== undefined) continue;
      if (!rooms.has(member, wave)) continue;
      if (begin.length + moves.start.length >= beginningAtOnce && since('begins-by-turns')) {
        others = true;
        break;
      }
      startBytes += bytesOf(member.file);
      // One alone always starts: what is too large for that is no migration that can be run.
      if (startBytes > startBytesAtOnce && moves.start.length > 0 && since('starts-by-bytes')) break;
      rooms.take(member);
      moves.start.push(member);
    }
  }
  moves.tell.push(...tellings(fleet, state, frozen, since));
  moves.ended =
    moves.leave.length === 0 &&
    fleet.members.every(({ migration }) => isEnded(memberOf(state, migration.name)));
  const wakes = [
    ...(others ? begin : []),
    ...state.freezes.flatMap(({ from, until }) => [Date.parse(from), Date.parse(until)]),
    ...fleet.shape.waves.flatMap(({ name, startsAt }) =>
      startsAt !== undefined && waveOf(state, name)?.openedAt === undefined ? [Date.parse(startsAt)] : [],
    ),
  ].filter((at) => at > now);
  if (wakes.length > 0) moves.wakeAt = Math.min(...wakes);
  return moves;
}

const isTold = (at: MemberState): boolean => at.is === 'started' || at.is === 'adopted';

/** What is to be so in each migration that runs, where it has not been told. */
function tellings(
  fleet: Fleet,
  state: FleetState,
  frozen: boolean,
  since: (rule: FleetRule) => boolean,
): Telling[] {
  const rates = ratesOf(fleet, state);
  return fleet.members.flatMap(({ migration: { name }, wave }): Telling[] => {
    const at = memberOf(state, name);
    if (!at || !isTold(at)) return [];
    const hold = frozen || waveOf(state, wave)?.paused !== undefined;
    const rate = rates.get(name);
    const hours = state.hours?.knownUntil;
    const told = at.told ?? {};
    return [
      // One whose deletion has begun refuses to abort: it is not held any more, and let go where it was.
      ...(hold === (told.hold ?? false) || (told.abort && (hold || !since('aborted-goes-on')))
        ? []
        : [{ to: name, what: hold ? ('hold' as const) : ('release' as const) }]),
      ...(rate === undefined || rate === (told.rate ?? null)
        ? []
        : [{ to: name, what: 'rate' as const, rate }]),
      ...(hours === undefined || hours === told.hours ? [] : [{ to: name, what: 'hours' as const }]),
    ];
  });
}

/** Many are told in turns, and a person may say something between them. */
export function isOver({ byName }: Fleet, state: FleetState, { to, what }: Telling, now: number): boolean {
  const held = whyHeld(state, byName.get(to)?.wave ?? '', now) !== undefined;
  return (what === 'hold' && !held) || (what === 'release' && held);
}

/** What copies a history wants ten times as much as what only follows. */
const weights = { history: 10, following: 1 } as const;

/** How many bytes a second each mirror may copy, of the ferry's engine; together no more than the budget. */
export function ratesOf(fleet: Fleet, state: FleetState): Map<string, number | null> {
  const copying = fleet.members.flatMap((member) => {
    const { migration } = member;
    const at = memberOf(state, migration.name);
    const how = at?.report?.copying;
    return at &&
      isTold(at) &&
      isThrottled(migration, strategyOf(member, at)) &&
      (how === 'history' || how === 'following')
      ? [{ name: migration.name, weight: weights[how] }]
      : [];
  });
  const { budget } = state;
  if (budget === null) return new Map(copying.map(({ name }) => [name, null]));
  const sum = (some: typeof copying): number => some.reduce((all, { weight }) => all + weight, 0);
  const share = (weight: number, of: number, all: number): number => Math.floor((of * weight) / all);
  // What a mirror cannot go below is taken from the shares of the others.
  const large = copying.filter(({ weight }) => share(weight, budget, sum(copying)) >= leastRate);
  const left = budget - leastRate * (copying.length - large.length);
  return new Map(
    copying.map((one) => [
      one.name,
      Math.max(leastRate, large.includes(one) ? share(one.weight, left, sum(large)) : 0),
    ]),
  );
}

/**
 * What one that is about to copy may begin with; undefined: it does not copy, or as fast as it can. It shares with all that
 * may copy before anything is told anew: those that have not reported yet, and what is still to come of waves that have
 * begun.
 */
export function firstRate(fleet: Fleet, state: FleetState, { migration }: Member): number | undefined {
  if (state.budget === null || !isThrottled(migration, migration.strategy)) return undefined;
  const sharing = fleet.members.filter((one) => {
    const at = memberOf(state, one.migration.name);
    if (!isThrottled(one.migration, strategyOf(one, at))) return false;
    return at
      ? isRunning(at) && at.report?.copying !== 'no'
      : waveOf(state, one.wave)?.openedAt !== undefined;
  });
  return Math.max(leastRate, Math.floor(state.budget / sharing.length));
}
