import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { controls } from '../../src/migration/messages.js';
import { listed } from '../../app/connections/listing.js';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

it('every message is declared as signal and as update, with words, and the query too', async () => {
  const migration = await migrations.start('doubleProducer');
  const { definition } = await migration.metadata();
  const names = [
    ...['producerWritesBoth', 'consumerSwitched', 'oldProducerCodeRemoved', 'deletionApproved'],
    ...Object.keys(controls),
  ].sort();
  for (const kind of ['signalDefinitions', 'updateDefinitions'] as const) {
    const declared = (definition?.[kind] ?? []).filter(({ name }) => name);
    // What fleets say is no update: nobody waits for an answer.
    const fleets = kind === 'signalDefinitions' ? ['fleet'] : [];
    expect(declared.map(({ name }) => name).sort()).toEqual([...names, ...fleets].sort());
    for (const { description } of declared) expect(description).toMatch(/^[A-Z].{20,}/);
  }
  expect(definition?.queryDefinitions).toContainEqual(
    expect.objectContaining({
      name: 'status',
      description: expect.stringContaining('Where the migration is'),
    }),
  );
});

it('the first step says that another strategy fits better, to whoever started it without a plan', async () => {
  const sentence = 'By what was measured simplestCase does not fit: orders is compacted.';
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('checkPlan', {
      ...{ will: [], topicIds: {} },
      findings: [{ weight: 'notes', key: 'other-strategy', sentence }],
    }),
  );
  await migration.reach('producerSwitched', 'waiting');
  const [first] = (await migration.status()).steps;
  expect(first).toMatchObject({ id: 'checkPlan', status: 'done', says: `The plan holds. ${sentence}` });
  expect(await migration.details()).toContain(`The plan holds. ${sentence}`);
});

it('the current details say what is waited for, what to send, and the steps, and change as the run goes on', async () => {
  const migration = await migrations.start('simplestCase');
  await migration.reach('producerSwitched', 'waiting');
  const details = await migration.details();
  expect(details).toContain(
    '**Producers write to the target only: waiting for a person to say so for orders-web.**',
  );
  expect(details).toContain('Switch the producer to the target, stop it on the source, then say so.');
  expect(details).toContain('`producerSwitched` with `{"by":"you"}`');
  expect(details).toContain('| 5 | Producers write to the target only | waiting |');
  await migration.say('pause', { by: 'ann' });
  expect(await migration.details()).toContain('**Paused by ann: waits for resume.**');
  await migration.say('resume');
  await migration.reach('deleteSource', 'done');
  expect(await migration.details()).toContain('**orders moved from onprem to aiven. Deleted orders.');
});

it('the memo has what a list of migrations and the check for conflicts need', async () => {
  const migration = await migrations.start('simplestCase', {
    topics: [{ name: 'orders' }, { name: 'refunds', newName: 'refunds-v2' }],
    consumers: [{ group: 'billing', newGroup: 'billing-v2' }, { group: 'audit' }],
  });
  await migration.reach('producerSwitched', 'waiting');
  const { startedAt } = await migration.status();
  const row = listed(await migration.handle.describe());
  expect(row).toMatchObject({
    strategy: 'simplestCase',
    state: 'waiting',
    step: 'producerSwitched',
    startedAt,
    running: true,
    source: 'onprem',
    target: 'aiven',
    topics: ['orders', 'refunds', 'refunds-v2'],
    groups: ['billing', 'billing-v2', 'audit'],
  });
  await migration.reach('deleteSource', 'done');
  await migration.outcome();
  expect(listed(await migration.handle.describe())).toMatchObject({
    state: 'done',
    step: null,
    running: false,
  });
});

it('an aborted migration ends as Canceled, with its outcome, and not as Completed', async () => {
  const migration = await migrations.start('simplestCase');
  await migration.reach('producerSwitched', 'waiting');
  await migration.say('abort', { by: 'ann', note: 'wrong day' });
  await expect(migration.handle.result()).rejects.toThrow('Workflow execution cancelled');
  const outcome = await migration.outcome();
  expect(outcome).toMatchObject({
    result: 'aborted',
    sentence: 'Aborted (wrong day). The source is as it was.',
    undone: ['offsets of billing', 'topic orders'],
  });
  expect((await migration.status()).outcome).toEqual(outcome);
  const description = await migration.handle.describe();
  expect(description.status.name).toBe('CANCELLED');
  expect(listed(description)).toMatchObject({ state: 'aborted', running: false });
  expect(await migration.details()).toContain('**Aborted (wrong day). The source is as it was.**');
});

it('the timeline has words for everything that is asked for and every timer', async () => {
  const migration = await migrations.start(
    'simpleMirroring',
    { copying: { shares: 2 }, topics: [{ name: 'orders' }, { name: 'refunds' }], waits: { soak: '10ms' } },
    (cluster) => cluster.next('watchSoak', { state: 'watching', sentence: 'Nothing has come.', carry: null }),
  );
  await migration.reach('deleteSource', 'done');
  await migration.outcome();
  const events = (await migration.events()).filter(
    (event) =>
      event.activityTaskScheduledEventAttributes !== null || event.timerStartedEventAttributes !== null,
  );
  const named = events.map(({ activityTaskScheduledEventAttributes: asked, userMetadata }) => ({
    what: asked?.activityType?.name ?? 'timer',
    summary: userMetadata?.summary
      ? defaultPayloadConverter.fromPayload<string>(userMetadata.summary)
      : undefined,
  }));
  expect(named.filter(({ summary }) => summary === undefined)).toEqual([]);
  expect(named).toContainEqual({ what: 'mirror', summary: 'copies records, share 2 of 2' });
  expect(named).toContainEqual({
    what: 'timer',
    summary: expect.stringContaining('waits for producerStopped'),
  });
  for (const { what, summary } of named) expect(summary).not.toBe(what);
});

it('a wait changes the memo only when it says something new', async () => {
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next(
      'watchDrain',
      { state: 'watching', sentence: 'billing lags by 9.', carry: 1 },
      { state: 'watching', sentence: 'billing lags by 4.', carry: 2 },
    ),
  );
  await migration.reach('drain', 'done');
  const events = await migration.events();
  const index = (name: string) =>
    events.findIndex((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === name);
  await migration.until(() => index('watchDrain') > 0);
  const last = events
    .map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name)
    .lastIndexOf('watchDrain');
  const written = events
    .slice(index('watchDrain'), last)
    .filter((event) => event.workflowPropertiesModifiedEventAttributes);
  expect(written.length).toBe(0);
});
