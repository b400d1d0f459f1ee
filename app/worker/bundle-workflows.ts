import { writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import { bundlePath, workflowInterceptorModules, workflowsPath } from './workflow-code.js';

const { code } = await bundleWorkflowCode({ workflowsPath, workflowInterceptorModules });
await writeFile(bundlePath, code);
