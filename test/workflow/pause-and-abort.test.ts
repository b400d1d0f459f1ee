import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { StepId } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { Migrations } from './migrations.js';
import type { TestMigration } from './test-migration.js';
import type { Held } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

/** People make the topic, so that the migration has every step there is. */
const file = { topics: [{ name: 'orders', createdBy: 'people' as const }] };

type Reading = 'checkPlan' | 'compareTopics' | 'createTopics' | 'copyAcls' | 'seedOffsets';
/** Steps whose work is a read or a change: a pause or an abort waits for its end. */
const short: [StepId, Reading, StepId | 'nothing'][] = [
  ['checkPlan', 'checkPlan', 'topicCreated'],
  ['topicCreated', 'compareTopics', 'createTopics'],
  ['createTopics', 'createTopics', 'copyAcls'],
  ['copyAcls', 'copyAcls', 'seedOffsets'],
  ['seedOffsets', 'seedOffsets', 'producerSwitched'],
];
type Watching = 'watchQuiet' | 'watchDrain' | 'watchConsumers';
/** Steps that watch for a long time: a pause or an abort stops them at once. */
const long: [StepId, Watching][] = [
  ['producerSwitched', 'watchQuiet'],
  ['drain', 'watchDrain'],
  ['consumerSwitched', 'watchConsumers'],
];
/** Before a deletion all is looked at when it is approved, and directly before it; each look may take hours. */
const checks: [string, number][] = [
  ['an approval', 0],
  ['a deletion', 1],
];
const human: StepId[] = ['topicCreated', 'producerSwitched', 'consumerSwitched', 'deletionApproved'];
const approval = { by: 'ann', topic: 'orders' };
const claimFor = (id: StepId) => (id === 'deletionApproved' ? approval : { by: 'ann' });

/** Starts a migration whose next call of an activity waits for the test, and goes on until it is made. */
async function holding<N extends keyof Activities>(
  activity: N,
  id: StepId,
): Promise<{ migration: TestMigration; held: Held<N> }> {
  let held!: Held<N>;
  const migration = await migrations.start('simplestCase', file, (cluster) => {
    held = cluster.hold(activity);
  });
  await migration.reach(id);
  if (human.includes(id)) await migration.say(id, claimFor(id));
  await migration.until(() => migration.cluster.inputs(activity).length > 0);
  return { migration, held };
}

/** What the scripted clusters would have answered. */
async function agreeing<N extends keyof Activities>(migration: TestMigration, activity: N) {
  const [input] = migration.cluster.inputs(activity);
  return migration.cluster.agreed(activity, input as Parameters<Activities[N]>[0]);
}

describe('a pause', () => {
  it.each(short)('in %s lets %s end, and keeps %s from beginning', async (id, activity, next) => {
    const { migration, held } = await holding(activity, id);
    await migration.say('pause', { by: 'ann' });
    held.answer(await agreeing(migration, activity));
    const {
      state,
      waitingFor,
      next: messages,
    } = await migration.until(({ steps }) => steps.some((step) => step.id === id && step.status === 'done'));
    expect({ state, waitingFor, message: messages[0]?.message }).toEqual({
      state: 'paused',
      waitingFor: 'Paused by ann: waits for resume.',
      message: 'resume',
    });
    const { steps } = await migration.status();
    expect(steps.find((step) => step.id === next)?.status).toBe('pending');
    await migration.say('resume');
    await migration.reach('deleteSource', 'done');
  });

  it.each(long)('in %s stops %s, and what it saw is seen again', async (id, activity) => {
    const { migration } = await holding(activity, id);
    await migration.say('pause', { by: 'ann' });
    await migration.until(({ state }) => state === 'paused');
    const cancelled = (await migration.events()).filter(
      ({ activityTaskCancelRequestedEventAttributes: attributes }) => attributes,
    );
    expect(cancelled).toHaveLength(1);
    expect((await migration.status()).steps.find((step) => step.id === id)?.status).toBe('active');
    await migration.say('resume');
    const step = await migration.at(id, 'done');
    expect(migration.cluster.inputs(activity)).toHaveLength(2);
    expect(migration.cluster.inputs(activity)[1]).not.toHaveProperty('carry');
    expect(step.evidence).toHaveLength(1);
  });

  it.each(human)('while %s waits keeps what is said, and counts it after resume', async (id) => {
    const migration = await migrations.start('simplestCase', file);
    await migration.reach(id, 'waiting');
    await migration.signal('pause');
    await migration.until(({ state }) => state === 'paused');
    await migration.say(id, claimFor(id));
    const before = migration.cluster.calls.length;
    const { steps, state } = await migration.status();
    expect(state).toBe('paused');
    expect(steps.find((step) => step.id === id)?.parts).toMatchObject([{ claim: { by: 'ann' } }]);
    expect(migration.cluster.calls).toHaveLength(before);
    await migration.signal('resume');
    await migration.at(id, 'done');
    expect(migration.cluster.calls.length).toBeGreaterThan(before);
  });

  it.each(checks)('during the check of %s stops it, and has it made again', async (_, before) => {
    const { migration, held } = await heldAtCheck(before);
    await migration.say('pause');
    await migration.until(() => held.cancelled);
    await migration.say('resume');
    await migration.at('deleteSource', 'done');
    expect(migration.cluster.names().slice(-5)).toEqual([
      ...['finalCheck', 'finalCheck', 'finalCheck', 'deleteSource', 'watchDeleted'],
    ]);
    expect((await migration.status()).steps.find(({ id }) => id === 'deletionApproved')).toMatchObject({
      parts: [{ claim: { by: 'ann' } }],
    });
  });

  it('of the proof of deletion goes on without another approval', async () => {
    const { migration } = await holdingDeletion();
    await migration.say('pause');
    await migration.until(({ state }) => state === 'paused');
    await migration.say('resume');
    await migration.at('deleteSource', 'done');
    expect(migration.cluster.names().slice(-4)).toEqual([
      ...['deleteSource', 'watchDeleted', 'deleteSource', 'watchDeleted'],
    ]);
  });
});

/** At one of these checks, after so many of them. */
async function heldAtCheck(before: number) {
  let held!: Held<'finalCheck'>;
  const migration = await migrations.start('simplestCase', file, (cluster) => {
    for (let times = 0; times < before; times += 1)
      cluster.next('finalCheck', (input) => cluster.agreed('finalCheck', input));
    held = cluster.hold('finalCheck');
  });
  await migration.reach('deletionApproved', 'waiting');
  await migration.say('deletionApproved', approval);
  await migration.until(() => migration.cluster.inputs('finalCheck').length === before + 1);
  return { migration, held };
}

async function holdingDeletion() {
  let held!: Held<'watchDeleted'>;
  const migration = await migrations.start('simplestCase', file, (cluster) => {
    held = cluster.hold('watchDeleted');
  });
  await migration.reach('deletionApproved', 'waiting');
  await migration.say('deletionApproved', approval);
  await migration.until(() => migration.cluster.inputs('watchDeleted').length > 0);
  return { migration, held };
}

describe('an abort', () => {
  it.each(short)('in %s lets %s end and then takes back what was made', async (id, activity, next) => {
    const { migration, held } = await holding(activity, id);
    await migration.say('abort', { by: 'ann', note: 'wrong day' });
    held.answer(await agreeing(migration, activity));
    expect(await migration.outcome()).toMatchObject({
      result: 'aborted',
      sentence: 'Aborted (wrong day). The source is as it was.',
      left: [],
    });
    expect(migration.cluster.names().slice(-3)).toEqual([activity, 'targetWrites', 'undo']);
    const { steps } = await migration.status();
    expect(steps.find((step) => step.id === next)?.status).toBe('pending');
    expect(steps.at(-1)).toMatchObject({ id: 'undo', status: 'done' });
  });

  it.each(long)('in %s stops %s at once', async (id, activity) => {
    const { migration } = await holding(activity, id);
    await migration.signal('abort');
    expect(await migration.outcome()).toMatchObject({ result: 'aborted', sentence: expect.any(String) });
    const { steps, state } = await migration.status();
    expect(state).toBe('aborted');
    expect(steps.find((step) => step.id === id)).toMatchObject({
      status: 'skipped',
      says: 'Aborted here by somebody.',
    });
    expect(migration.cluster.inputs('undo')).toMatchObject([{ made: { offsets: [{ group: 'billing' }] } }]);
  });

  it('before anything was made takes nothing back', async () => {
    const migration = await migrations.start('simplestCase', file);
    await migration.reach('topicCreated', 'waiting');
    await migration.say('abort', { by: 'ann' });
    expect(await migration.outcome()).toMatchObject({ result: 'aborted', undone: [], left: [] });
  });

  const late: StepId[] = ['producerSwitched', 'consumerSwitched', 'soak', 'deletionApproved'];
  it.each(late)('while %s waits takes back, newest first', async (id) => {
    const migration = await migrations.start('simplestCase', id === 'soak' ? { waits: { soak: '24h' } } : {});
    await migration.reach(id);
    await migration.say('abort', { by: 'ann' });
    const { undone } = await migration.outcome();
    expect(undone).toEqual(['offsets of billing', 'topic orders']);
    expect(migration.cluster.inputs('targetWrites')).toMatchObject([{ start: { orders: ['0', '0'] } }]);
  });

  it('takes nothing back once producers have written to the target, and says what is left to decide', async () => {
    const written = 'orders has 12 records on aiven.';
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('targetWrites', { written: [written] }),
    );
    await migration.reach('consumerSwitched', 'waiting');
    await migration.say('abort', { by: 'ann' });
    const decide = 'Decide what to do with them: they are only on aiven, so nothing there was taken back.';
    expect(await migration.outcome()).toMatchObject({
      result: 'aborted',
      sentence: `Aborted. Left for a person to decide: ${written} ${decide}`,
      undone: [],
      left: [written, decide],
    });
    expect(migration.cluster.inputs('undo')).toEqual([]);
  });

  it('is what a cancellation from Temporal means', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('consumerSwitched', 'waiting');
    await migration.handle.cancel();
    expect(await migration.outcome()).toMatchObject({
      result: 'aborted',
      sentence: 'Aborted (cancelled from Temporal). The source is as it was.',
    });
    expect(migration.cluster.inputs('undo')).toHaveLength(1);
  });

  it('ends a pause', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('producerSwitched', 'waiting');
    await migration.say('pause');
    await migration.say('abort', { by: 'ann' });
    expect(await migration.outcome()).toMatchObject({ result: 'aborted' });
  });

  it.each(checks)('during the check of %s keeps the topic', async (_, before) => {
    const { migration } = await heldAtCheck(before);
    await migration.say('abort', { by: 'ann' });
    expect(await migration.outcome()).toMatchObject({ result: 'aborted' });
    expect(migration.cluster.inputs('deleteSource')).toEqual([]);
  });

  it('is refused once the deletion has begun, as a cancellation is', async () => {
    const { migration, held } = await holdingDeletion();
    const why =
      'the deletion of the source has begun: there is nothing to go back to, so this migration can only go on';
    expect(await migration.refusal('abort', { by: 'ann' })).toBe(why);
    await migration.handle.cancel();
    const { refused } = await migration.until(({ refused }) => refused.length === 1);
    expect(refused).toMatchObject([{ message: 'abort', why }]);
    held.answer({ state: 'gone', sentence: 'Gone.', recreated: [] });
    expect(await migration.outcome()).toMatchObject({ result: 'done' });
  });
});
