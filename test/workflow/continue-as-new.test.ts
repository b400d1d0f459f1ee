import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { betweenRuns } from '../../app/cli/temporal.js';
import { listed } from '../../app/connections/listing.js';
import type { Status } from '../../src/migration/status.js';
import { eventually } from '../eventually.js';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import { asks, failure } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  // The server's own suggestion, which comes after thousands of events, comes after a few.
  migrations = await Migrations.onRealServer('m', [
    '--dynamic-config-value',
    'limit.historyCount.suggestContinueAsNew=43',
  ]);
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

/** More than makes a history long here. */
const longTalk = 60;

/** Says something and takes it back, until the migration has gone on in a new run; what runs may take a while to stop for it. */
async function talkUntilNewRun(
  migration: TestMigration,
  talk: () => Promise<unknown> = async () => {
    await migration.say('pause', { by: 'ann' });
    await migration.say('resume', { by: 'ann' });
  },
): Promise<void> {
  const first = await runId(migration);
  for (let said = 0; said < longTalk && (await runId(migration)) === first; said += 1) await talk();
  await eventually(
    () => runId(migration),
    (now) => now !== first,
  );
}

const runId = async (migration: TestMigration) => (await migration.handle.describe()).runId;

/**
 * How often an activity was asked, once it has been. A slow server tells the workflow of less at a time, so the history may
 * have become long, and have been begun anew, before anybody has talked.
 */
async function askedFor(
  migration: TestMigration,
  activity: 'watchDrain' | 'watchSoak' | 'mirror',
): Promise<number> {
  await migration.until(() => migration.cluster.inputs(activity).length > 0);
  return migration.cluster.inputs(activity).length;
}

/** Everything of a status but what changes while it waits. */
const lasting = ({ steps, ...status }: Status) => ({
  ...status,
  steps: steps.map(({ says: _says, ...step }) => step),
});

it('a migration goes on in new runs in the middle of a wait, with all that was said, seen and accepted', async () => {
  const finding = asks('group-not-in-file:audit', 'audit reads orders and is not in the file.');
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('checkPlan', { findings: [finding], will: [], topicIds: {} }),
  );
  await migration.at('checkPlan', 'blocked');
  await migration.say('retry', { by: 'ann', override: { reason: 'audit stays' } });
  await migration.reach('producerSwitched', 'waiting');
  await migration.say('consumerSwitched', { by: 'bo' });
  await migration.signal('producerSwitched', { shout: true });
  await migration.until(({ refused }) => refused.length === 1);
  const first = migration.cluster.hold('watchDrain');
  await migration.say('producerSwitched', { by: 'ann' });
  await migration.at('drain', 'active');
  await migration.until(() => migration.cluster.inputs('watchDrain').length === 1);
  const before = await migration.status();
  const runs = new Set([await runId(migration)]);

  // Slices until the migration has gone on in a new run, twice.
  let held = first;
  for (let slice = 1; runs.size < 3; slice += 1) {
    if (slice > 60) throw new Error('60 slices, and it did not continue as new twice');
    const next = migration.cluster.hold('watchDrain');
    held.answer({ state: 'watching', sentence: `billing lags by ${1000 - slice}.`, carry: { slice } });
    await migration.until(() => migration.cluster.inputs('watchDrain').length === slice + 1);
    runs.add(await runId(migration));
    held = next;
  }

  const after = await migration.status();
  expect(lasting(after)).toEqual(lasting(before));
  expect(after).toMatchObject({
    accepted: [{ key: finding.key, by: 'ann', reason: 'audit stays' }],
    refused: [{ message: 'producerSwitched', why: 'shout is not a key of producerSwitched' }],
  });
  expect(await migration.details()).toContain('Wait until every group has consumed the source');
  expect(listed(await migration.handle.describe())).toMatchObject({
    step: 'drain',
    startedAt: before.startedAt,
    groups: ['billing'],
  });
  expect(migration.cluster.inputs('watchDrain').at(-1)).toMatchObject({
    to: { orders: ['120', '120'] },
    accepted: [finding.key],
    topicIds: {},
  });

  held.answer({ state: 'drained', sentence: 'Drained at last.', lag: [] });
  const consumers = await migration.at('consumerSwitched', 'done');
  expect(consumers.evidence.at(-1)?.sentence).toContain('Said: billing by bo.');
  await migration.reach('deleteSource', 'done');
  // Nothing that was done in an earlier run was done again.
  for (const once of ['createTopics', 'copyAcls', 'watchQuiet', 'deleteSource'] as const)
    expect(migration.cluster.inputs(once)).toHaveLength(1);
});

it('an abort in a later run takes back what an earlier one made', async () => {
  const migration = await migrations.start('simplestCase', {}, (cluster) => {
    for (let slice = 0; slice < 20; slice += 1)
      cluster.next('watchDrain', { state: 'watching', sentence: 'billing lags.', carry: null });
  });
  const held = migration.cluster.hold('watchDrain');
  const first = await runId(migration);
  await migration.reach('drain', 'active');
  await migration.until(() => migration.cluster.inputs('watchDrain').length === 21);
  expect(await runId(migration)).not.toBe(first);
  await migration.say('abort', { by: 'ann' });
  expect(await migration.outcome()).toMatchObject({
    result: 'aborted',
    undone: ['offsets of billing', 'topic orders'],
  });
  held.answer({ state: 'drained', sentence: '', lag: [] });
});

it('a mirror stops for a new run and goes on in it, and an abort there still stops it', async () => {
  const slice = { state: 'watching' as const, sentence: 'the mirror is 40 offsets behind', carry: null };
  const migration = await migrations.start('simpleMirroring', { copying: { shares: 1 } }, (cluster) => {
    // Producers are asked once it keeps up.
    cluster.next('watchMirror', (input) => cluster.agreed('watchMirror', input));
    for (let at = 0; at < 20; at += 1) cluster.next('watchMirror', slice);
  });
  const held = migration.cluster.hold('watchMirror');
  const first = await runId(migration);
  await migration.reach('producerStopped', 'waiting');
  await migration.say('producerStopped', { by: 'ann' });
  await migration.until(() => migration.cluster.inputs('watchMirror').length === 22);
  expect(await runId(migration)).not.toBe(first);
  const runs = migration.cluster.inputs('mirror').length;
  expect(runs).toBeGreaterThan(1);
  // One for each run: never two at once on the same partitions.
  const { pendingActivities } = (await migration.handle.describe()).raw;
  expect(pendingActivities?.map(({ activityType }) => activityType?.name).sort()).toEqual([
    'mirror',
    'watchMirror',
  ]);
  await migration.say('abort', { by: 'ann' });
  expect(await migration.outcome()).toMatchObject({ result: 'aborted', left: [] });
  expect(migration.cluster.inputs('mirror')).toHaveLength(runs);
  held.answer(slice);
});

describe('however much is said, a migration goes on in a new run', () => {
  it('while it waits for a person', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('producerSwitched', 'waiting');
    const before = await migration.status();
    await talkUntilNewRun(migration);
    const after = await migration.until(({ state }) => state === 'waiting');
    expect({ ...after, steps: [] }).toEqual({ ...before, steps: [] });
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.at('producerSwitched', 'done');
  });

  it('while it is blocked, and stays so with nothing tried until somebody says so', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('copyAcls', failure('Unauthorized', 'User:ferry may not alter ACLs.')),
    );
    const { problem } = await migration.at('copyAcls', 'blocked');
    await talkUntilNewRun(migration, () => migration.signal('copyAcls'));
    expect(await migration.at('copyAcls', 'blocked')).toMatchObject({ problem });
    expect((await migration.status()).next.map(({ message }) => message)).toContain('skip');
    expect(migration.cluster.inputs('copyAcls')).toHaveLength(1);
    await migration.say('retry', { by: 'ann' });
    await migration.at('copyAcls', 'done');
    expect(migration.cluster.inputs('copyAcls')).toHaveLength(2);
  });

  it('while it is paused, and stays so', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('pause', { by: 'ann' });
    await talkUntilNewRun(migration, () => migration.signal('nonsense'));
    expect((await migration.status()).state).toBe('paused');
    await migration.say('producerSwitched', { by: 'ann' });
    await migration.say('resume');
    await migration.at('producerSwitched', 'done');
  });

  it('while it watches, and sees again what it saw', async () => {
    const migration = await migrations.start('simplestCase');
    const held = [migration.cluster.hold('watchDrain'), migration.cluster.hold('watchDrain')];
    await migration.reach('drain', 'active');
    const asked = await askedFor(migration, 'watchDrain');
    await talkUntilNewRun(migration, () => migration.signal('nonsense'));
    await migration.until(() => migration.cluster.inputs('watchDrain').length > asked);
    for (const call of held) call.answer({ state: 'drained', sentence: '', lag: [] });
    await migration.at('drain', 'done');
  });

  it('while it soaks, and soaks no longer for it', async () => {
    const migration = await migrations.start('simplestCase', { waits: { soak: '24h' } }, (cluster) =>
      cluster.next('watchSoak', { state: 'watching', sentence: '', carry: null }),
    );
    const { startedAt } = await migration.reach('soak', 'active');
    await askedFor(migration, 'watchSoak');
    await talkUntilNewRun(migration, () => migration.signal('nonsense'));
    expect(await migration.at('soak', 'active')).toMatchObject({ startedAt });
  });

  it('while a mirror copies, which stops for it and goes on', async () => {
    const migration = await migrations.start('simpleMirroring', { copying: { shares: 1 } });
    await migration.reach('producerStopped', 'waiting');
    const copied = await askedFor(migration, 'mirror');
    await talkUntilNewRun(migration, () => migration.signal('nonsense'));
    await migration.until(() => migration.cluster.inputs('mirror').length > copied);
    expect(await migration.pending()).toBe(1);
  });

  it('and counts every one of many that are said at once, as updates and as signals', async () => {
    const groups = Array.from({ length: 100 }, (_, index) => `group-${index}`);
    const migration = await migrations.start('simplestCase', {
      consumers: groups.map((group) => ({ group })),
    });
    await migration.reach('producerSwitched', 'waiting');
    const first = await runId(migration);
    const left = [...groups];
    const person = async (by: string) => {
      for (let name = left.shift(); name !== undefined; name = left.shift())
        if (by === 'signals') await migration.signal('consumerSwitched', { by, name });
        else
          expect(await betweenRuns(() => migration.say('consumerSwitched', { by, name }))).toContain(
            'counts when its step begins',
          );
    };
    await Promise.all(['ann', 'bo', 'cy', 'signals'].map(person));
    expect(await runId(migration)).not.toBe(first);
    const { steps } = await migration.until(({ steps }) =>
      steps.some(({ id, parts = [] }) => id === 'consumerSwitched' && parts.every(({ claim }) => claim)),
    );
    expect(steps.find(({ id }) => id === 'consumerSwitched')?.parts).toHaveLength(100);
  });
});
