import { patched, proxySinks, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import type { Outcome } from '../src/migration/state.js';
import { activitySummary } from './timeline.js';

type Interceptors = ReturnType<WorkflowInterceptorsFactory>;
type Conclude = NonNullable<NonNullable<Interceptors['internals']>[number]['concludeActivation']>;
type Command = Parameters<Conclude>[0]['commands'][number];

/** What a worker has to be given beside this. */
export interface RunSinks extends Sinks {
  runs: { begins(): void };
}

const { runs } = proxySinks<RunSinks>();

/**
 * What every workflow here has around it, and every worker and every replay has to be given: words for what it asks for,
 * and the end of an aborted migration as Canceled. The SDK by itself ends a run so only when Temporal was asked to
 * cancel it, and without a result.
 *
 * What goes on beside the steps asks for nothing any more when the run has ended: the SDK runs it on with each answer of a
 * local activity that was still awaited, and the server takes no task that asks for something after the end.
 */
export function interceptors(): Interceptors {
  let aborted = false;
  let over = false;
  return {
    inbound: [
      {
        async execute(input, next) {
          runs.begins();
          const result = await next(input);
          aborted = isAborted(result) && patched('aborted-is-canceled');
          return result;
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          next({
            ...input,
            options: { summary: activitySummary(input.activityType, input.args), ...input.options },
          }),
      },
    ],
    internals: [
      {
        concludeActivation({ commands }, next) {
          const taken = over ? commands.filter(isAnswer) : commands;
          over ||= commands.some(isEnd);
          return next({ commands: aborted ? taken.map(asCanceled) : taken });
        },
      },
    ],
  };
}

const isAborted = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && (result as Partial<Outcome>).result === 'aborted';

/** Of a run. */
const isEnd = (command: Command): boolean =>
  Boolean(
    command.completeWorkflowExecution ??
    command.continueAsNewWorkflowExecution ??
    command.failWorkflowExecution ??
    command.cancelWorkflowExecution,
  );

/** To a query, which is not written into history. */
const isAnswer = (command: Command): boolean => Boolean(command.respondToQuery);

/** The outcome is in the details of the cancellation: what was taken back, and what is left. */
function asCanceled(command: Command): Command {
  const { completeWorkflowExecution: completed, ...rest } = command;
  if (!completed) return command;
  const payloads = completed.result ? [completed.result] : [];
  return { ...rest, cancelWorkflowExecution: { details: { payloads } } };
}
