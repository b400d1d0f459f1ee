import { z } from 'zod';
import { currentStep, isClosed, type MigrationState, type Outcome } from './state.js';
import { statusOf, type Status } from './status.js';
import { isMirrored, type StepId } from './strategies.js';

/** What a migration tells its fleet of itself, when that has changed. */
export interface FleetReport {
  name: string;
  /** ISO 8601: when the migration was started. */
  startedAt: string;
  state: Status['state'];
  /** Where it is, or comes to next; `null`: it has ended. */
  step: StepId | null;
  /** ISO 8601: since when it is in this state there. */
  since: string;
  /** What is waited for, cut. */
  says: string;
  /** Steps that are closed, and all of them. */
  done: number;
  of: number;
  /**
   * `ahead`: its mirror will copy a history; `history`: it copies and does not keep up yet; `following`: it copies what
   * comes. A mirror that is paused copies nothing.
   */
  copying: 'no' | 'ahead' | 'history' | 'following';
}

const mostSaid = 160;

/**
 * Rules that came while migrations ran.
 * - `standing-copies-nothing`: a mirror that stands still, paused or aborted, is not told as one that copies.
 */
export type ReportRule = 'standing-copies-nothing';

/** @param since whether a rule holds for this history; asked only where it makes a difference */
export function reportOf(
  state: MigrationState,
  at: string,
  since: (rule: ReportRule) => boolean = () => true,
): FleetReport {
  const status = statusOf(state);
  const step = currentStep(state) ?? state.steps.find(({ status: one }) => one === 'pending');
  return {
    name: state.migration.name,
    startedAt: state.startedAt,
    state: status.state,
    step: state.outcome ? null : (step?.id ?? null),
    since: state.outcome?.at ?? state.since?.at ?? step?.startedAt ?? at,
    says: cut(saysFor(status), mostSaid),
    done: state.steps.filter(isClosed).length,
    of: state.steps.length,
    copying: copyingOf(state, since),
  };
}

/** In what a migration reports, live numbers would make each report another. */
const saysFor = ({ state, waitingFor }: Status): string => (state === 'running' ? '' : waitingFor);

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

function copyingOf(
  { migration, facts, steps, paused, abort, outcome }: MigrationState,
  since: (rule: ReportRule) => boolean,
): FleetReport['copying'] {
  if (!isMirrored(migration.strategy) || outcome) return 'no';
  if (abort && since('standing-copies-nothing')) return 'no';
  const started = steps.find(({ id }) => id === 'startMirror');
  if (started && !isClosed(started)) return 'ahead';
  if (!facts.mirror?.runs) return 'no';
  const steady = steps.find(({ id }) => id === 'mirrorSteady');
  const keptUp = facts.mirror.keepsUp === true || (steady !== undefined && isClosed(steady));
  // A mirror from which groups live goes on in a pause.
  if (paused && (facts.translated ?? []).length === 0 && since('standing-copies-nothing'))
    return keptUp ? 'no' : 'ahead';
  return keptUp ? 'following' : 'history';
}

const report = z.object({
  name: z.string().max(100),
  startedAt: z.string().max(40),
  state: z.enum(['running', 'waiting', 'blocked', 'paused', 'aborting', 'done', 'aborted']),
  step: z.string().max(40).nullable(),
  since: z.string().max(40),
  says: z.string().transform((text) => cut(text, mostSaid)),
  done: z.number(),
  of: z.number(),
  copying: z.enum(['no', 'ahead', 'history', 'following']),
});

export const readReport = (input: unknown): FleetReport | undefined =>
  report.safeParse(input).data as FleetReport | undefined;

/** How a migration of a fleet has ended. */
export type Ending = Outcome['result'] | 'failed' | 'terminated' | 'timed out';
