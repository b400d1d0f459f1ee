import { ActivityFailure, ApplicationFailure, ServerFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Finding } from '../../src/migration/findings.js';
import type { Problem } from '../../src/migration/state.js';
import { Blocked } from './turns.js';

/** What went wrong in the work of a step, without what a person may do about it. */
export type Failure = Omit<Problem, 'offers'> & { findings: Finding[] };

/** `undefined` for what is not a failure of the work: an abort, a new run, a defect of ours. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Blocked)
    return { type: error.type, sentence: error.message, findings: error.findings };
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return { ...lost(error), findings: [] };
  return { type: cause.type ?? 'Unexpected', sentence: cause.message, findings: acceptable(cause) };
}

/** Whether it would be no failure any more if a person accepted what asks. */
export function canBeAccepted({ findings }: Failure): boolean {
  return findings.some(({ weight }) => weight === 'asks');
}

/** The activity ended without an answer of its own. */
export function isLost(error: unknown): boolean {
  return error instanceof ActivityFailure && !(error.cause instanceof ApplicationFailure);
}

function lost({ cause, activityType }: ActivityFailure): { type: string; sentence: string } {
  if (cause instanceof ServerFailure)
    return {
      type: 'Refused',
      sentence: `Temporal did not take what ${activityType} answered; it takes 2 MB: see the history of the workflow for its reason. A migration of too many topics and groups is divided into several.`,
    };
  return cause === undefined || cause instanceof TimeoutFailure
    ? {
        type: 'Unreachable',
        sentence: `No worker finished ${activityType} in time: see that one is running, then retry.`,
      }
    : {
        type: 'Unexpected',
        sentence: `${activityType} was ended from outside before it had answered (${cause.name}): retry.`,
      };
}

/** What a person may accept of it, which an activity hands over as its details (`FerryError.findings`). */
function acceptable({ details }: ApplicationFailure): Finding[] {
  const [findings] = details ?? [];
  return Array.isArray(findings) ? (findings as Finding[]) : [];
}
