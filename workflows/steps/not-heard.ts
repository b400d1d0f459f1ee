import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { MigrationState } from '../../src/migration/state.js';

const mostKept = 5;

/** Keeps why somebody was not told, or a report not written: it holds nothing up, and is shown. @returns the sentence */
export function notHeard(state: Pick<MigrationState, 'untold'>, failure: unknown): string {
  const why = typeof failure === 'string' ? failure : sentenceOf(failure);
  state.untold = [...(state.untold ?? []), { at: new Date().toISOString(), why }].slice(-mostKept);
  return why;
}

function sentenceOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return cause.message;
  return 'No worker has done it in time: see that one of this version is running.';
}
