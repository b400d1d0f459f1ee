import type { FleetReport } from '../migration/fleet-report.js';
import { formatRate } from '../migration/rate.js';
import type { StepId } from '../migration/strategies.js';
import { strategies } from '../migration/strategies.js';
import { tooManyBegin } from './beginning.js';
import type { Fleet, FleetShape, Member } from './file.js';
import type { FleetMessage } from './messages.js';
import { membersOf, needsApproval, ratesOf, whyMemberWaits, whyWaveWaits } from './moves.js';
import { Rooms } from './rooms.js';
import {
  freezeNow,
  isEnded,
  memberOf,
  strategyOf,
  waveOf,
  type FleetOutcome,
  type FleetState,
  type Freeze,
  type MemberState,
} from './state.js';

/** What the query `status` of a fleet answers: what its migrations have told it. */
export interface FleetStatus {
  name: string;
  state: 'running' | 'frozen' | 'aborting' | 'ended';
  startedAt: string;
  frozen: Freeze | null;
  /** Bytes a second of all mirrors together; `null`: no limit. */
  budget: number | null;
  counts: Record<string, number>;
  waves: FleetWave[];
  /** Who is waited for: migrations that wait for people or are blocked, longest first. */
  waiting: {
    name: string;
    wave: string;
    team?: string;
    state: string;
    step: string;
    since: string;
    says: string;
  }[];
  /** What a person can send to the fleet now. */
  next: { message: FleetMessage; input: Record<string, unknown>; means: string }[];
  refused: FleetState['refused'];
  /** Who could not be told that a wave asks, and why. */
  untold?: FleetState['untold'];
  outcome: FleetOutcome | null;
}

export interface FleetWave {
  name: string;
  state: 'waits' | 'runs' | 'paused' | 'aborted' | 'ended';
  /** Why it does not begin, or goes no further. */
  why?: string;
  ended: number;
  of: number;
  /** Steps that are closed, of all its migrations, and all of them. */
  stepsDone: number;
  steps: number;
  migrations: FleetRow[];
}

export interface FleetRow {
  name: string;
  strategy: string;
  team?: string;
  source: string;
  target: string;
  /** `pending`, `starting`, a state of a migration, or how its run ended. */
  state: string;
  step: StepId | null;
  since?: string;
  says?: string;
  done: number;
  of: number;
  copying?: Exclude<FleetReport['copying'], 'no'>;
  /** Bytes a second that it may copy. */
  rate?: number;
  adopted?: true;
}

export function fleetStatusOf(fleet: Fleet, state: FleetState, now: number): FleetStatus {
  const shared = {
    ...{ rates: ratesOf(fleet, state), rooms: new Rooms(fleet, state) },
    tooManyBegin: tooManyBegin(state, now),
  };
  const waves = fleet.shape.waves.map((wave) => waveRow(fleet, state, wave, now, shared));
  const rows = waves.flatMap(({ migrations }) => migrations);
  const counts: Record<string, number> = {};
  for (const { state: word } of rows) counts[word] = (counts[word] ?? 0) + 1;
  const frozen = freezeNow(state, now) ?? null;
  return {
    name: fleet.shape.name,
    state: state.outcome ? 'ended' : state.aborted ? 'aborting' : frozen ? 'frozen' : 'running',
    startedAt: state.startedAt,
    frozen,
    budget: state.budget,
    counts,
    waves,
    waiting: waves
      .flatMap(({ name: wave, migrations }) =>
        migrations
          .filter(({ state: word }) => word === 'waiting' || word === 'blocked')
          .map(({ name, team, state: word, step, since = '', says = '' }) => ({
            ...{ name, wave, state: word, step: step ?? '', since, says },
            ...(team !== undefined && { team }),
          })),
      )
      .sort((a, b) => a.since.localeCompare(b.since)),
    next: state.outcome ? [] : nextOf(fleet, state, waves, frozen),
    refused: state.refused,
    ...(state.untold && { untold: state.untold }),
    outcome: state.outcome,
  };
}

type Wave = FleetShape['waves'][number];

/** Of all migrations together: found once, and not again for each. */
interface Shared {
  rates: ReadonlyMap<string, number | null>;
  rooms: Rooms;
  tooManyBegin: boolean;
}

function whyItDoesNotBegin(member: Member, wave: Wave, { rooms, tooManyBegin }: Shared): string | undefined {
  if (!rooms.has(member, wave)) return 'waits for a place in the window';
  return tooManyBegin ? 'begins when those before it have come to their first wait' : undefined;
}

function waveRow(fleet: Fleet, state: FleetState, wave: Wave, now: number, shared: Shared): FleetWave {
  const members = membersOf(fleet, wave.name);
  const why = whyWaveWaits(fleet, state, wave, now);
  const whyPending = (member: Member): string | undefined =>
    whyMemberWaits(fleet, state, member) ??
    (why === undefined ? whyItDoesNotBegin(member, wave, shared) : undefined);
  const migrations = members.map((member) => memberRow(state, member, whyPending, shared));
  const ended = members.filter(({ migration }) => isEnded(memberOf(state, migration.name))).length;
  const said = waveOf(state, wave.name);
  return {
    name: wave.name,
    state:
      ended === members.length
        ? 'ended'
        : (state.aborted ?? said?.aborted)
          ? 'aborted'
          : said?.paused
            ? 'paused'
            : why === undefined
              ? 'runs'
              : 'waits',
    ...(why !== undefined && ended < members.length && { why }),
    ended,
    of: members.length,
    stepsDone: migrations.reduce((sum, { done }) => sum + done, 0),
    steps: migrations.reduce((sum, { of }) => sum + of, 0),
    migrations,
  };
}

function memberRow(
  state: FleetState,
  member: Member,
  whyPending: (member: Member) => string | undefined,
  { rates }: Shared,
): FleetRow {
  const { name, team, source, target } = member.migration;
  const at = memberOf(state, name);
  const strategy = strategyOf(member, at);
  const { report } = at ?? {};
  const steps = report?.of ?? strategies[strategy].steps.length;
  const done = at?.ended === 'done' ? steps : (report?.done ?? 0);
  const says = at ? saysWhatItIs(member, at, saysOf(at)) : whyPending(member);
  const rate = rates.get(name);
  // A thousand rows are made with each report: no object is made only to be copied.
  const row: FleetRow = {
    name,
    strategy,
    source,
    target,
    state: stateOf(at),
    step: isEnded(at) ? null : (report?.step ?? null),
    done,
    of: steps,
  };
  if (team !== undefined) row.team = team;
  if (at) row.since = report?.since ?? at.at;
  if (says !== undefined) row.says = says;
  if (report && report.copying !== 'no' && !isEnded(at)) row.copying = report.copying;
  if (rate != null) row.rate = rate;
  if (at?.is === 'adopted') row.adopted = true;
  return row;
}

/** How a migration of a fleet is, in a word. */
export function stateOf(at: MemberState | undefined): string {
  if (!at) return 'pending';
  if (at.is === 'left') return 'left';
  if (at.is === 'ended') return at.ended === undefined || at.ended.length > 20 ? 'failed' : at.ended;
  if (at.is === 'starting') return 'starting';
  return at.report?.state ?? 'running';
}

/** What it said while it ran is nothing that it waits for once it was terminated, or failed. */
function saysOf({ is, ended, report }: MemberState): string | undefined {
  if (is === 'left') return ended === 'left' ? undefined : ended;
  const said = report?.says || undefined;
  return is === 'ended' && (report?.state !== ended || said === undefined) ? ended : said;
}

function saysWhatItIs(
  { migration }: Member,
  { strategy }: MemberState,
  says: string | undefined,
): string | undefined {
  if (strategy === undefined) return says;
  const unlike = `It is a ${strategy}, and not the ${migration.strategy} of the file.`;
  return says === undefined ? unlike : `${unlike} ${says}`;
}

function nextOf(
  fleet: Fleet,
  state: FleetState,
  waves: readonly FleetWave[],
  frozen: Freeze | null,
): FleetStatus['next'] {
  const said = { by: 'you', reason: 'why' };
  return [
    ...(frozen ? [{ message: 'thaw' as const, input: said, means: 'the freeze is over' }] : []),
    ...waves.flatMap(({ name, state: word }): FleetStatus['next'] => {
      const wave = fleet.shape.waves.find((one) => one.name === name);
      const at = waveOf(state, name);
      // Of a wave that was aborted, too: what could not abort any more stands still in it.
      if (at?.paused && word !== 'ended')
        return [{ message: 'resume', input: { wave: name, ...said }, means: `${name} goes on` }];
      return word === 'waits' && wave && needsApproval(fleet, wave) && !at?.approved
        ? [{ message: 'waveApproved', input: { wave: name, ...said }, means: `${name} may begin` }]
        : [];
    }),
  ].slice(0, 10);
}

/** For example `at most 200 MB/s in all`. */
export const budgetText = (budget: number | null): string =>
  budget === null ? 'no limit for mirrors' : `at most ${formatRate(budget)} for all mirrors`;
