import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter, type MetricMeter } from '@temporalio/common';
import { ferry } from '../../app/cli/program.js';
import { seenNow } from '../../app/cli/following.js';
import { AesGcmCodec } from '../../app/codec/aes-gcm.js';
import { failureConverterPath } from '../../app/codec/open.js';
import { openFleets } from '../../app/connections/fleet.js';
import { openHolds } from '../../app/connections/holds.js';
import { listMigrations, listRunning } from '../../app/connections/listing.js';
import { conflicts } from '../../activities/plan/conflicts.js';
import { MigrationGauges } from '../../app/worker/migration-gauges.js';
import { parseMigration } from '../../src/migration/file.js';
import { migrationFile } from './migration-files.js';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import { workflowId } from '../../src/migration/messages.js';
import { eventually } from '../eventually.js';

const codec = new AesGcmCodec('ours', new Map([['ours', randomBytes(32)]]));
/** Nobody takes work from it: what is begun there stays as it was begun. */
const elsewhere = 'elsewhere';
const said = { source: 'onprem', target: 'aiven', topics: ['patients'], groups: [] };

let migrations: Migrations;
let open: TestMigration;
let folder: string;

beforeAll(async () => {
  migrations = await Migrations.onRealServer('read-');
  const { connection, options } = migrations.client;
  const others = new Client({
    ...{ connection, namespace: options.namespace },
    dataConverter: { payloadCodecs: [codec], failureConverterPath },
  });
  await others.workflow.start('simplestCase', {
    taskQueue: elsewhere,
    workflowId: workflowId('sealed'),
    args: [migrationFile('simplestCase', 'sealed', {})],
    memo: { migration: { ...said, state: 'blocked', step: 'drain' } },
  });
  open = await migrations.start('simplestCase');
  await open.at('producerSwitched', 'waiting');
  // Visibility may be behind what the migration itself says.
  await eventually(
    () => listMigrations(migrations.client, { running: true }),
    (seen) =>
      seen.some(({ name }) => name === 'sealed') &&
      seen.some(({ name, state }) => name === 'read-1' && state === 'waiting'),
  );
  folder = mkdtempSync(join(tmpdir(), 'ferry-sealed-'));
  writeFileSync(
    join(folder, 'ferry.yaml'),
    JSON.stringify({ temporal: { address: migrations.environment.address } }),
  );
});
afterAll(async () => {
  await migrations.client.workflow.getHandle(workflowId('sealed')).terminate();
  await migrations.close();
  rmSync(folder, { recursive: true });
});

it('a list has all migrations, and says of one that cannot be read here that it is not known how it is', async () => {
  const running = await listMigrations(migrations.client, { running: true });
  expect(
    Object.fromEntries(running.map(({ name, state, unread }) => [name, [state, unread ?? false]])),
  ).toEqual({ sealed: ['unknown', true], 'read-1': ['waiting', false] });
  expect(await listRunning(migrations.client, elsewhere)).toMatchObject([{ name: 'sealed', topics: [] }]);

  const out: string[] = [];
  let code: number | undefined;
  await ferry(['list', '--json'], {
    terminal: {
      print: (text) => out.push(text),
      complain: (text) => out.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: { FERRY_CONFIG: join(folder, 'ferry.yaml') },
    end: (exitCode) => (code = exitCode),
  });
  expect([code, JSON.parse(out.join(''))]).toMatchObject([
    0,
    { migrations: expect.arrayContaining([expect.objectContaining({ name: 'sealed', state: 'unknown' })]) },
  ]);
});

it('the gauges tell it as unknown, and a plan that it could not be compared', async () => {
  const running = await listMigrations(migrations.client, { running: true });
  const readable = running.find(({ name }) => name === 'read-1');
  if (!readable) throw new Error('the list lacks the migration that can be read');
  const { topics, groups } = readable;
  const { migration } = parseMigration(
    migrationFile('simplestCase', 'planned', {
      topics: topics.map((name) => ({ name })),
      consumers: groups.map((group) => ({ group })),
    }),
  );
  if (!migration) throw new Error('the file is no migration');
  const keys = (all: typeof running) =>
    conflicts(migration, workflowId('planned'), all).map(({ weight, key }) => `${weight} ${key}`);
  expect(keys(running)).toContain('notes migrations-unread');
  expect(keys(running)).toContain(`blocks topic-in-two-migrations:${topics[0] ?? ''}`);
  expect(keys(running.filter(({ unread }) => !unread))).not.toContain('notes migrations-unread');

  const told: string[] = [];
  const meter = {
    createGauge: (gauge: string) => ({
      set: (value: number, { state }: Record<string, string>) =>
        void told.push(`${gauge} ${state ?? ''} ${value}`),
    }),
  };
  new MigrationGauges(meter as unknown as MetricMeter).read(running, Date.now());
  expect(told).toContain('ferry_migrations unknown 1');
});

it('a fleet sees that it runs, and how fast it may copy is not known', async () => {
  const fleets = openFleets(migrations.client);
  expect(await fleets.migrations('sealed')).toMatchObject({ running: true, unread: true });
  expect(await fleets.migrations('read-1')).not.toHaveProperty('unread');
  expect(await fleets.rates(workflowId('sealed'))).toBeUndefined();
});

it('what it holds stays held, since it runs', async () => {
  const { taskQueue } = migrations.prepare();
  const holds = openHolds(migrations.client, taskQueue);
  const of = { cluster: 'onprem', clusterId: 'sealed-cluster' };
  const run = async (id: string) => {
    const { workflowExecutionInfo: info } = await migrations.client.workflowService.describeWorkflowExecution(
      {
        namespace: migrations.client.options.namespace,
        execution: { workflowId: id },
      },
    );
    return info?.firstRunId || (info?.execution?.runId ?? '');
  };
  const sealed = workflowId('sealed');
  const want = { migration: sealed, run: await run(sealed), topics: ['patients'], groups: [] };
  expect(await holds.take(of, want)).toEqual([]);
  const other = { ...want, migration: open.handle.workflowId, run: await run(open.handle.workflowId) };
  expect(await holds.take(of, other)).toMatchObject([{ migration: sealed, name: 'patients' }]);
});

it('what its activities say is not shown, and does not hide what others say', async () => {
  const beat = { says: 'Copies.', at: '2026-11-29T12:00:00.000Z' };
  const plain = defaultPayloadConverter.toPayload(beat);
  const [sealed] = await codec.encode([plain]);
  if (!sealed) throw new Error('nothing was encoded');
  const described = await open.handle.describe();
  const failed = {
    message: 'Encoded failure',
    encodedAttributes: sealed,
    applicationFailureInfo: { type: 'Unreachable' },
  };
  const { live, troubles } = await seenNow(
    migrations.client,
    {
      ...described,
      raw: Object.assign(described.raw, {
        pendingActivities: [
          { heartbeatDetails: { payloads: [sealed] }, attempt: 3, lastFailure: failed, state: 1 },
          { heartbeatDetails: { payloads: [plain] }, attempt: 1, state: 2 },
        ],
      }),
    },
    new Date('2026-11-29T12:01:00.000Z'),
  );
  expect(live).toEqual([beat]);
  expect(troubles).toEqual([
    expect.objectContaining({ why: expect.stringContaining('cannot be read here'), attempts: 3 }),
  ]);
});
