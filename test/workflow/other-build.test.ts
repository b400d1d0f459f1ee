import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Client, WorkflowHandle } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { look } from '../../app/cli/following.js';
import { withTemporal } from '../../app/cli/temporal.js';
import { textLine } from '../../app/worker/log.js';
import { runSinks } from '../../app/worker/runs.js';
import { workflowInterceptorModules, workflowsPath } from '../../app/worker/workflow-code.js';
import { statusQuery, workflowId } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { migrationFile } from './migration-files.js';
import { ScriptedCluster, scriptedActivities } from './scripted-cluster.js';
import { realServer } from './servers.js';

const taskQueue = 'builds';
const lines: string[] = [];
let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry) => lines.push(textLine(entry))),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
  environment = await realServer();
});
afterAll(() => environment.teardown());

/** While a worker of a build is there. */
async function withBuild<T>(path: string, use: (client: Client) => Promise<T>): Promise<T> {
  const cluster = new ScriptedCluster();
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      ...{ workflowsPath: path, workflowInterceptorModules },
      logger: new DefaultLogger('ERROR'),
    }),
    activities: scriptedActivities(() => cluster),
    sinks: runSinks,
  });
  return worker.runUntil(use(environment.client));
}

const asked = (): Promise<string> =>
  withTemporal(
    { connection: { address: environment.address }, namespace: 'default', taskQueue, ui: undefined },
    async (temporal) =>
      look(temporal, 'orders').then(
        ({ status }) => status.state,
        (error: unknown) => (temporal.refusal(error) ?? (error as Error)).message,
      ),
  );

it('a worker that cannot replay a migration is told from one that is not there, and its log names both', async () => {
  const migration: WorkflowHandle = await withBuild(workflowsPath, async (client) => {
    const handle = await client.workflow.start('simplestCase', {
      taskQueue,
      workflowId: workflowId('orders'),
      args: [migrationFile('simplestCase', 'orders')],
    });
    await eventually(
      () => handle.query<Status>(statusQuery),
      ({ state }) => state === 'waiting',
    );
    return handle;
  });

  const other = fileURLToPath(new URL('../replay/swapped-steps.ts', import.meta.url));
  await withBuild(other, async () => {
    const notUpToNow =
      'The worker could not bring the migration up to now, so it cannot answer: its log says why.';
    expect(await asked()).toBe(notUpToNow);
    await migration.signal('pause');
    await eventually(
      async () => lines.filter((line) => line.includes('Failing workflow task')),
      ([line]) => line !== undefined,
    );
    // From now on Temporal keeps questions until the task succeeds.
    expect(await asked()).toBe(notUpToNow);
  });
  const [line] = lines.filter((one) => one.includes('Failing workflow task'));
  expect(line).toMatch(/ WARN \[migrate\/orders\] Failing workflow task .*reason=".*Nondeterminism error/);

  // With the old version back nothing is lost.
  await withBuild(workflowsPath, async () => {
    await eventually(asked, (state) => state === 'paused');
  });
});
