import { inWorkflowContext } from '@temporalio/workflow';

/**
 * Does this once for all that happens at one moment. A worker that lets go of a run ends what waits in it, which may show
 * something once more: there is nobody to show it to then, and to ask Temporal for anything would end the worker.
 */
export function atTheEndOfTheMoment(act: () => void): void {
  void Promise.resolve().then(() => {
    if (inWorkflowContext()) act();
  });
}
