import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundlePath } from '@temporalio/worker';
import { preloadModules, workflowInterceptorModules, workflowsPath } from '../../app/worker/workflow-code.js';

const folder = 'node_modules/.cache/kafka-ferry';
/** Whatever workflow code may import, and what says which packages there are. */
const sources = ['workflows', 'src', 'package-lock.json'];

/** Today's workflow code, bundled once for all files and runs of tests in which it is the same: that takes seconds each time. */
export async function todaysBundle(): Promise<WorkflowBundlePath> {
  const codePath = join(process.cwd(), folder, `workflows-${hashOfSources()}.js`);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflowCode({
      ...{ workflowsPath, workflowInterceptorModules, preloadModules },
      logger: new DefaultLogger('ERROR'),
    });
    mkdirSync(folder, { recursive: true });
    // Files run side by side: what is there is whole.
    const own = `${codePath}.${process.pid}`;
    writeFileSync(own, code);
    renameSync(own, codePath);
  }
  return { codePath };
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const source of sources)
    for (const file of source.includes('.') ? [source] : filesIn(source))
      hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 32);
}

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(path, file))
    .sort();
