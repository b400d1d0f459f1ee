import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { runSinks } from './runs.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** TypeScript in a checkout, JavaScript in a build. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
export const workflowsPath = here(`../../workflows/index${extension}`);

/** What every workflow has around it; whoever bundles or replays workflows gives it along. */
export const workflowInterceptorModules = [here(`../../workflows/interceptors${extension}`)];

/** What all workflows of a worker share. */
export const preloadModules = [here(`../../workflows/preloaded${extension}`)];

/**
 * Made by `npm run build`; a worker that finds it starts sooner and needs no compiler. How failures are turned into
 * payloads is part of the code that runs in the sandbox, so there is one of each.
 */
export const bundlePaths = {
  plain: here('../../workflow-bundle.js'),
  encoded: here('../../workflow-bundle-encoded.js'),
};

/**
 * How long one moment of one workflow may take. The SDK's own five seconds are not enough for a large migration on a busy
 * machine, and their end ends more than that moment: Node ends the whole worker ("async hook stack has become corrupted"),
 * and with it every mirror that it runs. The SDK takes this without having it among its types.
 */
export const isolateExecutionTimeout = '10 minutes';

interface WorkflowCode extends Pick<
  WorkerOptions,
  'workflowsPath' | 'workflowBundle' | 'bundlerOptions' | 'interceptors' | 'sinks'
> {
  isolateExecutionTimeout: string;
}

/**
 * Workflow code as `Worker.create` takes it.
 *
 * @param encoded whether the worker is given a data converter that encodes failures
 * @param traced whether a plugin adds interceptors of its own, with which the code is bundled when the worker starts
 */
export function workflowCode({ encoded = false, traced = false } = {}): WorkflowCode {
  const codePath = bundlePaths[encoded ? 'encoded' : 'plain'];
  return !traced && !workflowsPath.endsWith('.ts') && existsSync(codePath)
    ? { workflowBundle: { codePath }, sinks: runSinks, isolateExecutionTimeout }
    : {
        ...{ workflowsPath, sinks: runSinks, isolateExecutionTimeout, bundlerOptions: { preloadModules } },
        interceptors: { workflowModules: workflowInterceptorModules },
      };
}
