import { inWorkflowContext, workflowInfo } from '@temporalio/workflow';

/**
 * Does this once for all that happens at one moment. Where a workflow task fails, what was due then is left, and is done when
 * the worker turns to another run or lets go of this one: there is nobody to show it to any more, and to ask Temporal for
 * anything outside of every run would end the worker.
 */
export function atTheEndOfTheMoment(act: () => void): void {
  if (!inWorkflowContext()) return;
  const { runId } = workflowInfo();
  void Promise.resolve().then(() => {
    if (isIn(runId)) act();
  });
}

/** Whether what is done now is done in that run: what a failed workflow task has left may be done in another, or in none. */
export const isIn = (runId: string): boolean => inWorkflowContext() && workflowInfo().runId === runId;
