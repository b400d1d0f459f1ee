import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.js';
import { runSinks } from '../../app/worker/runs.js';
import { registryCopyId, statusQuery } from '../../src/migration/messages.js';
import { registryCopyType } from '../../src/migration/registry-copy.js';
import type { Outcome } from '../../src/migration/state.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { holdings, openGround, type Ground } from '../registry/ground.js';
import { protobuf } from '../registry/proto-files.js';
import { avro } from '../registry/schemas.js';
import { todaysBundle } from './bundle.js';
import { realServer } from './servers.js';

// The workflow and its activities as they are, between two registries on real HTTP ports.
const taskQueue = 'registry-copies';
let environment: TestWorkflowEnvironment;
let stop: () => Promise<void>;
let ground: Ground;
let runs = 0;
let names: { from: string; to: string };

const none = () => {
  throw new Error('a copy of a registry asks no cluster');
};

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  environment = await realServer();
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await todaysBundle(),
    sinks: runSinks,
    activities: createActivities({
      clusters: none,
      registries: (name) => (name.startsWith('from') ? ground.source : ground.target),
      holds: { take: none, release: none, held: none },
      otherMigrations: none,
    }),
    maxHeartbeatThrottleInterval: '200ms',
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
  };
});
afterAll(async () => {
  await stop();
  await environment.teardown();
});
beforeEach(() => {
  runs += 1;
  names = { from: `from/${runs}`, to: `to-${runs}` };
});
afterEach(() => ground.close());

const start = (copy: object = {}): Promise<WorkflowHandle> =>
  environment.client.workflow.start(registryCopyType, {
    taskQueue,
    workflowId: registryCopyId(names.from, names.to),
    args: [{ ...names, ...copy }],
  });
const status = (handle: WorkflowHandle) => handle.query<Status>(statusQuery);
const at = (handle: WorkflowHandle, state: Status['state']) =>
  eventually(
    () => status(handle),
    (seen) => seen.state === state,
  );
const say = (handle: WorkflowHandle, name: string, input: object = { by: 'ann' }) =>
  handle.executeUpdate<string, [unknown]>(name, { args: [input] });
/** An aborted run ends as Canceled, with its outcome. */
const result = (handle: WorkflowHandle): Promise<Outcome> =>
  handle.result().catch((error: unknown) => {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    if (cause instanceof CancelledFailure) return cause.details[0];
    throw error;
  }) as Promise<Outcome>;
/** Every write, once it is the target's turn, waits until it is let go. */
function holdingWrites(): { begun: () => boolean; letGo: () => void } {
  let begun = false;
  let held = true;
  ground.doubles.target.fault = (request) => {
    if (!request.startsWith('POST ')) return undefined;
    begun = true;
    return held ? 'silence' : undefined;
  };
  return { begun: () => begun, letGo: () => (held = false) };
}

describe('a copy of a registry', () => {
  it('is told as a migration is, and leaves nothing in import mode', async () => {
    ground = await openGround();
    await ground.source.register('orders-value', avro('Order'));
    await ground.source.register('payments-value', avro('Payment'));
    const handle = await start({ subjects: 'orders-*' });
    expect(await result(handle)).toMatchObject({
      result: 'done',
      sentence: '1 schema version registered on registry-b with their ids, in import mode.',
    });
    expect(await status(handle)).toMatchObject({
      name: handle.workflowId,
      strategy: 'schemas',
      ...{ source: names.from, target: names.to, state: 'done', next: [] },
      steps: [{ id: 'copySchemas', status: 'done', evidence: [{ data: { copied: { registered: 1 } } }] }],
    });
    expect(await ground.target.mode('orders-value')).toBe('READWRITE');
    expect(await ground.target.subjects()).toEqual(['orders-value']);
  });

  it('stops before it has written anything where a conflict stands, and goes on once it is mended', async () => {
    ground = await openGround();
    await ground.source.register('a', avro('A'));
    await ground.target.register('elsewhere', avro('A'));
    await ground.target.register('a', avro('Other'));
    const handle = await start();
    const blocked = await at(handle, 'blocked');
    expect(blocked.waitingFor).toMatch(/^a version 1 on registry-b is another schema than on the source/);
    expect(blocked.next.map(({ message, input }) => [message, Object.keys(input)])).toEqual([
      ['retry', ['by']],
      ['abort', ['by']],
    ]);
    await expect(say(handle, 'retry', { by: 'ann', override: { reason: 'x' } })).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/asks for nothing to accept/) as unknown },
    });
    await handle.signal('skip', { by: 'ann' });
    await eventually(
      () => status(handle),
      ({ refused }) => refused.length === 1,
    );
    await ground.target.deleteSubject('a');
    await ground.target.deleteSubject('a', { permanent: true });
    await say(handle, 'retry');
    expect(await result(handle)).toMatchObject({ result: 'done' });
    expect(await ground.target.version('a', 1)).toMatchObject({ id: 1 });
  });

  it('asks, and goes on when a person has accepted it', async () => {
    ground = await openGround({ source: { writesAnew: false } });
    await ground.source.register('a', protobuf('syntax = "proto3"; enum E { reserved 4; Z = 0; }'));
    const handle = await start();
    expect((await at(handle, 'blocked')).next.map(({ message }) => message)).toEqual([
      'retry',
      'retry',
      'abort',
    ]);
    await say(handle, 'retry', { by: 'ann', override: { reason: 'nobody needs it' } });
    expect(await result(handle)).toMatchObject({ result: 'done' });
    expect((await status(handle)).accepted).toMatchObject([
      { by: 'ann', key: 'schema-rewritten:a version 1' },
    ]);
  });

  it('paused while it writes: stops, is out of import mode, and goes on where it was', async () => {
    ground = await openGround();
    await ground.source.register('a', avro('A'));
    const writes = holdingWrites();
    const handle = await start();
    await eventually(async () => writes.begun(), Boolean);
    await say(handle, 'pause');
    await eventually(
      () => ground.target.mode('a'),
      (mode) => mode !== 'IMPORT',
    );
    expect(await status(handle)).toMatchObject({ state: 'paused' });
    writes.letGo();
    await say(handle, 'resume');
    expect(await result(handle)).toMatchObject({ result: 'done' });
    expect(await holdings(ground.target)).toEqual(await holdings(ground.source));
  });

  it.each(['abort', 'cancel'])(
    'ended by %s while it writes: out of import mode, and says what stays',
    async (how) => {
      ground = await openGround();
      await ground.source.register('a', avro('A'));
      const writes = holdingWrites();
      const handle = await start();
      await eventually(async () => writes.begun(), Boolean);
      if (how === 'abort') await say(handle, 'abort', { by: 'ann', note: 'wrong registry' });
      else await handle.cancel();
      expect(await result(handle)).toMatchObject({
        result: 'aborted',
        sentence: expect.stringMatching(
          /^Aborted \((wrong registry|cancelled from Temporal)\)\. /,
        ) as unknown,
        left: [expect.stringMatching(/^What was registered on to-\d+ stays there, under the ids of from/)],
      });
      expect(await ground.target.mode('a')).not.toBe('IMPORT');
    },
  );

  it.each([
    [{ subjects: 5 }, /subjects: expected a text/],
    [{ glob: '*' }, /glob: not a key of this/],
    [{ to: 'from/x' }, /the workflow id has to be schemas\/from%2F\d+\/from%2Fx/],
  ])('of %j is none', async (copy, mistake) => {
    ground = await openGround();
    await expect(result(await start(copy))).rejects.toMatchObject({
      cause: { type: 'BadInput', message: expect.stringMatching(mistake) as unknown },
    });
  });
});
