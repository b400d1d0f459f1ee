import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowHandle,
} from '@temporalio/client';
import { fleetStatusQuery, fleetType } from '../../../src/fleet/messages.js';
import type { FleetStatus } from '../../../src/fleet/status.js';
import { fleetId } from '../../../src/migration/membership.js';
import { badInput } from '../failure.js';
import type { Temporal } from '../temporal.js';
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

/** @throws CommandFailure `BadInput` when there is none of that name, `Unreachable` when no worker answers */
export async function fleetHandle(
  temporal: Temporal,
  name: string,
): Promise<WorkflowHandle & { taskQueue: string }> {
  const handle = temporal.client.workflow.getHandle(fleetId(name));
  const { taskQueue } = await handle.describe().catch((error: unknown) => {
    throw error instanceof WorkflowNotFoundError
      ? badInput(`There is no fleet "${name}": start one with ferry fleet start FILE.`)
      : error;
  });
  return Object.assign(handle, { taskQueue });
}

export async function statusOfFleet(temporal: Temporal, name: string): Promise<FleetStatus> {
  const handle = await fleetHandle(temporal, name);
  return temporal.answered(handle.taskQueue, () => handle.query<FleetStatus>(fleetStatusQuery));
}
