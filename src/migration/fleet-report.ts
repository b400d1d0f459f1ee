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
  /** `history`: its mirror copies and does not keep up yet; `following`: it copies what comes. */
  copying: 'no' | 'ahead' | 'history' | 'following';
}

const mostSaid = 160;

export function reportOf(state: MigrationState, at: string): FleetReport {
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
    copying: copyingOf(state),
  };
}

/** In what a migration reports, live numbers would make each report another. */
const saysFor = ({ state, waitingFor }: Status): string => (state === 'running' ? '' : waitingFor);

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

function copyingOf({ migration, facts, steps, outcome }: MigrationState): FleetReport['copying'] {
  if (!isMirrored(migration.strategy) || outcome) return 'no';
  const started = steps.find(({ id }) => id === 'startMirror');
  if (started && !isClosed(started)) return 'ahead';
  if (!facts.mirror?.runs) return 'no';
  const steady = steps.find(({ id }) => id === 'mirrorSteady');
  return facts.mirror.keepsUp === true || (steady && isClosed(steady)) ? 'following' : 'history';
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
