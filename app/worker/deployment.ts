import type { WorkerOptions } from '@temporalio/worker';
import type { WorkerSettings } from '../config/worker.js';

/**
 * A migration stays with the build that began it, and goes on in a new run of the newest one. All three workers are of the
 * same version, since what a migration asks for has to be answered by the build that it was written for.
 */
export function deploymentOf({
  deployment,
}: Pick<WorkerSettings, 'deployment'>): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (deployment === undefined) return {};
  return {
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName: deployment.name, buildId: deployment.build },
      defaultVersioningBehavior: 'PINNED',
    },
  };
}
