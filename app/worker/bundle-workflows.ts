import { copyFile, writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import { failureConverterPath } from '../codec/open.js';
import { bundlePaths, preloadModules, workflowInterceptorModules, workflowsPath } from './workflow-code.js';

// The compiler leaves out what is no TypeScript.
await copyFile(new URL('../../../app/codec/failure-converter.cjs', import.meta.url), failureConverterPath);

const sources = { workflowsPath, workflowInterceptorModules, preloadModules };
const [plain, encoded] = [
  await bundleWorkflowCode(sources),
  await bundleWorkflowCode({ ...sources, failureConverterPath }),
];
await writeFile(bundlePaths.plain, plain.code);
await writeFile(bundlePaths.encoded, encoded.code);
