import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import { outOfColumns, type InColumns } from '../../src/migration/columns.js';
import { parseMigration, type MigrationFile } from '../../src/migration/file.js';
import { mistakeText } from '../../src/migration/mistakes.js';
import { inFull } from '../../src/migration/listed.js';
import { readMembership } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import {
  isClosed,
  newState,
  type MigrationState,
  type Outcome,
  type Step,
} from '../../src/migration/state.js';
import type { Strategy } from '../../src/migration/strategies.js';
import { unverifiedOf } from '../../src/migration/unverified.js';
import { takeBack } from './abort.js';
import { letGo } from './holds.js';
import { listen } from './listen.js';
import { Run } from './run.js';
import { Aborted, Reopened } from './turns.js';

/** What a run hands to the next one when it continues as new. */
export type Carried = InColumns | CarriedState;

/** As runs of an earlier version handed it on. */
type CarriedState = Omit<MigrationState, 'migration'>;

/**
 * Runs a strategy: checks the input, listens to people, reads the runbook from the top (closed steps pass at once),
 * and takes back what was made when a person aborts.
 * @throws ApplicationFailure `BadInput` with every mistake, before anything is touched.
 */
export async function migrate(
  strategy: Strategy,
  file: MigrationFile | undefined,
  carried: Carried | undefined,
  runbook: (run: Run) => Promise<void>,
): Promise<Outcome> {
  const run = new Run(stateFrom(strategy, file, carried));
  listen(run);
  run.show();
  heedCancellation(run);
  return CancellationScope.nonCancellable(async () => {
    for (;;) {
      try {
        return await ended(run, runbook);
      } catch (error) {
        if (!(error instanceof Reopened)) throw error;
      }
    }
  });
}

/** Reads the runbook to its end, or takes back what was made. Nothing is held after either. */
async function ended(run: Run, runbook: (run: Run) => Promise<void>): Promise<Outcome> {
  const outcome = run.step('undo') ? await takeBack(run) : await readToTheEnd(run, runbook);
  await letGo(run);
  await run.told();
  if (run.state.fleet) await run.lastWord();
  return outcome;
}

async function readToTheEnd(run: Run, runbook: (run: Run) => Promise<void>): Promise<Outcome> {
  try {
    await runbook(run);
    return end(run);
  } catch (error) {
    if (error instanceof Aborted) return await takeBack(run);
    throw error;
  }
}

function stateFrom(strategy: Strategy, file: unknown, carried: Carried | undefined): MigrationState {
  const { migration, mistakes } = parseMigration(file);
  const lines = (mistakes ?? []).map(mistakeText);
  if (migration && migration.strategy !== strategy)
    lines.push(
      `strategy: expected ${strategy}, the workflow type that was started, not ${migration.strategy}`,
    );
  if (migration && workflowInfo().workflowId !== workflowId(migration.name))
    lines.push(
      `the workflow id has to be ${workflowId(migration.name)}, so that no second strategy can run on this migration`,
    );
  if (!migration || lines.length > 0)
    throw ApplicationFailure.nonRetryable(
      `Not a migration that can be run: ${lines.join('; ')}`,
      'BadInput',
      lines,
    );
  const state = carried && outOfColumns<CarriedState>(carried);
  return state
    ? { ...state, steps: state.steps.map(asNow), migration }
    : { ...newState(migration, new Date().toISOString()), ...inFleet() };
}

/** Who starts it for a fleet says so in the memo. */
function inFleet(): Pick<MigrationState, 'fleet' | 'throttle'> {
  const told = workflowInfo().memo?.['fleet'];
  const fleet = readMembership(told);
  if (!fleet) return {};
  const { rate } = told as { rate?: unknown };
  return { fleet, ...(typeof rate === 'number' && { throttle: { fleet: rate } }) };
}

/** A run of an earlier version carried over an overridden claim as a verified one. */
function asNow({ problem, ...rest }: Step): Step {
  // So was what is accepted by key by now.
  const offers = problem?.offers.map((offer) => ((offer as string) === 'override' ? 'accept' : offer));
  const step: Step = { ...rest, ...(problem && offers && { problem: { ...problem, offers } }) };
  if (!step.parts?.some(({ claim, verified }) => claim?.override && verified)) return step;
  const parts = step.parts.map((part) =>
    part.claim?.override && part.verified ? { ...part, verified: false } : part,
  );
  return { ...step, parts, ...(isClosed(step) && { unverified: 'overridden' }) };
}

/** A cancellation from Temporal's own tools means what `abort` means: termination is never needed. */
function heedCancellation(run: Run): void {
  CancellationScope.current().cancelRequested.catch(() => {
    run.hear('abort', { note: 'cancelled from Temporal' });
  });
}

function end(run: Run): Outcome {
  const deletion = run.step('deleteSource')?.says ?? '';
  const topics = inFull(run.migration.topics.map(({ name }) => name));
  const { source, target } = run.migration;
  const unverified = unverifiedOf(run.state.steps);
  const open = run.state.steps.filter((one) => one.unverified).map(({ title }) => title);
  const not = open.length > 0 ? ` Not verified: ${open.join('; ')}.` : '';
  run.state.outcome = {
    result: 'done',
    at: run.now(),
    sentence: `${topics} moved from ${source} to ${target}. ${deletion}${not}`,
    ...(unverified.length > 0 && { unverified }),
  };
  run.show();
  return run.state.outcome;
}
