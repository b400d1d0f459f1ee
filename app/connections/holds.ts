import {
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { Holds } from '../../activities/kit/dependencies.js';
import { FerryError } from '../../src/migration/errors.js';
import {
  heldQuery,
  holdsId,
  holdsType,
  releaseUpdate,
  takeUpdate,
  type Holder,
  type Taken,
  type Want,
} from '../../src/migration/holds.js';
import type { Held } from '../../src/migration/work/holds.js';
import { Turns } from '../../src/parallel/turns.js';
import { looking } from './looking.js';

/** A worker has to answer. */
const answerMs = 10_000;

/** Temporal lets ten updates of one workflow be under way; hundreds of migrations may ask at one moment. */
const asksAtOnce = 5;

/** The holds of all clusters, each kept by a workflow, which a worker of the same queue carries out. */
export function openHolds(client: Client, taskQueue: string): Holds {
  const executions = looking(client);
  const turns = new Turns(asksAtOnce);
  const ask = <Answer, Input>({ cluster, clusterId }: Held, update: string, input: Input) =>
    turns.run(() =>
      answered(() =>
        client.workflow.executeUpdateWithStart<Workflow, Answer, [Input]>(update, {
          args: [input],
          startWorkflowOperation: new WithStartWorkflowOperation(holdsType, {
            workflowId: holdsId(taskQueue, clusterId),
            taskQueue,
            args: [cluster],
            workflowIdConflictPolicy: 'USE_EXISTING',
            memo: { cluster },
            staticSummary: `what migrations hold of ${cluster}`.slice(0, 200),
          }),
        }),
      ),
    );

  /** Whether a migration runs; what Temporal says of one execution is never late, as a listing may be. */
  const runs = async ({ migration, run }: Pick<Holder, 'migration' | 'run'>): Promise<boolean> => {
    try {
      const { status, raw } = await answered(() => executions.getHandle(migration).describe());
      // Servers before 1.27 do not say which run was the first.
      const first = raw.workflowExecutionInfo?.firstRunId || run;
      return status.name === 'RUNNING' && first === run;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };

  const take = async (of: Held, want: Want): Promise<Taken[]> => {
    try {
      return await ask<Taken[], Want>(of, takeUpdate, want);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        throw new FerryError('Refused', error.cause?.message ?? 'The topics and groups could not be held.');
      throw error;
    }
  };

  return {
    async take(of, want) {
      const taken = await take(of, want);
      const holders = new Map(taken.map((one) => [`${one.migration} ${one.run}`, one]));
      let left = 0;
      for (const holder of holders.values())
        if (await runs(holder)) left += 1;
        // Terminated, or lost with its history: it will never give back anything.
        else await ask(of, releaseUpdate, { migration: holder.migration, run: holder.run });
      return left === holders.size ? taken : take(of, want);
    },
    async release(of, { migration, run }) {
      await ask(of, releaseUpdate, { migration, run });
    },
    async held({ clusterId }) {
      try {
        const handle = client.workflow.getHandle(holdsId(taskQueue, clusterId));
        const { status } = await executions.getHandle(handle.workflowId).describe();
        if (status.name !== 'RUNNING') return [];
        return await client.withDeadline(Date.now() + answerMs, () => handle.query<Holder[]>(heldQuery));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return [];
        if (error instanceof ServiceError)
          throw new FerryError('Unreachable', 'No worker answers for what migrations hold: start one.', {
            cause: error,
          });
        throw error;
      }
    },
  };
}

/** Temporal is being restarted, or overloaded: the activity asks again. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ServiceError || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
      throw new FerryError('Unreachable', 'Temporal did not answer for what migrations hold.', {
        cause: error,
      });
    throw error;
  }
}
