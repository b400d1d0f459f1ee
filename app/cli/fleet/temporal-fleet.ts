import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type WorkflowExecutionDescription,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { fleetStatusQuery, fleetType, type FleetMessage } from '../../../src/fleet/messages.js';
import type { FleetOutcome } from '../../../src/fleet/state.js';
import type { FleetStatus } from '../../../src/fleet/status.js';
import { oneLine } from '../../../src/migration/foreign-text.js';
import { fleetId } from '../../../src/migration/membership.js';
import { badInput, CommandFailure, exitCodes, type ExitCode } from '../failure.js';
import { cut } from '../lines.js';
import { betweenRuns, type Temporal } from '../temporal.js';
import type { ReadFleet } from './fleet-file.js';

/** @throws CommandFailure `BadInput` when one of that name runs already */
export async function startFleet(
  { client, settings }: Temporal,
  { fleet: { shape, members }, written }: ReadFleet,
): Promise<{ workflowId: string; runId: string }> {
  const { name, description } = shape;
  try {
    const { workflowId, firstExecutionRunId } = await client.workflow.start(fleetType, {
      workflowId: fleetId(name),
      taskQueue: settings.taskQueue,
      args: [written],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${members.length} migrations in ${shape.waves.length} waves`,
      ...(description !== undefined && { staticDetails: description }),
    });
    return { workflowId, runId: firstExecutionRunId };
  } catch (error) {
    throw error instanceof WorkflowExecutionAlreadyStartedError
      ? badInput(`${name} runs already: ferry fleet status ${name} shows where it is.`)
      : error;
  }
}

/** Whether a fleet of that name runs, has run, or was never started. */
export async function fleetThere(temporal: Temporal, name: string): Promise<'none' | 'runs' | 'ended'> {
  return temporal.client.workflow
    .getHandle(fleetId(name))
    .describe()
    .then(
      (run) => (isRunning(run) ? 'runs' : 'ended'),
      (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return 'none';
        throw error;
      },
    );
}

/** @throws CommandFailure `BadInput` when there is none of that name */
async function lastRun(temporal: Temporal, name: string): Promise<WorkflowExecutionDescription> {
  return temporal.client.workflow
    .getHandle(fleetId(name))
    .describe()
    .catch((error: unknown) => {
      throw error instanceof WorkflowNotFoundError
        ? badInput(`There is no fleet "${name}": start one with ferry fleet start FILE.`)
        : error;
    });
}

const isRunning = ({ status }: WorkflowExecutionDescription): boolean => status.name === 'RUNNING';

/**
 * What a fleet last knew, also of one that has ended; with `brokenOff` of one that did not come to its end, and says so.
 * @throws CommandFailure `BadInput` when there is none of that name, `Unreachable` when no worker answers
 */
export async function statusOfFleet(
  temporal: Temporal,
  name: string,
): Promise<{ status: FleetStatus; brokenOff?: CommandFailure }> {
  const run = await lastRun(temporal, name);
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  const status = await temporal
    .answered(run.taskQueue, () => handle.query<FleetStatus>(fleetStatusQuery))
    .catch(async (error: unknown) => {
      // One that failed over its file has no status.
      throw isRunning(run) ? error : await hasEnded(temporal, name, run, exitCodes.failed);
    });
  return isRunning(run) || status.outcome
    ? { status }
    : { status, brokenOff: await hasEnded(temporal, name, run, exitCodes.failed) };
}

export interface Answer {
  answer: string;
  each: Record<string, string>;
}

/**
 * @throws CommandFailure `Refused`, with what the fleet says to that, or that it has ended and what to do; as `statusOfFleet`
 * otherwise
 */
export async function sayToFleet(
  temporal: Temporal,
  name: string,
  message: FleetMessage,
  input: Record<string, unknown>,
): Promise<Answer> {
  const run = await lastRun(temporal, name);
  if (!isRunning(run)) throw await hasEnded(temporal, name, run);
  const handle = temporal.client.workflow.getHandle(run.workflowId);
  return temporal
    .answered(run.taskQueue, () =>
      betweenRuns(() => handle.executeUpdate<Answer, [unknown]>(message, { args: [input] })),
    )
    .catch(async (error: unknown) => {
      if (error instanceof WorkflowUpdateFailedError)
        throw new CommandFailure('Refused', [error.cause?.message ?? error.message], exitCodes.badInput);
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const now = await lastRun(temporal, name);
      throw isRunning(now) ? error : await hasEnded(temporal, name, now);
    });
}

/** Of this run alone: another may begin under the name meanwhile, and has no end for months. */
async function hasEnded(
  { client }: Temporal,
  name: string,
  { workflowId, runId, status }: WorkflowExecutionDescription,
  exitCode: ExitCode = exitCodes.badInput,
): Promise<CommandFailure> {
  const [how, what] = await client.workflow
    .getHandle(workflowId, runId)
    .result()
    .then(
      (outcome: unknown) =>
        [(outcome as FleetOutcome).sentence, `ferry fleet status ${name} shows what became of each`] as const,
      (error: unknown) =>
        [howBroken(status.name, error), 'what runs of it goes on by itself, as ferry list shows'] as const,
    );
  return new CommandFailure(
    'Refused',
    [
      `${name} has ended (${cut(oneLine(how.replace(/\.$/, '')), 500)}): ${what}, and ferry fleet start FILE begins it again.`,
    ],
    exitCode,
  );
}

function howBroken(status: WorkflowExecutionStatusName, error: unknown): string {
  switch (status) {
    case 'TERMINATED':
      return 'it was terminated';
    case 'TIMED_OUT':
      return 'it timed out';
    case 'CANCELLED':
      return 'it was cancelled';
    case 'FAILED':
      return `it failed: ${(error instanceof WorkflowFailedError ? error.cause?.message : undefined) ?? 'for no known reason'}`;
    default:
      throw error;
  }
}
