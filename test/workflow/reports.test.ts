import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { WorkflowNotFoundError } from '@temporalio/client';
import { tellingActivities } from '../../activities/telling/telling.js';
import { ferry } from '../../app/cli/program.js';
import { historiesOf } from '../../app/connections/histories.js';
import type { Account } from '../../src/account/account.js';
import { accountOf } from '../../src/account/account-of.js';
import { fleetId } from '../../src/migration/membership.js';
import { workflowId } from '../../src/migration/messages.js';
import { openKeeper } from '../../src/report/account/keeper.js';
import type { MigrationNotice } from '../../src/notify/notice.js';
import { eventually } from '../eventually.js';
import { receiver, type Receiver } from '../receivers.js';
import { prepare, startFleet } from './fleets.js';
import { Migrations } from './migrations.js';

let migrations: Migrations;
let folder: string;
let board: Receiver;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-reports-'));
  board = await receiver((before) => (before === 0 ? 503 : 'takes'));
  migrations = await Migrations.onRealServer('m', [
    '--dynamic-config-value',
    'limit.historyCount.suggestContinueAsNew=40',
  ]);
});
afterEach(() => migrations.clear());
afterAll(async () => {
  await migrations.close();
  await board.close();
  rmSync(folder, { recursive: true });
});

const read = async (id: string, run?: string): Promise<Account> =>
  accountOf(await historiesOf(migrations.client, id, run), new Date().toISOString());

it('of many runs one report is written at the end, and everything is in it', async () => {
  const real = tellingActivities({
    notify: {
      settings: {
        webhooks: { board: { name: 'board', url: board.url } },
        ...{ chats: {}, everyone: ['board'], teams: {} },
      },
      link: (id) => `https://ui.example/${id}`,
    },
    reports: { keeper: openKeeper({ folder }), accountOf: read },
  });
  const migration = await migrations.start('simpleMirroring', {}, (cluster) => {
    for (let times = 0; times < 50; times++)
      cluster
        .next('tell', (input) => real.tell(input))
        .next('keepAccount', (input) => real.keepAccount(input));
  });
  await migration.reach('deletionApproved', 'waiting');
  const { by } = { by: 'ann' };
  await migration.say('deletionApproved', { by, topic: 'orders' });
  const outcome = await migration.outcome();
  const { steps } = await migration.status();
  const id = migration.handle.workflowId;

  const account = await read(id);
  expect(account.runs.length).toBeGreaterThan(1);
  expect(account.gone).toEqual([]);
  expect(account).toMatchObject({ state: 'done', outcome: { sentence: outcome.sentence } });
  expect(account.steps.map(({ id, status, says }) => [id, status, says])).toEqual(
    steps.map(({ id, status, says }) => [id, status, says]),
  );
  expect(account.said.map(({ message }) => message)).toEqual(
    expect.arrayContaining(['producerStopped', 'consumerSwitched', 'producerSwitched', 'deletionApproved']),
  );
  expect(account.deletion).toMatchObject({
    approvedBy: [{ topic: 'orders', by }],
    topics: [{ topic: 'orders' }],
  });

  const files = readdirSync(folder).sort();
  const name = id.slice('migrate/'.length);
  expect(files.map((file) => file.slice(file.lastIndexOf('.')))).toEqual(['.html', '.json', '.md']);
  expect(files.every((file) => file.startsWith(`${name}-`))).toBe(true);
  expect(outcome.report).toContain(files[0]);
  const kept = JSON.parse(readFileSync(join(folder, files[1] ?? ''), 'utf8')) as Account;
  expect(kept).toMatchObject({
    state: 'done',
    steps: account.steps,
    said: account.said,
    deletion: account.deletion,
  });

  // The first was not taken, and was told again: to the same, by the same id.
  const notices = board.got.map(({ body }) => (JSON.parse(body) as { data: MigrationNotice }).data);
  const ids = notices.map(({ id: one }) => one);
  expect(ids[0]).toBe(ids.find((one, at) => at > 0 && one === ids[0]));
  expect(new Set(ids).size).toBe(ids.length - 1);
  expect(notices.at(-1)).toMatchObject({ event: 'done', link: `https://ui.example/${id}` });
});

it('of a migration whose first runs Temporal has no longer tells so, and tells the rest', async () => {
  const migration = await migrations.start('simpleMirroring');
  await migration.reach('deletionApproved', 'waiting');
  const { workflowId: id } = migration.handle;
  const [first, ...later] = (await read(id)).runs;
  if (!first || later.length === 0) throw new Error('one run alone');
  const { client } = migrations;
  await client.workflowService.deleteWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: id, runId: first.runId },
  });
  const account = await eventually(
    () => read(id),
    ({ gone }) => gone.length > 0,
  );
  expect(account.runs.map(({ runId }) => runId)).toEqual(
    expect.arrayContaining(later.map(({ runId }) => runId)),
  );
  expect(account.runs.map(({ runId }) => runId)).not.toContain(first.runId);
  expect(account.gone).toEqual([expect.stringContaining('are gone from Temporal')]);
  expect(account.steps.find(({ id }) => id === 'createTopics')).toMatchObject({ status: 'done' });
  await expect(historiesOf(client, id, first.runId)).rejects.toThrow(WorkflowNotFoundError);
});

it('of a fleet has the migrations that are there, and says which Temporal has no longer', async () => {
  const [kept, lost] = [prepare(migrations), prepare(migrations)];
  const fleet = await startFleet(migrations, [{ name: 'one', of: [kept, lost] }]);
  for (const one of [kept, lost]) {
    await fleet.knows(one.name, ({ state }) => state === 'waiting');
    await one.migration().reach('deletionApproved', 'waiting');
    await one.migration().say('deletionApproved', { by: 'ann', topic: `orders-${one.name}` });
  }
  await fleet.outcome();
  const { client } = migrations;
  await client.workflowService.deleteWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: workflowId(lost.name) },
  });
  const printed: string[] = [];
  const complained: string[] = [];
  let code: number | undefined;
  const report = async (...words: string[]) => {
    await ferry(['report', ...words], {
      terminal: {
        print: (text) => printed.push(text),
        complain: (text) => complained.push(text),
        redraws: false,
        redraw: () => undefined,
      },
      environment: { TEMPORAL_ADDRESS: migrations.address },
      end: (ended) => (code = ended),
    });
    return printed.splice(0).join('\n');
  };
  const name = fleet.handle.workflowId.slice(fleetId('').length);
  const told = await eventually(
    async () =>
      JSON.parse(await report('--fleet', name, '--json')) as { missing?: { name: string; why: string }[] },
    ({ missing }) => missing?.length === 1,
  );
  expect(code).toBe(0);
  expect(told).toMatchObject({
    kind: 'kafka-ferry/accounts',
    accounts: [{ name: kept.name, state: 'done' }],
    missing: [{ name: lost.name }],
  });
  expect(told.missing?.[0]?.why).toContain(`Temporal has no migration "${lost.name}"`);
  // The fleet has ended; who asks when no worker is there to say how it was gets the same.
  const alone = await migrations.withoutWorker(async () => report('--fleet', name, '--json'));
  expect(JSON.parse(alone)).toMatchObject({
    accounts: [{ name: kept.name }],
    missing: [{ name: lost.name }],
  });
  // Who names it is told.
  await report(lost.name);
  expect(code).toBe(2);
  expect(complained).toEqual([expect.stringContaining(`Temporal has no migration "${lost.name}"`)]);
});
