import { ActivityFailure, log, patched, workflowInfo } from '@temporalio/workflow';
import { change } from './activities.js';
import { insist } from './insist.js';
import type { Run } from './run.js';
import { Blocked } from './turns.js';

const first = () => workflowInfo().firstExecutionRunId;

/** No other migration has the topics and groups of this one, from now until it has ended. */
export async function held(run: Run): Promise<void> {
  // Migrations that began before there were holds are told apart by the plan alone.
  if (!patched('holds')) return;
  const { held: holds, findings } = await change().takeHolds({ ...run.work(), run: first() });
  insist(run, findings);
  run.facts.holds = holds;
  delete run.facts.holdsDue;
}

/** Others may have them. What cannot be given back now is found to be nobody's by who wants it next. */
export async function letGo(run: Run): Promise<void> {
  const { holds } = run.facts;
  if (!holds) return;
  try {
    await change().releaseHolds({ ...run.work(), run: first(), held: holds });
  } catch (error) {
    if (!(error instanceof ActivityFailure || error instanceof Blocked)) throw error;
    log.warn(
      'The topics and groups were not given back: who wants them next finds that this migration has ended.',
    );
  }
}
