import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { StepId } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { Migrations } from './migrations.js';
import { asks, blocks, failure } from './scripted-cluster.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.onRealServer();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const people = { topics: [{ name: 'orders', createdBy: 'people' as const }] };
const denied = failure('Unauthorized', 'User:ferry may not do this on aiven: grant it, then retry.');

const work: [StepId, keyof Activities][] = [
  ['checkPlan', 'checkPlan'],
  ['topicCreated', 'compareTopics'],
  ['createTopics', 'createTopics'],
  ['copyAcls', 'copyAcls'],
  ['seedOffsets', 'seedOffsets'],
  ['producerSwitched', 'watchQuiet'],
  ['drain', 'watchDrain'],
  ['consumerSwitched', 'watchConsumers'],
  ['deletionApproved', 'finalCheck'],
  ['deleteSource', 'deleteSource'],
  ['deleteSource', 'watchDeleted'],
];

describe('a failure', () => {
  it.each(work)('in %s (%s) blocks the step until a person retries it', async (id, activity) => {
    const migration = await migrations.start('simplestCase', people, (cluster) => {
      cluster.next(activity, denied);
    });
    await migration.reach(id, 'blocked');
    const { state, waitingFor, next, steps } = await migration.status();
    expect({ state, waitingFor }).toEqual({ state: 'blocked', waitingFor: denied.message });
    expect(steps.find((step) => step.id === id)?.problem).toMatchObject({ type: 'Unauthorized' });
    const skippable = ['copyAcls', 'deletionApproved', 'deleteSource'].includes(id);
    expect(next.map(({ message }) => message)).toEqual([
      'retry',
      ...(skippable ? ['skip'] : []),
      ...(id === 'deleteSource' ? [] : ['abort']),
    ]);
    await migration.say('retry', { by: 'ann' });
    const step = await migration.reach(id, 'done');
    expect(step).not.toHaveProperty('problem');
    await migration.reach('deleteSource', 'done');
  });

  it('of the last check blocks the deletion, which a retry checks again', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('finalCheck', (input) => cluster.agreed('finalCheck', input), denied),
    );
    await migration.reach('deleteSource', 'blocked');
    expect((await migration.status()).next.map(({ message }) => message)).toEqual(['retry', 'skip', 'abort']);
    await migration.say('retry');
    await migration.at('deleteSource', 'done');
    expect(migration.cluster.inputs('finalCheck')).toHaveLength(3);
  });

  it('that may go away by itself is tried again before anybody is asked', async () => {
    const passing = () => {
      throw new Error('aiven did not answer');
    };
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('createTopics', passing, passing),
    );
    await migration.reach('producerSwitched', 'waiting');
    expect(migration.cluster.inputs('createTopics')).toHaveLength(3);
    expect((await migration.status()).steps[1]?.evidence).toHaveLength(1);
  });

  it('while taking back blocks that too: a person retries, or leaves what was made', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('undo', denied, denied),
    );
    await migration.reach('consumerSwitched', 'waiting');
    await migration.say('abort', { by: 'ann' });
    await migration.at('undo', 'blocked');
    expect((await migration.status()).next.map(({ message }) => message)).toEqual(['retry', 'skip']);
    await migration.say('retry');
    await migration.until(() => migration.cluster.inputs('undo').length === 2);
    await migration.at('undo', 'blocked');
    await migration.say('skip', { by: 'ann', note: 'the target is to go anyway' });
    expect(await migration.outcome()).toMatchObject({
      result: 'aborted',
      sentence: 'Aborted. Left for a person to decide: What the migration made on aiven was not taken back.',
    });
  });
});

describe('findings', () => {
  const asking = asks('group-not-in-file:audit', 'audit reads orders on onprem and is not in the file.');
  const blocking = blocks('missing-topic:orders', 'orders is not on onprem.');
  const plan = (findings: (typeof asking)[]) => ({ findings, will: [], topicIds: {} });

  it('that ask are accepted by name and with a reason, or mended', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('checkPlan', plan([asking]), plan([asking])),
    );
    await migration.at('checkPlan', 'blocked');
    const { next } = await migration.status();
    expect(next.map(({ message, input }) => [message, input['accept'] ?? null])).toEqual([
      ['retry', null],
      ['retry', [asking.key]],
      ['abort', null],
    ]);
    expect(await migration.refusal('retry', { override: { reason: 'it stays' } })).toBe(
      'an override needs by: who takes the responsibility',
    );
    expect(await migration.say('retry', { by: 'ann', accept: [asking.key], note: 'it stays' })).toBe(
      `${asking.key} accepted by ann; tries checkPlan again`,
    );
    await migration.at('checkPlan', 'done');
    expect((await migration.status()).accepted).toMatchObject([
      { key: asking.key, by: 'ann', reason: 'it stays' },
    ]);
    await migration.at('producerSwitched', 'waiting');
    expect(migration.cluster.inputs('copyAcls')).toMatchObject([{ accepted: [asking.key] }]);
  });

  it('that block cannot be accepted, and all of them are told', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('checkPlan', plan([blocking, asking])),
    );
    await migration.at('checkPlan', 'blocked');
    const { waitingFor, steps } = await migration.status();
    expect(waitingFor).toBe('orders is not on onprem. (and 1 more)');
    expect(steps[0]?.problem?.findings).toEqual([blocking, asking]);
    expect(await migration.details()).toContain(`- ${asking.sentence}`);
    expect(await migration.refusal('retry', { by: 'ann', note: 'x', accept: [blocking.key] })).toBe(
      'missing-topic:orders blocks, and cannot be accepted: mend it, then retry',
    );
    await migration.say('retry');
    await migration.at('producerSwitched', 'waiting');
  });

  it('of a drain, once accepted, are handed to its next check', async () => {
    const lost = asks('expired-unread:billing', 'billing lost 7 records of orders to retention.');
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchDrain', { state: 'asks', findings: [lost] }),
    );
    await migration.reach('drain', 'blocked');
    await migration.say('retry', { by: 'ann', override: { reason: 'known since May' } });
    await migration.at('drain', 'done');
    expect(migration.cluster.inputs('watchDrain')).toMatchObject([{}, { accepted: [lost.key] }]);
  });

  it('on a topic that people made withdraw the claim, by the name on the source', async () => {
    const fewer = blocks('partitions:orders', 'orders-v2 has 3 partitions on aiven and needs 6.');
    const topics = [{ name: 'orders', newName: 'orders-v2', createdBy: 'people' as const }];
    const migration = await migrations.start('simplestCase', { topics }, (cluster) =>
      cluster.next('compareTopics', { findings: [fewer], sentence: '' }),
    );
    await migration.reach('topicCreated', 'waiting');
    await migration.say('topicCreated', { by: 'ann', topic: 'orders-v2' });
    await migration.until(({ waitingFor }) => waitingFor.startsWith(`Not so: ${fewer.sentence}`));
    await migration.say('topicCreated', { by: 'ann' });
    await migration.at('topicCreated', 'done');
    expect(migration.cluster.inputs('compareTopics').map(({ topics }) => topics)).toEqual([
      ['orders'],
      ['orders'],
    ]);
  });
});

describe('a contradiction of a wait that no person has claimed', () => {
  it('blocks the drain with what was seen', async () => {
    const lags = 'billing lags by 12 on orders-3: its members have not committed for 10m.';
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchDrain', { state: 'contradicted', sentence: lags }),
    );
    await migration.reach('drain', 'blocked');
    expect(await migration.status()).toMatchObject({ waitingFor: lags });
    await migration.say('retry');
    await migration.at('drain', 'done');
  });

  it('blocks the proof of deletion', async () => {
    const still = 'orders is still on onprem after 10m.';
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchDeleted', { state: 'contradicted', sentence: still }),
    );
    await migration.reach('deleteSource', 'blocked');
    expect(await migration.status()).toMatchObject({ waitingFor: still });
    await migration.say('skip', { by: 'ann' });
    expect(await migration.outcome()).toMatchObject({
      sentence:
        'orders moved from onprem to aiven. Skipped by ann; what is not deleted by now stays on the source.',
    });
  });
});

describe('a skip', () => {
  it('leaves out the ACLs, when they block', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('copyAcls', denied),
    );
    await migration.at('copyAcls', 'blocked');
    await migration.say('skip', { by: 'ann', note: 'Terraform has them' });
    const { says } = await migration.at('copyAcls', 'skipped');
    expect(says).toBe(
      'Skipped by ann: Terraform has them; the ACLs are managed elsewhere and no client has been moved yet.',
    );
    await migration.reach('deleteSource', 'done');
  });

  it('of the approval leaves the topics where they are', async () => {
    const migration = await migrations.start('simplestCase');
    await migration.reach('deletionApproved', 'waiting');
    await migration.say('skip', { by: 'ann' });
    expect(await migration.outcome()).toMatchObject({
      result: 'done',
      sentence: 'orders moved from onprem to aiven. The topics stay on the source.',
    });
    expect(migration.cluster.inputs('deleteSource')).toEqual([]);
    const { steps } = await migration.status();
    expect(steps.slice(-2).map(({ status }) => status)).toEqual(['skipped', 'skipped']);
  });

  it('is refused where a promise rests on the step', async () => {
    const migration = await migrations.start('simplestCase', {}, (cluster) =>
      cluster.next('watchDrain', { state: 'contradicted', sentence: 'billing lags.' }),
    );
    await migration.at('producerSwitched', 'waiting');
    expect(await migration.refusal('skip', { by: 'ann' })).toBe(
      'producerSwitched cannot be skipped: the promise of simplestCase rests on it',
    );
    await migration.reach('drain', 'blocked');
    expect(await migration.refusal('skip', { by: 'ann' })).toContain('drain cannot be skipped');
  });
});
