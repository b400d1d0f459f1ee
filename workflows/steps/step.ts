import { isClosed, type Evidence, type Problem, type Step } from '../../src/migration/state.js';
import { stepKind, type StepId } from '../../src/migration/strategies.js';
import { canBeAccepted, failureOf } from './failure.js';
import { held } from './holds.js';
import type { Run } from './run.js';
import { Interrupted, Skipped } from './turns.js';

/**
 * One line of the runbook. Closed already (the runbook was read before): passes at once. A failure never ends the
 * migration: the step blocks, says what happened, and begins again when a person says `retry`.
 */
export async function step(
  run: Run,
  id: StepId,
  body: (step: Step) => Promise<Omit<Evidence, 'at'>>,
): Promise<void> {
  const entry = run.step(id);
  if (!entry || isClosed(entry)) return;
  // It was blocked when its history had become long: it stays so until a person says what to do.
  let stands = entry.status === 'blocked' ? entry.problem : undefined;
  for (;;) {
    try {
      if (stands) await run.blocked(entry, stands);
      stands = undefined;
      delete run.state.afresh;
      await run.startFreshHistory();
      await run.goAhead();
      if (run.facts.holdsDue && !run.state.abort) await held(run);
      run.mirror.goOn();
      run.begin(entry);
      run.close(entry, 'done', await body(entry));
      return;
    } catch (error) {
      if (error instanceof Interrupted) continue;
      if (error instanceof Skipped) return skip(run, entry, error);
      const problem = problemOf(run, entry, error);
      if (!problem) throw error;
      try {
        await run.blocked(entry, problem);
      } catch (turn) {
        if (turn instanceof Skipped) return skip(run, entry, turn);
        throw turn;
      }
    }
  }
}

function skip(run: Run, entry: Step, { said }: Skipped): void {
  if (entry.id === 'parity') delete run.facts.compared;
  const why = said.note ? `: ${said.note}` : '';
  run.close(entry, 'skipped', {
    sentence: `Skipped by ${said.by ?? 'somebody'}${why}; ${stepKind(entry.id).skippable ?? ''}.`,
    // The one check among the steps that may be left out.
    ...(entry.id === 'parity' && { unverified: 'not-measured' }),
  });
}

/** What a person can mend; `undefined` for what is not a failure of the step (an abort, a new run, a defect of ours). */
function problemOf(run: Run, entry: Step, error: unknown): Problem | undefined {
  const failure = failureOf(error);
  if (!failure) return undefined;
  return {
    ...failure,
    offers: [
      'retry',
      ...(canBeAccepted(failure) ? ['accept' as const] : []),
      ...(stepKind(entry.id).skippable === undefined ? [] : ['skip' as const]),
      ...(run.facts.deletingSince === undefined && !run.state.abort ? ['abort' as const] : []),
    ],
  };
}
