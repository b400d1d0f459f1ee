import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { strategies, strategyNames, type Strategy } from '../../src/migration/strategies.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { Migrations } from './migrations.js';

let migrations: Migrations;
beforeAll(async () => {
  migrations = await Migrations.skippingTime();
});
afterEach(() => migrations.clear());
afterAll(() => migrations.close());

const withTopics = ['checkPlan', 'compareTopics', 'createTopics', 'copyAcls'] as const;
const withSchemas = ['copySchemas', 'leaveImport'] as const;
const prepared = [...withTopics, ...withSchemas, 'seedOffsets'] as const;
const retired = ['watchSoak', 'finalCheck', 'finalCheck', 'deleteSource', 'watchDeleted'] as const;
/** What each strategy asks of the clusters: starting offsets are looked after before each wait for applications. */
const asked: Record<Strategy, readonly (keyof Activities)[]> = {
  simplestCase: [
    ...prepared,
    ...['seedOffsets', 'watchQuiet', 'watchDrain', 'seedOffsets', 'watchConsumers'],
    ...retired,
  ],
  doubleProducer: [
    ...prepared,
    ...['seedOffsets', 'watchDoubling', 'watchDrain', 'seedOffsets', 'watchConsumers'],
    ...['seedOffsets', 'watchQuiet', 'watchTwins'],
    ...retired,
  ],
  doubleConsumers: [
    ...prepared,
    ...['seedOffsets', 'watchConsumers', 'seedOffsets', 'watchQuiet', 'watchDrain'],
    ...['seedOffsets', 'watchConsumers'],
    ...retired,
  ],
  simpleMirroring: [
    ...withTopics,
    ...['prepareMirror', 'watchMirror', 'watchQuiet', 'watchMirror', 'watchParity'],
    ...['translateGroups', 'translateGroups', 'translateGroups', 'watchConsumers'],
    ...['translateGroups', 'watchProducers', 'removeMirror'],
    ...retired,
  ],
  advancedMirroring: [
    ...[...withTopics, ...withSchemas, 'prepareMirror', 'watchMirror'],
    // Stopped; looked after and looked at before they are seen on the target; looked after before producers move.
    ...['translateGroups', 'translateGroups', 'translateGroups', 'watchConsumers', 'translateGroups'],
    // The schemas that follow leave import mode, and the last ones are copied.
    ...['watchQuiet', 'watchMirror', 'leaveImport', 'stopMirror', ...withSchemas, 'watchMirror'],
    ...['translateGroups', 'watchProducers', 'watchParity', 'removeMirror'],
    ...retired,
  ],
} as Record<Strategy, readonly (keyof Activities)[]>;
/** What they do in the background, at their own pace. */
const inBackground: Partial<Record<Strategy, readonly (keyof Activities)[]>> = {
  // Three of four partitions go to different shares.
  simpleMirroring: ['mirror', 'mirror', 'mirror'],
  // MirrorMaker divides its work itself.
  advancedMirroring: ['mirror', 'watchSchemas'],
};

describe.each(strategyNames)('%s', (strategy) => {
  it('runs exactly the steps of its runbook, in order, and asks the clusters for each', async () => {
    const migration = await migrations.start(strategy, {
      topics: [
        { name: 'orders' },
        // MirrorMaker cannot rename.
        {
          name: 'refunds',
          createdBy: 'people',
          ...(strategy !== 'advancedMirroring' && { newName: 'refunds-v2' }),
        },
      ],
      ...(strategy !== 'simpleMirroring' && { schemas: { source: 'old', target: 'new' } }),
    });
    await migration.reach('deleteSource', 'done');
    const outcome = await migration.outcome();
    const { steps } = await migration.status();

    expect(steps.map(({ id, status }) => [id, status])).toEqual(
      strategies[strategy].steps.map((id) => [id, 'done']),
    );
    const times = steps.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]);
    expect(times).toEqual([...times].sort());
    const background = new Set(inBackground[strategy]);
    // A soak of a day is watched slice after slice.
    const names = migration.cluster
      .names()
      .filter((name, at, all) => name !== 'watchSoak' || all[at - 1] !== 'watchSoak');
    expect(names.filter((name) => !background.has(name))).toEqual(asked[strategy]);
    expect(names.filter((name) => background.has(name)).sort()).toEqual(inBackground[strategy] ?? []);
    expect(outcome).toMatchObject({
      result: 'done',
      sentence: 'orders, refunds moved from onprem to aiven. Deleted orders, refunds. Gone by their ids.',
    });
  });

  it('has no step for topics that people create when there are none, and none for schemas', async () => {
    const migration = await migrations.start(strategy);
    const { steps } = await migration.status();
    expect(steps.map(({ id }) => id)).toEqual(
      strategies[strategy].steps.filter(
        (id) => id !== 'topicCreated' && (id !== 'copySchemas' || strategy === 'advancedMirroring'),
      ),
    );
    expect(await migration.refusal('pause', { at: 'once' })).toBe('at is not a key of pause');
  });
});

const ends = { orders: ['120', '120'] };
const marks = { orders: ['100', '100'] };
const start = { orders: ['0', '0'] };

it('simplestCase proves the source quiet, then drained and left up to those frozen ends', async () => {
  const migration = await migrations.start('simplestCase');
  await migration.reach('deleteSource', 'done');
  const { cluster } = migration;
  expect(cluster.inputs('watchDrain')).toMatchObject([{ to: ends, frozen: true }]);
  expect(cluster.inputs('watchConsumers')).toMatchObject([
    { groups: ['billing'], expected: 'moved', to: ends, frozen: true, drained: ends },
  ]);
  expect(cluster.inputs('finalCheck')).toMatchObject([{ ends }, { ends }]);
  expect(cluster.inputs('deleteSource')).toMatchObject([{ topicIds: { orders: 'id-of-orders' } }]);
  expect(cluster.inputs('seedOffsets').map((input) => input.start)).toEqual([undefined, start, start]);
});

it('doubleProducer lets groups move once they have passed the marks of the source that still grows', async () => {
  const migration = await migrations.start('doubleProducer');
  await migration.reach('deleteSource', 'done');
  const { cluster } = migration;
  expect(cluster.inputs('watchDrain')).toMatchObject([{ to: marks, frozen: false }]);
  expect(cluster.inputs('watchConsumers')).toMatchObject([
    { expected: 'moved', to: marks, frozen: false, drained: marks },
  ]);
  expect(cluster.inputs('finalCheck')).toMatchObject([{ ends }, { ends }]);
});

it('doubleConsumers has groups read both before producers move, and leave the source after it is drained', async () => {
  const migration = await migrations.start('doubleConsumers');
  await migration.reach('deleteSource', 'done');
  const { cluster } = migration;
  const [before, after] = cluster.inputs('watchConsumers');
  expect(before).toMatchObject({ expected: 'reads-both' });
  expect(before).not.toHaveProperty('to');
  expect(before).not.toHaveProperty('drained');
  expect(after).toMatchObject({ expected: 'left-source', to: ends, frozen: true, drained: ends });
  expect(cluster.inputs('watchDrain')).toMatchObject([{ to: ends, frozen: true }]);
});

it('keeps what the migration made for an abort, and hands every activity the topic ids that the plan saw', async () => {
  const acl = {
    resourceType: 'TOPIC',
    resourceName: 'orders',
    patternType: 'LITERAL',
    principal: 'User:billing',
    host: '*',
    operation: 'READ',
    permission: 'ALLOW',
  };
  const migration = await migrations.start('simplestCase', {}, (cluster) =>
    cluster.next('copyAcls', { made: [acl], findings: [], sentence: 'One ACL copied.' }),
  );
  await migration.reach('consumerSwitched', 'waiting');
  // The server that skips time lets a run end as Canceled only when it was asked to cancel it.
  await migration.handle.cancel();
  await migration.outcome();
  expect(migration.cluster.inputs('undo')).toMatchObject([
    {
      topicIds: { orders: 'id-of-orders' },
      made: {
        topics: [{ name: 'orders', topicId: 'new-id-of-orders' }],
        acls: [acl],
        offsets: [{ group: 'billing', topics: ['orders'] }],
      },
    },
  ]);
});
