import { makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';

/**
 * Ends this run, and begins the next one with the newest build of the worker, where runs are pinned to builds. Where
 * workers are not versioned this says nothing.
 *
 * Servers before 1.30 take no such word, and let the next run inherit the build unless the last task of this one said that
 * it is not pinned. The SDK says that once for a run, so it is changed where the SDK keeps it. A task that fails with it is
 * replayed from the beginning, and pinned again.
 */
export function goOnWithNewestBuild(...input: unknown[]): Promise<never> {
  if (workflowInfo().currentDeploymentVersion?.deploymentName) {
    const sdk = (globalThis as { __TEMPORAL_ACTIVATOR__?: { versioningBehavior?: string } })
      .__TEMPORAL_ACTIVATOR__;
    if (sdk) sdk.versioningBehavior = 'AUTO_UPGRADE';
  }
  return makeContinueAsNewFunc({ initialVersioningBehavior: 'AUTO_UPGRADE' })(...input);
}
