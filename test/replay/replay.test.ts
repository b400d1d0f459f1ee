import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { runSinks } from '../../app/worker/runs.js';
import { workflowInterceptorModules } from '../../app/worker/workflow-code.js';
import { todaysBundle } from '../workflow/bundle.js';
import { strategyNames } from '../../src/migration/strategies.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const files = readdirSync(here('histories')).filter((file) => file.endsWith('.json'));

function recorded(file: string): { workflowId: string; history: History } {
  const history = historyFromJSON(JSON.parse(readFileSync(here(`histories/${file}`), 'utf8')));
  const workflowId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  if (!workflowId) throw new Error(`${file} does not say whose history it is`);
  return { workflowId, history };
}

const bundle = (path: string): Promise<WorkflowBundleWithSourceMap> =>
  bundleWorkflowCode({
    ...{ workflowsPath: here(path), workflowInterceptorModules },
    logger: new DefaultLogger('ERROR'),
  });

/** What each history answers when it is replayed: nothing, or the error. */
async function replay(
  workflowBundle: WorkflowBundleOption,
  histories: string[],
): Promise<Record<string, string | undefined>> {
  const answers: Record<string, string | undefined> = {};
  const results = Worker.runReplayHistories({ workflowBundle, sinks: runSinks }, histories.map(recorded));
  let index = 0;
  for await (const { error } of results) answers[histories[index++] ?? ''] = error && `${error.name}`;
  return answers;
}

beforeAll(() => {
  // The twin's failures are told by the SDK's core too, as warnings.
  const telemetryOptions = { logging: { filter: 'off' } };
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions });
});

describe('recorded histories', () => {
  it.each(strategyNames)('there are several of %s', (strategy) => {
    const paths = files.filter((file) => file.startsWith(`${strategy}-`));
    expect(paths.map((file) => file.slice(strategy.length + 1, -'.json'.length)).sort()).toEqual([
      ...['continued', 'mended', 'soaked', 'stopped', 'straight', 'told'],
    ]);
  });

  it('there are those of a fleet, and of migrations in it', () => {
    expect(files.filter((file) => file.startsWith('fleet-')).sort()).toEqual([
      ...['fleet-approved.json', 'fleet-asked.json', 'fleet-member.json', 'fleet-mirrored.json'],
      'fleet-waves.json',
    ]);
  });

  it('replay on the workflows as they are', async () => {
    const answers = await replay(await todaysBundle(), files);
    expect(answers).toEqual(Object.fromEntries(files.map((file) => [file, undefined])));
  });

  it('do not replay on a workflow whose steps are swapped', async () => {
    const ran = ['simplestCase-straight.json', 'simplestCase-mended.json', 'simplestCase-stopped.json'];
    const answers = await replay(await bundle('swapped-steps.ts'), ran);
    expect(answers).toEqual(Object.fromEntries(ran.map((file) => [file, 'DeterminismViolationError'])));
  });
});
