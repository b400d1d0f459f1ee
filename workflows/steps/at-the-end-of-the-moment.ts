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
    if (inWorkflowContext() && workflowInfo().runId === runId) act();
  });
}
