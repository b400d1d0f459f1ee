import { expect, test } from '@jest/globals';
import { subjectGrants } from '../../activities/acls/subject-grants.js';
import type { AclBinding } from '../../src/kafka/cluster.js';

const acl = (resourceName: string, principal: string, operation: AclBinding['operation']): AclBinding => ({
  ...{ resourceType: 'topic', resourceName, patternType: 'literal', host: '*', permission: 'allow' },
  ...{ principal, operation },
});

test('whoever may read a topic reads its subjects, and whoever may write one of several writes what all of them share', () => {
  const uses = [
    { subject: 'money', topics: ['orders', 'bills'] },
    { subject: 'orders-value', topics: ['orders'] },
    { subject: 'other-value', topics: ['other'] },
  ];
  const acls = [
    acl('orders', 'User:billing', 'read'),
    acl('bills', 'User:billing', 'write'),
    acl('orders', 'User:web', 'write'),
    acl('elsewhere', 'User:web', 'read'),
  ];
  expect(subjectGrants(uses, acls)).toEqual([
    { subject: 'money', principal: 'User:billing', access: 'write' },
    { subject: 'money', principal: 'User:web', access: 'write' },
    { subject: 'orders-value', principal: 'User:billing', access: 'read' },
    { subject: 'orders-value', principal: 'User:web', access: 'write' },
  ]);
});
