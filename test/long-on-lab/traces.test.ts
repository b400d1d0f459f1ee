import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { freePorts } from '../../lab/host/ports.js';
import type { Lab } from '../../lab/lab.js';
import { statusQuery, workflowId } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { WorkerProcess } from '../hands/ferry.js';
import { OtlpReceiver } from '../hands/otlp-receiver.js';
import { sharedLab } from '../lab/shared.js';
import { run } from '../integration/kafka-cluster.js';

interface ConfigFile {
  temporal: { taskQueue?: string };
  worker?: { traces: string };
}

let shared: Lab;
let folder: string;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  shared = await sharedLab();
  folder = mkdtempSync(join(tmpdir(), 'ferry-traces-'));
  connection = await Connection.connect({ address: shared.temporal.address });
  client = new Client({ connection, namespace: shared.temporal.namespace });
});
afterAll(async () => {
  await connection?.close();
  rmSync(folder, { recursive: true });
});

const queue = (name: string) => `traces-${name}-${run}`;

function tracing(name: string, url: string): Promise<WorkerProcess> {
  const config = parse(readFileSync(shared.ferryYaml, 'utf8')) as ConfigFile;
  config.temporal.taskQueue = queue(name);
  config.worker = { traces: url };
  const ferryYaml = join(folder, `${name}.yaml`);
  writeFileSync(ferryYaml, stringify(config));
  return WorkerProcess.start({ ...shared, ferryYaml });
}

/** One whose topic is not there: it blocks at once, and has nothing to take back. */
async function blocked(name: string): Promise<WorkflowHandle> {
  const handle = await client.workflow.start('simplestCase', {
    workflowId: workflowId(`traced-${name}-${run}`),
    taskQueue: queue(name),
    args: [
      {
        ...{
          name: `traced-${name}-${run}`,
          strategy: 'simplestCase',
          source: shared.source.name,
          target: shared.target.name,
        },
        topics: [{ name: `nothing.${name}.${run}` }],
      },
    ],
  });
  await eventually(
    () => handle.query<Status>(statusQuery),
    ({ state }) => state === 'blocked',
  );
  return handle;
}

test('workflows and activities are traced, each under what asked for it', async () => {
  const receiver = await OtlpReceiver.start();
  const worker = await tracing('seen', receiver.url);
  try {
    const handle = await blocked('seen');
    await handle.signal('abort', { by: 'ann' });
    await handle.result().catch(() => undefined);
  } finally {
    await worker.stop();
    await receiver.close();
  }
  const one = (name: string) => receiver.spans.find((span) => span.name === name);
  const [asked, ran, whole] = [
    one('StartActivity:checkPlan'),
    one('RunActivity:checkPlan'),
    one('RunWorkflow:simplestCase'),
  ];
  expect(ran).toMatchObject({
    service: 'kafka-ferry',
    traceId: asked?.traceId,
    parentSpanId: asked?.spanId,
    // STATUS_CODE_OK of opentelemetry.proto.trace.v1: what the plan finds is its answer.
    status: { code: 1 },
  });
  expect(asked).toMatchObject({ traceId: whole?.traceId, parentSpanId: whole?.spanId });
  expect(ran?.attributes).toContainEqual({
    key: 'temporalWorkflowId',
    value: { stringValue: workflowId(`traced-seen-${run}`) },
  });
});

test('a receiver that is not there holds up nothing, nor the end of the worker', async () => {
  const [closed] = (await freePorts(1)) as [number];
  const worker = await tracing('unseen', `http://127.0.0.1:${closed}/v1/traces`);
  const handle = await blocked('unseen');
  await handle.terminate();
  await worker.stop();
});
