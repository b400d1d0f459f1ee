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

test('rights to a cluster are named with whoever gets ACLs, and ask where applications may need them', () => {
  if (!migration) throw new Error('the file is wrong');
  const onCluster = (principal: string, operation: AclBinding['operation']) =>
    held({ principal, operation, resourceType: 'cluster', resourceName: 'kafka-cluster' });
  const found = (...more: AclBinding[]) =>
    planAcls(migration, [held({}), ...more]).findings.map(
      ({ weight, key, sentence }) => `${weight} ${key} ${sentence}`,
    );
  expect(found(onCluster('User:other', 'create'))).toEqual([]);
  expect(found(onCluster('User:app', 'idempotent-write'))).toEqual([
    expect.stringMatching(/^notes cluster-acl-left:User:app User:app may idempotent-write on the cluster a /),
  ]);
  expect(found(onCluster('User:app', 'idempotent-write'), onCluster('User:app', 'create'))).toEqual([
    expect.stringMatching(/^asks cluster-acl-left:User:app User:app may idempotent-write and create on /),
  ]);
});

test('a DENY that would lock the ferry out is asked about and not copied', () => {
  if (!migration) throw new Error('the file is wrong');
  const file = { ...migration, principals: { ...migration.principals, 'User:*': 'User:*' } };
  const denies = [
    held({ principal: 'User:*', operation: 'write', permission: 'deny' }),
    held({ principal: 'User:*', resourceType: 'group', resourceName: '*', permission: 'deny' }),
  ];
  const others = [held({ principal: 'User:*' }), held({ operation: 'write', permission: 'deny' })];
  const { bindings, findings } = planAcls(file, [...denies, ...others], { target: 'User:CN=ferry' });
  expect(bindings.map(({ principal, operation, permission }) => [principal, operation, permission])).toEqual([
    ['User:*', 'read', 'allow'],
    ['User:CN=app', 'write', 'deny'],
  ]);
  expect(findings.filter(({ weight }) => weight === 'asks')).toEqual([
    {
      weight: 'asks',
      key: 'acl-denies-ferry:User:*',
      sentence:
        '2 DENYs of a for User:* (write on topic shop.orders and read on group billing) would hold on b for the ferry too, and lock it out before the migration has ended: not copied. Accept that, and add them on b when the migration has ended.',
    },
  ]);
  // One for somebody who is the ferry there is no other.
  const alsoFerry = planAcls(file, [others[1]!], { target: 'User:CN=app' });
  expect(alsoFerry.bindings).toEqual([]);
  expect(alsoFerry.findings.map(({ key }) => key)).toEqual(['acl-denies-ferry:User:app']);
});

test('what the ferry itself may do on the source is not copied, unless the file says so', () => {
  if (!migration) throw new Error('the file is wrong');
  const own = held({ principal: 'User:ferry' });
  const left = planAcls(migration, [own], { source: 'User:ferry' });
  expect(left).toMatchObject({
    bindings: [],
    findings: [{ weight: 'notes', key: 'acl-of-ferry:User:ferry' }],
  });
  expect(planAcls(migration, [own]).findings.map(({ key }) => key)).toEqual([
    'principal-not-mapped:User:ferry',
  ]);
  const mapped = { ...migration, principals: { 'User:ferry': 'User:CN=tool' } };
  expect(planAcls(mapped, [own], { source: 'User:ferry' }).bindings).toHaveLength(1);
});
