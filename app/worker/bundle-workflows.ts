import { writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import { bundlePath, workflowsPath } from './workflow-code.js';

const { code } = await bundleWorkflowCode({ workflowsPath });
await writeFile(bundlePath, code);
