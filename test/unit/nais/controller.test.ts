import { expect, test } from '@jest/globals';
import {
  synchronize,
  userPattern,
  type Pool,
  type PoolAcl,
  type PoolConfig,
} from '../../../lab/nais/controller.js';
import { topicOf } from '../../../lab/nais/resource.js';
import { userPattern as ferrys } from '../../../src/provision/nais/user-pattern.js';

const topic = (config = '', acl = '[{ access: write, team: shop, application: orders-web }]') =>
  topicOf(`apiVersion: kafka.nais.io/v1
kind: Topic
metadata: { name: orders, namespace: shop }
spec: { pool: nav-prod, config: { partitions: 2, ${config} }, acl: ${acl} }`);

/** A pool in memory, which writes down what it is asked to do. */
function poolOf(...acls: PoolAcl[]) {
  const log: string[] = [];
  const topics = new Map<string, PoolConfig>();
  const there = new Map(acls.map((acl, index) => [String(index), acl]));
  const pool: Pool = {
    hasTopic: async (name) => topics.has(name),
    createTopic: async (name, size, config) => {
      log.push(`create ${name} ${JSON.stringify(size)}`);
      topics.set(name, config);
    },
    updateTopic: async (name, size, config) => {
      log.push(`update ${name} ${JSON.stringify(size)}`);
      topics.set(name, { ...topics.get(name), ...config });
    },
    listAcls: async () => [...there].map(([id, acl]) => ({ id, ...acl })),
    addAcl: async (acl) => {
      log.push(`add ${acl.topic} ${acl.username} ${acl.permission}`);
      there.set(String(there.size + 10), acl);
    },
    deleteAcl: async (id) => {
      log.push(`delete ${there.get(id)?.topic} ${there.get(id)?.username}`);
      there.delete(id);
    },
  };
  return { pool, log, topics };
}

test('ACLs come first; others for exactly this topic are deleted, and patterns stay', async () => {
  const { pool, log } = poolOf(
    { topic: 'shop.orders', username: 'by-hand', permission: 'read' },
    { topic: 'shop.*', username: 'ferry', permission: 'readwrite' },
    { topic: 'shop.orders-v2', username: 'by-hand', permission: 'read' },
  );
  expect(await synchronize(pool, topic())).toEqual({
    synchronizationState: 'RolloutComplete',
    fullyQualifiedName: 'shop.orders',
    errors: [],
  });
  expect(log).toEqual([
    'add shop.orders shop_orders-web_847f9e38_* write',
    'delete shop.orders by-hand',
    'create shop.orders {"partitions":2,"replication":3}',
  ]);
  log.length = 0;
  await synchronize(pool, topic());
  expect(log).toEqual(['update shop.orders {"partitions":2}']);
});

test('a change of cleanupPolicy, or of deleteRetentionHours, is taken for done and not made', async () => {
  const { pool, topics } = poolOf();
  await synchronize(pool, topic());
  const changed = topic('cleanupPolicy: compact, deleteRetentionHours: 1, retentionHours: 1');
  expect(await synchronize(pool, changed)).toMatchObject({ synchronizationState: 'RolloutComplete' });
  expect(topics.get('shop.orders')).toMatchObject({ 'cleanup.policy': 'delete', 'retention.ms': '3600000' });
  expect(topics.get('shop.orders')).not.toHaveProperty(['delete.retention.ms']);
});

test('what cannot be is said in the status', async () => {
  const { pool, log } = poolOf();
  expect(await synchronize(pool, topic('replication: 2, minimumInSyncReplicas: 3'))).toMatchObject({
    synchronizationState: 'FailedPrepare',
  });
  expect(log).toEqual([]);
  pool.createTopic = () => Promise.reject(new Error('409'));
  expect(await synchronize(pool, topic())).toMatchObject({
    synchronizationState: 'FailedSynchronization',
    errors: ['409'],
  });
});

test('controller and ferry, who were written apart, mean the same users', () => {
  for (const team of ['shop', 'team-a', 'teamwork', '*', 'a-very-long-name-of-a-team', 'x'])
    for (const application of [
      'orders',
      `${team}-orders`,
      team,
      'orders-*',
      'an-application-with-a-very-long-name-',
    ])
      expect(userPattern(team, application)).toBe(ferrys({ team, application }));
});
