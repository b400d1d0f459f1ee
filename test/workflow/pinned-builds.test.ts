import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { deploymentOf } from '../../app/worker/deployment.js';
import { runSinks } from '../../app/worker/runs.js';
import { workflowInterceptorModules, workflowsPath } from '../../app/worker/workflow-code.js';
import { temporalCli } from '../../lab/temporal-cli.js';
import { statusQuery, workflowId } from '../../src/migration/messages.js';
import { watchQueue } from '../../src/migration/queues.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { runProgram } from '../hands/program.js';
import { migrationFile } from './migration-files.js';
import { ScriptedCluster, scriptedActivities } from './scripted-cluster.js';
import { realServer } from './servers.js';

const taskQueue = 'pinned';
const name = 'ferry';
/** The second drains before producers have moved: it cannot replay what the first has begun, see `other-build.test.ts`. */
const builds = {
  one: workflowsPath,
  two: fileURLToPath(new URL('../replay/swapped-steps.ts', import.meta.url)),
};

let environment: TestWorkflowEnvironment;
const workers: Worker[] = [];
let running: Promise<void>[] = [];

beforeAll(async () => {
  // The server's own suggestion, which comes after thousands of events, comes after a few.
  environment = await realServer('--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=150');
});
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await Promise.all(running);
  await environment.teardown();
});

async function start(build: keyof typeof builds): Promise<void> {
  const cluster = new ScriptedCluster();
  // Without what asks for search attributes: it fails in a replay, after the run has asked for its end.
  const shared = {
    connection: environment.nativeConnection,
    activities: scriptedActivities(() => cluster),
    ...deploymentOf({ deployment: { name, build } }),
  };
  const workflowBundle = await bundleWorkflowCode({
    ...{ workflowsPath: builds[build], workflowInterceptorModules },
    logger: new DefaultLogger('ERROR'),
  });
  const both = [
    await Worker.create({ ...shared, taskQueue, workflowBundle, sinks: runSinks }),
    await Worker.create({ ...shared, taskQueue: watchQueue(taskQueue) }),
  ];
  cluster.hold('watchDrain');
  workers.push(...both);
  running = [...running, ...both.map((worker) => worker.run())];
}

/** As a person does it, once Temporal knows of the build. */
async function makeCurrent(build: keyof typeof builds): Promise<void> {
  const args = [
    'worker',
    'deployment',
    'set-current-version',
    '--deployment-name',
    name,
    '--build-id',
    build,
  ];
  await eventually(
    async () => runProgram(await temporalCli(), [...args, '--yes', '--address', environment.address]),
    ({ code }) => code === 0,
  );
}

/** Of `temporal.api.enums.v1.WorkflowTaskFailedCause`. */
const unhandledCommand = '1';

const migrate = (which: string): Promise<WorkflowHandle> =>
  environment.client.workflow.start('simplestCase', {
    taskQueue,
    workflowId: workflowId(which),
    args: [migrationFile('simplestCase', which)],
  });

const stepOf = (handle: WorkflowHandle) => async () => {
  const { state, steps } = await handle.query<Status>(statusQuery);
  const step = steps.find(({ status }) => ['active', 'waiting', 'blocked'].includes(status));
  return `${state} at ${step?.id}`;
};

async function buildOf(handle: WorkflowHandle): Promise<{ build: string | undefined; runId: string }> {
  const { raw, runId } = await handle.describe();
  return { build: raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined, runId };
}

it('a migration stays with its build while another is there that would break it, and moves in a new run', async () => {
  await start('one');
  await makeCurrent('one');
  const old = await migrate('old');
  await eventually(stepOf(old), (at) => at === 'waiting at producerSwitched');
  const before = await buildOf(old);
  expect(before.build).toBe('one');

  await start('two');
  await makeCurrent('two');
  const young = await migrate('young');
  await eventually(stepOf(young), (at) => at === 'running at drain');
  expect((await buildOf(young)).build).toBe('two');

  // What is said now is carried out by the first build: the second would fail at it.
  await old.signal('pause', { by: 'ann' });
  await eventually(stepOf(old), (at) => at === 'paused at producerSwitched');
  expect(await buildOf(old)).toEqual(before);

  for (let said = 0; said < 200 && (await buildOf(old)).runId === before.runId; said += 1)
    await old.signal(said % 2 === 0 ? 'resume' : 'pause', { by: 'ann' });
  const latest = environment.client.workflow.getHandle(workflowId('old'));
  await latest.signal('resume', { by: 'ann' });
  await eventually(
    () => buildOf(latest),
    ({ build, runId }) => build === 'two' && runId !== before.runId,
  );
  // By the order of steps that the second build has.
  await eventually(
    () => latest.query<Status>(statusQuery),
    ({ steps }) => steps.find(({ id }) => id === 'drain')?.status !== 'pending',
  );
  const { events = [] } = await environment.client.workflow
    .getHandle(workflowId('old'), before.runId)
    .fetchHistory();
  // A signal that comes while a run ends makes it end anew; nothing was replayed by code that does not fit.
  const causes = (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed ? [String(failed.cause)] : [],
  );
  expect(causes.filter((cause) => !/UNHANDLED_COMMAND/.test(cause) && cause !== unhandledCommand)).toEqual(
    [],
  );
});
