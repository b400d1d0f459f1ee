import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { statusQuery } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';
import { areTakenUp, pendingOf, underWay } from './under-way.js';

/**
 * Ends a migration once it rests, and answers whether it has ended. The time-skipping server keeps its clock locked for ever
 * for an activity or a workflow task that is under way when its workflow is terminated: nobody may be at work then, and a
 * mirror is told to stop before.
 */
export async function end(handle: WorkflowHandle): Promise<boolean> {
  if (!(await runs(handle))) return true;
  if (!(await rests(handle))) return false;
  // Asked for after that: what a migration keeps running in the background while it rests has been scheduled by now.
  const { task, activities } = underWay((await handle.fetchHistory()).events ?? []);
  if (task) return false;
  if (activities === 0) await handle.terminate().catch(() => undefined);
  // The time-skipping server lets a run end as Canceled only when it was asked to cancel it.
  else if (areTakenUp(await pendingOf(handle))) await handle.cancel().catch(() => undefined);
  return false;
}

/** One that a test has deleted does not. */
async function runs(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await handle.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Whether a migration waits: for a person, or for time to pass. */
async function rests(handle: WorkflowHandle): Promise<boolean> {
  const { state, steps } = await handle.query<Status>(statusQuery);
  const soaks = steps.some((step) => step.id === 'soak' && step.status === 'active');
  return soaks || ['waiting', 'blocked', 'paused'].includes(state);
}
