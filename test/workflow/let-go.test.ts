import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { AesGcmCodec } from '../../app/codec/aes-gcm.js';
import { runSinks } from '../../app/worker/runs.js';
import { isolateExecutionTimeout } from '../../app/worker/workflow-code.js';
import { statusQuery, workflowId } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { todaysBundle } from './bundle.js';
import { migrationFile } from './migration-files.js';
import { ScriptedCluster, scriptedActivities } from './scripted-cluster.js';
import { realServer } from './servers.js';

const taskQueue = 'let-go';
let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  environment = await realServer();
});
afterAll(() => environment.teardown());

async function withWorker<T>(use: (worker: Worker) => Promise<T>): Promise<T> {
  const cluster = new ScriptedCluster();
  const worker = await Worker.create({
    ...{ connection: environment.nativeConnection, taskQueue },
    workflowBundle: await todaysBundle(),
    activities: { ...scriptedActivities(() => cluster), knownAttributes: async () => ({ names: [] }) },
    ...{ sinks: runSinks, isolateExecutionTimeout },
  });
  return worker.runUntil(() => use(worker));
}

async function startedUntilItWaits(name: string): Promise<WorkflowHandle> {
  const handle = await environment.client.workflow.start('simplestCase', {
    taskQueue,
    workflowId: workflowId(name),
    args: [migrationFile('simplestCase', name)],
  });
  await eventually(
    () => handle.query<Status>(statusQuery),
    ({ state }) => state === 'waiting',
  );
  return handle;
}

/** As somebody says it who seals what they say with a key that no worker has. */
async function saysSealed({ workflowId: id }: WorkflowHandle, message: string): Promise<void> {
  const { connection, options } = environment.client;
  const codec = new AesGcmCodec('theirs', new Map([['theirs', randomBytes(32)]]));
  const others = new Client({
    ...{ connection, namespace: options.namespace },
    dataConverter: { payloadCodecs: [codec] },
  });
  await others.workflow.getHandle(id).signal(message, { by: 'bob' });
}

async function failedTasks(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed ? [failed.failure?.message ?? ''] : [],
  );
}

/**
 * A task that fails leaves what was due at the end of its moment undone. The SDK does it when the worker lets go of the
 * run, which is no run any more then.
 */
it('a worker outlives a run that it lets go of before what has changed there is shown', async () => {
  const poisoned = await withWorker(() => startedUntilItWaits('poisoned'));
  // The next worker takes up both in one task.
  await poisoned.signal('pause', { by: 'ann' });
  await saysSealed(poisoned, 'resume');

  await withWorker(async (worker) => {
    const [why] = await eventually(
      () => failedTasks(poisoned),
      (failed) => failed.length > 0,
    );
    expect(why).toContain('Unknown encoding: binary/encrypted');
    const { runState } = await eventually(
      () => worker.getStatus(),
      ({ numCachedWorkflows, runState }) => numCachedWorkflows === 0 || runState !== 'RUNNING',
    );
    expect(runState).toBe('RUNNING');
    await startedUntilItWaits('sound');
  });
});

it('no worker is ended for the time that one moment of a large migration takes', async () => {
  await withWorker(async ({ options }) => expect(options.isolateExecutionTimeoutMs).toBe(10 * 60_000));
});
