import { expect, test } from '@jest/globals';
import type { AclBinding } from '../../src/kafka/cluster.js';
import { grantsOf } from '../../src/provision/grants.js';

const acl = (more: Partial<AclBinding>): AclBinding => ({
  resourceType: 'topic',
  resourceName: 'orders',
  patternType: 'literal',
  principal: 'User:app',
  host: '*',
  operation: 'read',
  permission: 'allow',
  ...more,
});
const deny = (more: Partial<AclBinding>): AclBinding => acl({ permission: 'deny', ...more });

const concern = {
  topics: [
    { from: 'orders', to: 'shop.orders' },
    { from: 'orders-dlq', to: 'shop.orders-dlq' },
  ],
  groups: ['billing'],
};

/** `shop.orders: User:app read`. */
const grants = (...held: AclBinding[]): string[] =>
  grantsOf(held, concern).grants.map(({ topic, principal, access }) => `${topic}: ${principal} ${access}`);
const unsaid = (...held: AclBinding[]): string[] =>
  grantsOf(held, concern).unsaid.map(({ kind, principal, acls }) => `${kind} ${principal} ${acls.length}`);

test('READ is read, WRITE is write, both and ALL are readwrite', () => {
  expect(grants(acl({}))).toEqual(['shop.orders: User:app read']);
  expect(grants(acl({ operation: 'write' }), acl({ operation: 'describe' }))).toEqual([
    'shop.orders: User:app write',
  ]);
  expect(grants(acl({}), acl({ operation: 'write' }))).toEqual(['shop.orders: User:app readwrite']);
  expect(grants(acl({ operation: 'all' }))).toEqual(['shop.orders: User:app readwrite']);
  expect(grants(acl({}), acl({ operation: 'write', principal: 'User:other' }))).toEqual([
    'shop.orders: User:app read',
    'shop.orders: User:other write',
  ]);
  expect(unsaid(acl({}), acl({ operation: 'write' }), acl({ operation: 'describe' }))).toEqual([]);
});

test('of other topics nothing is told', () => {
  const others = [acl({ resourceName: 'ord' }), acl({ resourceName: 'payments', operation: 'all' })];
  expect(grants(...others)).toEqual([]);
  expect(unsaid(...others)).toEqual([]);
});

test('a pattern is granted for each topic that it covers, and told', () => {
  const prefixed = acl({ resourceName: 'orders', patternType: 'prefixed' });
  expect(grants(prefixed)).toEqual(['shop.orders: User:app read', 'shop.orders-dlq: User:app read']);
  expect(unsaid(prefixed)).toEqual(['pattern User:app 1']);
  expect(unsaid(acl({ resourceName: '*' }))).toEqual(['pattern User:app 1']);
});

test('what a DENY takes away is not granted, whoever it is for', () => {
  const both = [acl({}), acl({ operation: 'write' })];
  expect(grants(...both, deny({ operation: 'write' }))).toEqual(['shop.orders: User:app read']);
  expect(grants(acl({ operation: 'all' }), deny({ operation: 'read' }))).toEqual([
    'shop.orders: User:app write',
  ]);
  expect(grants(...both, deny({ operation: 'all' }))).toEqual([]);
  expect(grants(...both, deny({ operation: 'describe' }))).toEqual([]);
  expect(grants(...both, deny({ principal: 'User:*', operation: 'write' }))).toEqual([
    'shop.orders: User:app read',
  ]);
  expect(grants(...both, deny({ principal: 'User:other', operation: 'all' }))).toEqual([
    'shop.orders: User:app readwrite',
  ]);
  // A DENY for a pattern is one for each topic.
  expect(grants(acl({}), deny({ resourceName: 'o', patternType: 'prefixed' }))).toEqual([]);
  expect(unsaid(...both, deny({ operation: 'write' }))).toEqual(['deny User:app 1']);
});

test('a DENY for one host takes nothing away, and is told', () => {
  const odd = deny({ host: '10.0.0.1' });
  expect(grants(acl({}), odd)).toEqual(['shop.orders: User:app read']);
  expect(unsaid(acl({}), odd)).toEqual(['deny User:app 1']);
});

test('an allowance for one host is granted from everywhere, and told', () => {
  const one = acl({ host: '10.0.0.1' });
  expect(grants(one)).toEqual(['shop.orders: User:app read']);
  expect(unsaid(one)).toEqual(['host User:app 1']);
});

test('ALL, other operations and a lone DESCRIBE are told', () => {
  expect(unsaid(acl({ operation: 'all' }))).toEqual(['all User:app 1']);
  expect(unsaid(acl({ operation: 'alter-configs' }), acl({ operation: 'delete' }))).toEqual([
    'operation User:app 2',
  ]);
  expect(grants(acl({ operation: 'describe' }))).toEqual([]);
  expect(unsaid(acl({ operation: 'describe' }))).toEqual(['operation User:app 1']);
});

test('one ACL may have several reasons', () => {
  expect(unsaid(acl({ host: '10.0.0.1', resourceName: '*', operation: 'all' }))).toEqual([
    'host User:app 1',
    'pattern User:app 1',
    'all User:app 1',
  ]);
});

test('groups that move, and transactional ids and cluster rights of those concerned, are told', () => {
  const group = (resourceName: string) =>
    acl({ resourceType: 'group', resourceName, principal: 'User:reader' });
  expect(unsaid(group('billing'), group('audit'), group('*'))).toEqual(['group User:reader 2']);
  const beside = (principal: string) => [
    acl({ resourceType: 'transactional-id', resourceName: 'tx', operation: 'write', principal }),
    acl({ resourceType: 'cluster', resourceName: 'kafka-cluster', operation: 'idempotent-write', principal }),
  ];
  expect(unsaid(acl({}), ...beside('User:app'), ...beside('User:stranger'))).toEqual([
    'transactional-id User:app 1',
    'cluster User:app 1',
  ]);
});
