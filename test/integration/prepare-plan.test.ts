import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OtherMigration } from '../../activities/kit/dependencies.js';
import { copyAcls } from '../../activities/acls/acls.js';
import { createTopics } from '../../activities/topics/topics.js';
import { ferryGrants } from '../../lab/ferry-acls.js';
import { grantAll } from '../../lab/kafka/cluster.js';
import { checkPlan } from '../../activities/plan/plan.js';
import { openCluster } from '../../src/kafka/open.js';
import type { Migration } from '../../src/migration/file.js';
import { workflowId } from '../../src/migration/messages.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, consumeWithKip848 } from './kafka-cluster.js';
import {
  allow,
  attempt,
  commit,
  createOn,
  grant,
  join,
  keysOf,
  migrationOf,
  openGround,
  produce,
  sentenceOf,
  type Ground,
} from './prepare-ground.js';
import { rebalancing, seeingRebalance } from './rebalancing.js';

let ground: Ground;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(() => ground.close());

const plan = (migration: Migration, on: Ground = ground) =>
  checkPlan(on, { migration }, workflowId(migration.name));

test('a plan that holds says what will happen, and changes nothing', async () => {
  await createOn(ground.admin.source, {
    name: 'plan.fine',
    partitions: 3,
    config: { 'retention.ms': '3600000' },
  });
  await commit(ground.admin.source, 'plan.fine.group', 'plan.fine', [0n, 0n, 0n]);
  await grant(ground.admin.source, allow('User:plan-fine', 'write', 'topic', 'plan.fine'));
  const migration = migrationOf({
    name: 'plan-fine',
    topics: [{ name: 'plan.fine', newName: 'plan.new' }],
    producers: [{ name: 'web' }],
    consumers: [{ group: 'plan.fine.group', commitsEvery: '1m' }],
    principals: { 'User:plan-fine': 'User:CN=plan-fine' },
  });
  const { findings, will, topicIds, acls, elsewhere } = await plan(migration);
  expect(findings).toEqual([]);
  expect(acls).toEqual([{ topic: 'plan.fine', acls: ['allow User:plan-fine write from *'] }]);
  expect(elsewhere).toEqual([]);
  expect(topicIds).toEqual({
    'plan.fine': (await ground.source.topics(['plan.fine'])).get('plan.fine')?.value?.topicId,
  });
  expect(will).toEqual([
    'Create plan.new on target with 3 partitions, replication factor 1 and retention.ms=3600000 (1h).',
    'Create 1 ACL on target for User:CN=plan-fine.',
    'Commit starting offsets for plan.fine.group on target: plan.new, at the end as it is then.',
    'Producers write to the target only: wait for producerSwitched from web, and check it on the clusters.',
    'Wait until plan.fine.group has consumed plan.fine on source.',
    'Consumers read from the target only: wait for consumerSwitched from plan.fine.group, and check it on the clusters.',
    'Wait 24h before anything is deleted.',
    'Wait for the approval to delete plan.fine on source, by that name (deletionApproved).',
    'Delete plan.fine on source with their ACLs and offsets, and prove it.',
  ]);
  expect((await ground.target.topics(['plan.new'])).get('plan.new')?.error?.type).toBe('NotFound');
  expect(await ground.target.acls({ principal: 'User:CN=plan-fine' })).toEqual([]);
  expect(
    (await ground.target.committedOffsets(['plan.fine.group'])).get('plan.fine.group')?.value?.size,
  ).toBe(0);
});

test('a group that reads what does not move is named, in the plan and for its step', async () => {
  await createOn(ground.admin.source, { name: 'plan.moves' }, { name: 'plan.stays' });
  for (const name of ['plan.moves', 'plan.stays']) await commit(ground.admin.source, 'plan.both', name, [0n]);
  const migration = migrationOf({
    name: 'plan-both',
    topics: [{ name: 'plan.moves' }],
    consumers: [{ group: 'plan.both', commitsEvery: '1m' }],
  });
  const { findings, elsewhere } = await plan(migration);
  const sentence =
    'plan.both also reads plan.stays on source, which is not part of this migration: whoever switches it has to see that it is read on.';
  expect(findings).toEqual([{ weight: 'notes', key: 'group-reads-elsewhere:plan.both', sentence }]);
  expect(elsewhere).toEqual([{ group: 'plan.both', sentence }]);
});

test('a strategy that leaves the state of a compacted topic behind has another one named', async () => {
  await createOn(ground.admin.source, { name: 'plan.state', config: { 'cleanup.policy': 'compact' } });
  await commit(ground.admin.source, 'plan.state.group', 'plan.state', [0n]);
  const migration = migrationOf({
    name: 'plan-state',
    topics: [{ name: 'plan.state' }],
    consumers: [{ group: 'plan.state.group', commitsEvery: '1m' }],
  });
  const { findings } = await plan(migration);
  expect(keysOf(findings)).toEqual(['notes other-strategy']);
  expect(sentenceOf(findings, 'other-strategy')).toBe(
    'By what was measured simplestCase does not fit: "no history needed" is not so (plan.state is compacted: it holds the state of its keys). simpleMirroring fits if it is so that no record carries a schema id.',
  );
});

test('everything that is wrong is found in one go', async () => {
  await createOn(ground.admin.source, { name: 'plan.bad', partitions: 2 }, { name: 'plan.people' });
  await createOn(ground.admin.target, { name: 'plan.bad', partitions: 1 });
  await produce(ground.lab.target, 'plan.bad', 3);
  await grant(ground.admin.source, allow('User:plan-stranger', 'read', 'topic', 'plan.bad'));
  await commit(ground.admin.source, 'plan.unlisted', 'plan.bad', [0n]);
  await commit(ground.admin.source, 'plan.left', 'plan.bad', [0n]);
  await commit(ground.admin.target, 'plan.taken', 'plan.bad', [0n]);
  const reader = consumeWithKip848(ground.lab.source, 'plan.bad', 'plan.live');
  const member = await join(ground.lab.target, 'plan.moved', 'plan.bad');
  try {
    await eventually(
      async () => (await ground.source.describeGroups(['plan.live'])).get('plan.live')?.value,
      (facts) => facts?.members[0]?.assigned.length === 2,
    );
    const migration = migrationOf({
      name: 'plan-bad',
      strategy: 'doubleProducer',
      topics: [
        { name: 'plan.bad' },
        { name: 'plan.people', createdBy: 'people' },
        { name: 'plan.typo' },
        { name: '__consumer_offsets' },
      ],
      consumers: [
        { group: 'plan.moved', topics: ['plan.bad'] },
        { group: 'plan.misspelt', newGroup: 'plan.taken', topics: ['plan.bad'] },
        { group: 'plan.twice', newGroup: 'plan.taken', topics: ['plan.bad'] },
      ],
      leaveBehind: { groups: ['plan.left'], principals: ['User:ferry', 'User:connect'] },
      waits: { soak: '30d' },
    });
    const { findings, will } = await plan(migration);
    expect(keysOf(findings)).toEqual([
      'asks group-live-on-target:plan.moved',
      'asks group-not-in-file:plan.live',
      'asks group-not-in-file:plan.unlisted',
      'asks group-without-commit:plan.misspelt',
      'asks group-without-commit:plan.moved',
      'asks group-without-commit:plan.twice',
      'asks new-group-in-use:plan.taken',
      'asks no-group:__consumer_offsets',
      'asks no-group:plan.people',
      'asks no-group:plan.typo',
      'asks not-declared-idempotent',
      'asks principal-not-mapped:User:plan-stranger',
      'asks records-on-target:plan.bad+4',
      'blocks group-twice:plan.taken',
      'blocks partitions-differ:plan.bad',
      'blocks topic-internal:__consumer_offsets',
      'blocks topic-missing:source/plan.typo',
      'notes offsets-expire-soon',
    ]);
    expect(sentenceOf(findings, 'group-not-in-file:plan.unlisted')).toBe(
      'plan.unlisted has committed offsets for 1 partition of plan.bad on source, with no member now or ever, though consumers that assign partitions to themselves may run, and the file does not say what becomes of it: add it to consumers, or to leaveBehind.groups.',
    );
    expect(sentenceOf(findings, 'group-not-in-file:plan.live')).toContain('1 member now');
    expect(sentenceOf(findings, 'topic-missing:source/plan.typo')).toBe(
      'There is no topic plan.typo on source, or the ferry may not see it: check the name and its ACLs.',
    );
    expect(will).toContain('Wait until plan.people has been created on target by its owners (topicCreated).');
  } finally {
    await Promise.all([reader.stop(), member.stop()]);
  }
});

test('clusters that do not answer, refuse, are unknown or are the same are each named', async () => {
  const migration = migrationOf({ name: 'plan-reach', topics: [{ name: 'plan.gone' }] });
  const { tls: _, ...connection } = connectionOf(ground.lab.source, 'ferry');
  const strangers = openCluster('target', {
    ...connection,
    sasl: { mechanism: 'scram-sha-512', username: 'ferry', password: 'not-the-password' },
  });
  const same = openCluster('target', connection);
  const nobody = openCluster('target', { bootstrap: ['127.0.0.1:1'] });
  const withTarget = (target: typeof same): Ground => ({
    ...ground,
    clusters: (name) => (name === 'target' ? target : ground.clusters(name)),
  });
  const missing = 'blocks topic-missing:source/plan.gone';
  try {
    for (const [cluster, expected] of [
      [nobody, /127\.0\.0\.1:1/],
      [strangers, /refused the ferry's credentials \(scram-sha-512/],
    ] as const) {
      const { findings } = await plan(migration, withTarget(cluster));
      expect(keysOf(findings)).toEqual(expect.arrayContaining(['blocks cluster:target', missing]));
      expect(sentenceOf(findings, 'cluster:target')).toMatch(expected);
      expect(sentenceOf(findings, 'cluster:target')).not.toContain('not-the-password');
    }
    expect(keysOf((await plan(migration, withTarget(same))).findings)).toContain('blocks same-cluster');
    const unknown = await plan({ ...migration, target: 'nowhere' });
    expect(sentenceOf(unknown.findings, 'cluster:nowhere')).toBe('ferry.yaml has no cluster nowhere.');
  } finally {
    await Promise.all([strangers.close(), same.close(), nobody.close()]);
  }
});

test('a worker without rights is told which ones it lacks', async () => {
  await createOn(ground.admin.source, { name: 'plan.rights' });
  await ground.lab.source.allow('audit', { groups: ['plan.rights.group'] });
  const source = openCluster('source', connectionOf(ground.lab.source, 'audit'));
  await grant(ground.admin.source, allow('User:audit', 'describe', 'topic', 'plan.rights'));
  await grant(ground.admin.source, allow('User:audit', 'describe-configs', 'topic', 'plan.rights'));
  const migration = migrationOf({
    name: 'plan-rights',
    topics: [{ name: 'plan.rights' }],
    consumers: [{ group: 'plan.rights.group' }],
  });
  try {
    const { findings } = await plan(migration, {
      ...ground,
      clusters: (name) => (name === 'source' ? source : ground.clusters(name)),
    });
    expect(keysOf(findings)).toEqual(
      expect.arrayContaining(['asks acls-not-shown:source', 'blocks records-unread:source/plan.rights']),
    );
    expect(keysOf(findings)).not.toContain('blocks acls-unread');
    expect(sentenceOf(findings, 'records-unread:source/plan.rights')).toContain(
      'READ on topic "plan.rights"',
    );
  } finally {
    await source.close();
  }
});

test('what the target does not show holds up only what rests on it', async () => {
  const topic = 'plan.blind';
  await createOn(ground.admin.source, { name: topic });
  await commit(ground.admin.source, 'plan.blind.group', topic, [0n, 0n]);
  await grant(ground.admin.source, allow('User:plan-blind', 'write', 'topic', topic));
  // All that the ferry may do on the target but what concerns the cluster, on these names alone.
  const rights = ferryGrants.target.filter(({ resource }) => resource === 'topic' || resource === 'group');
  await grantAll(
    ground.lab.target,
    'orders-batch',
    rights.map(({ resource, operation }) => ({ resource, operation, prefix: topic })),
  );
  const target = openCluster('target', connectionOf(ground.lab.target, 'orders-batch'));
  const blind: Ground = {
    ...ground,
    clusters: (name) => (name === 'target' ? target : ground.clusters(name)),
  };
  const migration = migrationOf({
    name: 'plan-blind',
    topics: [{ name: topic }],
    consumers: [{ group: 'plan.blind.group' }],
    principals: { 'User:plan-blind': 'User:CN=plan-blind' },
  });
  try {
    const { findings, will, acls } = await plan(migration, blind);
    // What the deletion takes is asked about all the same.
    expect(acls).toEqual([{ topic, acls: ['allow User:plan-blind write from *'] }]);
    expect(keysOf(findings)).toEqual([
      'asks acls-not-shown:target',
      'notes commits-without-member:plan.blind.group',
      'notes defaults-unread:target',
      'notes offsets-retention-unknown:target',
    ]);
    expect(will).toContain('Create no ACL on target, which does not show which it has.');
    const asked = await copyAcls(blind, { migration }, attempt());
    expect(asked.sentence).toContain('1 finding to be mended or accepted first');
    const accepted = ['acls-not-shown:target'];
    expect(await copyAcls(blind, { migration, accepted }, attempt())).toMatchObject({
      made: [],
      sentence: 'No ACL was created on target, which does not show which it has.',
    });
    const created = await createTopics(blind, { migration, accepted }, attempt());
    expect(created.made.map(({ name }) => name)).toEqual([topic]);
    // Where nothing is to be granted there is nothing to ask.
    const mirrored = {
      ...migration,
      strategy: 'simpleMirroring' as const,
      leaveBehind: { ...migration.leaveBehind },
    };
    mirrored.leaveBehind.principals = [...migration.leaveBehind.principals, 'User:plan-blind'];
    expect(keysOf((await plan(mirrored, blind)).findings)).toEqual(
      expect.arrayContaining(['notes acls-not-shown:target', 'notes offsets-retention-unknown:target']),
    );
  } finally {
    await target.close();
  }
});

test('a topic or group of another migration between the same clusters blocks the later of the two', async () => {
  await createOn(ground.admin.source, { name: 'plan.shared' });
  await commit(ground.admin.source, 'plan.shared.group', 'plan.shared', [0n]);
  const migration = migrationOf({
    name: 'plan-shared',
    topics: [{ name: 'plan.shared' }],
    consumers: [{ group: 'plan.shared.group', commitsEvery: '1m' }],
  });
  const other: OtherMigration = {
    workflowId: 'migrate/other',
    source: 'source',
    target: 'target',
    topics: ['plan.shared'],
    groups: ['plan.shared.group'],
    startedAt: '2026-01-01T10:00:00.000Z',
  };
  const own = { ...other, workflowId: workflowId('plan-shared'), startedAt: '2026-01-01T09:00:00.000Z' };
  const blocks = async (...running: OtherMigration[]) =>
    (await plan(migration, { ...ground, otherMigrations: async () => running })).findings;
  const conflict = [
    'blocks group-in-two-migrations:plan.shared.group',
    'blocks topic-in-two-migrations:plan.shared',
  ];
  const found = await blocks(other);
  expect(keysOf(found)).toEqual(conflict);
  expect(sentenceOf(found, 'group-in-two-migrations:plan.shared.group')).toBe(
    'The group plan.shared.group is in migration migrate/other as well: wait for that one to end, or take plan.shared.group out of one of them.',
  );
  expect(await blocks(other, own)).toEqual([]);
  expect(keysOf(await blocks(other, { ...own, startedAt: '2026-01-01T11:00:00.000Z' }))).toEqual(conflict);
  expect(await blocks({ ...other, target: 'elsewhere' })).toEqual([]);
});

test('requests do not grow with the number of topics', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `plan.many.${index}`);
  await createOn(
    ground.admin.source,
    ...names.map((name) => ({ name, config: { 'segment.ms': '3600000' } })),
  );
  const requests = async (topics: string[]) => {
    const migration = migrationOf({
      name: 'plan-many',
      topics: topics.map((name) => ({ name })),
      consumers: [{ group: 'plan.many.group' }],
    });
    const sent = () =>
      [ground.source, ground.target]
        .flatMap((cluster) => Object.values(cluster.requests()))
        .reduce((sum, count) => sum + count, 0);
    const before = sent();
    expect(keysOf((await plan(migration)).findings)).toEqual(['asks group-without-commit:plan.many.group']);
    return sent() - before;
  };
  const one = await requests(names.slice(0, 1));
  const many = await requests(names);
  // Brokers that have only just heard of the topics may be asked again, but not once for each of them.
  expect(many).toBeLessThan(one + names.length / 2);
});

test('a group that rebalances is waited for, since nobody can tell what it reads, and asked about if it reads the topics', async () => {
  const topic = 'plan.rebalanced';
  const group = `${topic}.strangers`;
  await createOn(ground.admin.source, { name: topic, partitions: 2 });
  await produce(ground.lab.source, topic, 3);
  const strangers = await rebalancing(ground.lab.source, ground.source, group, topic);
  try {
    const { cluster, seen } = seeingRebalance(ground.source, group);
    const planned = plan(migrationOf({ name: 'plan-rebalanced', topics: [{ name: topic }] }), {
      ...ground,
      clusters: (name) => (name === 'source' ? cluster : ground.clusters(name)),
    });
    await seen;
    await strangers.settle();
    const keys = keysOf((await planned).findings);
    expect(keys).toContain(`asks group-not-in-file:${group}`);
    expect(keys).not.toContain(`notes members-unknown:${group}`);
  } finally {
    await strangers.close();
  }
});
