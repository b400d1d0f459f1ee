import { expect, test } from '@jest/globals';
import { planAcls } from '../../activities/acls/acl-plan.js';
import type { AclBinding } from '../../src/kafka/cluster.js';
import { parseMigration } from '../../src/migration/file.js';

const { migration } = parseMigration({
  name: 'acls',
  strategy: 'simplestCase',
  source: 'a',
  target: 'b',
  topics: [{ name: 'orders', newName: 'shop.orders' }],
  consumers: [{ group: 'billing' }],
  principals: { 'User:app': 'User:CN=app' },
});

const held = (more: Partial<AclBinding>): AclBinding => ({
  resourceType: 'topic',
  resourceName: 'orders',
  patternType: 'literal',
  principal: 'User:app',
  host: '*',
  operation: 'read',
  permission: 'allow',
  ...more,
});

const plan = (...bindings: AclBinding[]) => {
  if (!migration) throw new Error('the file is wrong');
  return planAcls(migration, bindings).bindings;
};

test('a binding covers a name as Kafka says: equal, the wildcard, or a prefix', () => {
  const becomes = [held({ resourceName: 'shop.orders', principal: 'User:CN=app' })];
  expect(plan(held({}))).toEqual(becomes);
  expect(plan(held({ resourceName: '*' }))).toEqual(becomes);
  expect(plan(held({ resourceName: 'ord', patternType: 'prefixed' }))).toEqual(becomes);
  expect(plan(held({ resourceName: 'ord' }))).toEqual([]);
  expect(plan(held({ resourceName: 'orders-v2', patternType: 'prefixed' }))).toEqual([]);
  // As a prefix, a star is a star.
  expect(plan(held({ resourceName: '*', patternType: 'prefixed' }))).toEqual([]);
});

test('several bindings that become the same one are one', () => {
  expect(
    plan(held({}), held({ resourceName: '*' }), held({ resourceName: 'o', patternType: 'prefixed' })),
  ).toHaveLength(1);
});

test('every operation, host and permission is kept', () => {
  const odd = held({ operation: 'alter-configs', host: '10.0.0.1', permission: 'deny' });
  expect(plan(odd)).toEqual([{ ...odd, resourceName: 'shop.orders', principal: 'User:CN=app' }]);
});

test('cluster rights and other groups are nobody’s to copy', () => {
  expect(
    plan(
      held({ resourceType: 'cluster', resourceName: 'kafka-cluster', operation: 'alter' }),
      held({ resourceType: 'group', resourceName: 'other' }),
      held({ resourceType: 'transactional-id', resourceName: 'app-1', operation: 'write' }),
    ),
  ).toEqual([]);
});
