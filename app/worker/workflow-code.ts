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

/** Made by `npm run build`; a worker that finds it starts sooner and needs no compiler. */
export const bundlePath = here('../../workflow-bundle.js');

type WorkflowCode = Pick<WorkerOptions, 'workflowsPath' | 'workflowBundle' | 'interceptors' | 'sinks'>;

/** Workflow code as `Worker.create` takes it. */
export function workflowCode(): WorkflowCode {
  return !workflowsPath.endsWith('.ts') && existsSync(bundlePath)
    ? { workflowBundle: { codePath: bundlePath }, sinks: runSinks }
    : { workflowsPath, sinks: runSinks, interceptors: { workflowModules: workflowInterceptorModules } };
}
