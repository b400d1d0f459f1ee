import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** TypeScript in a checkout, JavaScript in a build. */
export const workflowsPath = here(`../../workflows/index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`);

/** Made by `npm run build`; a worker that finds it starts sooner and needs no compiler. */
export const bundlePath = here('../../workflow-bundle.js');

/** Workflow code as `Worker.create` takes it. */
export function workflowCode(): { workflowsPath: string } | { workflowBundle: { codePath: string } } {
  return !workflowsPath.endsWith('.ts') && existsSync(bundlePath)
    ? { workflowBundle: { codePath: bundlePath } }
    : { workflowsPath };
}
