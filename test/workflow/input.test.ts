import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { workflowId } from '../../src/migration/messages.js';
import { migrationFile } from './migration-files.js';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

/** Starts a run that has to fail, and answers why it did. */
async function failed(args: unknown[], id?: string, type = 'simplestCase'): Promise<ApplicationFailure> {
  const { name, taskQueue, cluster } = migrations.prepare();
  const handle = await migrations.client.workflow.start(type, {
    taskQueue,
    workflowId: id ?? workflowId(name),
    args,
  });
  const error = await handle.result().then(
    () => new Error('it went on'),
    (error: WorkflowFailedError) => error.cause as ApplicationFailure,
  );
  expect(cluster.calls).toEqual([]);
  return error as ApplicationFailure;
}

describe('an input of the wrong shape ends the run at once', () => {
  it('with every mistake, each with its path', async () => {
    const name = migrations.nextName();
    const file = {
      ...migrationFile('simplestCase', name),
      target: 'onprem',
      topics: [{ name: 'or ders' }],
      when: 'now',
    };
    const { type, message, details } = await failed([file]);
    expect(type).toBe('BadInput');
    expect(details?.[0]).toEqual([
      'topics[0].name: expected a topic name: up to 249 letters, digits, dots, underscores or hyphens',
      'when: is not a key of a migration file',
      'target: expected another cluster than the source',
    ]);
    for (const mistake of details?.[0] as string[]) expect(message).toContain(mistake);
  });

  it.each([
    ['nothing', []],
    ['a text', ['orders.yaml']],
    ['null', [null]],
    ['a list', [[1]]],
  ])('also when it is %s', async (_what, args) => {
    const { message } = await failed(args);
    expect(message).toBe(
      'Not a migration that can be run: expected a migration: an object with name, strategy, source, target and topics',
    );
  });

  it('when the file is for another strategy than the one that was started', async () => {
    const { message } = await failed([migrationFile('doubleProducer', migrations.nextName())]);
    expect(message).toContain(
      'strategy: expected simplestCase, the workflow type that was started, not doubleProducer',
    );
  });

  it('when the workflow id is not the one of the migration', async () => {
    const name = migrations.nextName();
    const { message } = await failed([migrationFile('simplestCase', name)], `migrate/${name}-again`);
    expect(message).toBe(
      `Not a migration that can be run: the workflow id has to be migrate/${name}, so that no second strategy can run on this migration`,
    );
  });

  it('when messages are said not to be idempotent and the strategy doubles them', async () => {
    const file = migrationFile('doubleProducer', migrations.nextName(), { messages: { idempotent: false } });
    const { message } = await failed([file], undefined, 'doubleProducer');
    expect(message).toContain('messages.idempotent: expected true for doubleProducer');
  });
});

it('a second strategy on a running migration is refused by Temporal', async () => {
  const migration = await migrations.start('simplestCase');
  await migration.at('producerSwitched', 'waiting');
  const { name } = await migration.status();
  const second = migrations.client.workflow.start('doubleProducer', {
    taskQueue: 'workflow-tests',
    workflowId: workflowId(name),
    args: [migrationFile('doubleProducer', name)],
  });
  await expect(second).rejects.toMatchObject({ name: 'WorkflowExecutionAlreadyStartedError' });
});

it('a migration without producers and groups has one claim for all of them, which is not verified', async () => {
  const migration = await migrations.start('simplestCase', { producers: [], consumers: [] });
  await migration.reach('producerSwitched', 'waiting');
  await migration.say('producerSwitched', { by: 'ann' });
  await migration.reach('consumerSwitched', 'waiting');
  await migration.say('consumerSwitched', { by: 'ann' });
  const { evidence } = await migration.at('consumerSwitched', 'done');
  expect(evidence.at(-1)?.sentence).toBe(
    'Not verified: the migration file names no consumer group. Said: consumers by ann.',
  );
  expect(migration.cluster.inputs('watchQuiet')).toHaveLength(1);
  expect(migration.cluster.inputs('watchConsumers')).toHaveLength(0);
});
