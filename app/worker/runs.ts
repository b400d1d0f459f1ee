import type { InjectedSinks } from '@temporalio/worker';
import type { RunSinks } from '../../workflows/interceptors.js';

/** Runs whose workflow is remembered, of this process; the oldest are forgotten first. */
const most = 10_000;
const workflows = new Map<string, string>();

/** Which workflow a run is of: what the SDK's core logs, names the run alone. */
export const workflowOf = (runId: string): string | undefined => workflows.get(runId);

/** What the interceptors of the workflows call, also while a history is replayed: that is where it may fail. */
export const runSinks: InjectedSinks<RunSinks> = {
  runs: {
    begins: {
      fn({ workflowId, runId }) {
        workflows.delete(runId);
        workflows.set(runId, workflowId);
        const [oldest] = workflows.keys();
        if (workflows.size > most && oldest !== undefined) workflows.delete(oldest);
      },
      callDuringReplay: true,
    },
  },
};
