import { describe, expect, test } from '@jest/globals';
import type { AclBinding } from '../../src/kafka/cluster.js';
import { bindingKey, bindingsOf, isWholly, matches } from '../../src/provision/aiven/bindings.js';
import {
  entryOf,
  entryText,
  rightOf,
  type OwnEntry,
  type KafkaEntry,
} from '../../src/provision/aiven/entries.js';
import { apiEntry } from '../../src/provision/aiven/topic-config.js';
import { serviceUser } from '../../src/provision/aiven/service-user.js';
import { translate } from '../../src/provision/aiven/translation.js';

const on = (operation: AclBinding['operation'], rest: Partial<AclBinding> = {}): AclBinding => ({
  resourceType: 'topic',
  resourceName: 'orders',
  patternType: 'literal',
  principal: 'User:billing',
  host: '*',
  operation,
  permission: 'allow',
  ...rest,
});
const group = on('read', { resourceType: 'group', resourceName: 'billing' });
const deny = on('write', { permission: 'deny' });
const transactional = on('write', { resourceType: 'transactional-id', resourceName: 'tx' });

const said = (wanted: AclBinding[], words: 'auto' | 'aiven' | 'native') => {
  const { rights, findings } = translate('aiven', wanted, words);
  return {
    entries: rights.map((right) => entryText(entryOf(right))),
    asks: findings.filter(({ weight }) => weight === 'asks').map(({ sentence }) => sentence),
  };
};

describe('ACLs of Kafka become', () => {
  test.each<[AclBinding['operation'][], string]>([
    [['read', 'describe'], 'read'],
    [['write'], 'write'],
    [['read', 'write', 'describe'], 'readwrite'],
    [['read', 'write', 'create', 'delete', 'describe-configs', 'alter-configs'], 'admin'],
  ])('%j: one of Aiven’s own, %s', (operations, permission) => {
    for (const words of ['auto', 'aiven'] as const)
      expect(
        said(
          operations.map((one) => on(one)),
          words,
        ),
      ).toEqual({
        entries: [`the ACL ${permission} on orders for billing`],
        asks: [],
      });
  });

  test('native ones where it takes more, exactly', () => {
    const wanted = [on('all'), on('describe', { principal: 'User:audit' }), deny, transactional];
    const { entries, asks } = said(wanted, 'auto');
    expect(asks).toEqual([]);
    expect(entries.toSorted()).toEqual([
      'the ACL ALLOW All on Topic orders for User:billing',
      'the ACL ALLOW Describe on Topic orders for User:audit',
      'the ACL ALLOW Write on TransactionalId tx for User:billing',
      'the ACL DENY Write on Topic orders for User:billing',
    ]);
  });

  test('no ACL for a group beside one of Aiven’s own, which opens every group; that is noted', () => {
    const { rights, findings } = translate('aiven', [on('read'), group], 'auto');
    expect(rights).toHaveLength(1);
    expect(findings).toEqual([expect.objectContaining({ weight: 'notes', key: 'groups-open:aiven' })]);
  });

  test('a native one for a group alone', () => {
    expect(said([group], 'auto').entries).toEqual(['the ACL ALLOW Read on Group billing for User:billing']);
  });

  test('with native: all of them, as they are', () => {
    const wanted = [on('read'), group, deny, transactional];
    expect(translate('aiven', wanted, 'native')).toEqual({ rights: wanted, findings: [] });
  });

  test('with aiven: less or more, which asks with what and why', () => {
    const { entries, asks } = said(
      [on('all'), deny, transactional, on('read', { host: '10.0.0.1' })],
      'aiven',
    );
    expect(entries).toEqual(['the ACL readwrite on orders for billing']);
    expect(asks).toEqual([
      expect.stringContaining('allow all on topic orders, since it becomes readwrite'),
      expect.stringContaining('deny write on topic orders, since'),
      expect.stringContaining('transactional id tx'),
      expect.stringContaining('know no hosts'),
    ]);
    expect(asks.every((one) => one.includes('acls: auto'))).toBe(true);
  });

  test('nothing for whom Aiven cannot name, which asks', () => {
    const { entries, asks } = said(
      [
        on('read', { principal: 'Group:all' }),
        on('two-phase-commit', { ...transactional, operation: 'two-phase-commit' }),
      ],
      'auto',
    );
    expect(entries).toEqual([]);
    expect(asks).toHaveLength(2);
  });

  test.each(['auto', 'aiven', 'native'] as const)(
    'nothing for a principal that no service user can be, which asks for the name of one: acls: %s',
    (words) => {
      for (const principal of ['User:CN=orders-web', 'User:CN=x,OU=y', `User:${'a'.repeat(65)}`, 'User:']) {
        const { entries, asks } = said([on('read', { principal }), group], words);
        expect(entries.filter((entry) => !entry.endsWith('billing'))).toEqual([]);
        expect(asks.filter((one) => one.includes("say the service user's name under principals"))).toEqual([
          expect.stringContaining('allow read on topic orders'),
        ]);
      }
    },
  );

  test('what a name of a resource holds acts on nobody who reads it', () => {
    const name = 'tx\u001b[31m\nHELLO';
    const { asks } = said([{ ...transactional, resourceName: name }], 'aiven');
    for (const acting of ['\u001b', '\n']) expect(asks.join()).not.toContain(acting);
  });
});

describe('entries as ACLs of Kafka', () => {
  const entry = (topic: string, rest: Partial<OwnEntry> = {}): OwnEntry => ({
    kind: 'aiven',
    permission: 'read',
    topic,
    username: 'billing',
    ...rest,
  });
  const names = async (topic: string) =>
    (await bindingsOf([entry(topic)], async () => ['orders', 'odors', 'bills']))
      .filter(({ resourceType, operation }) => resourceType === 'topic' && operation === 'read')
      .map(({ resourceName, patternType }) => `${patternType} ${resourceName}`);

  test.each([
    ['orders', ['literal orders']],
    ['*', ['literal *']],
    ['ord*', ['prefixed ord']],
    ['o*s', ['literal orders', 'literal odors']],
    ['?ills', ['literal bills']],
  ])('%s', async (topic, expected) => expect(await names(topic)).toEqual(expected));

  test('an entry of one topic is wholly among its bindings; a pattern and a stronger one are not', async () => {
    const read = entry('orders');
    const among = new Set((await bindingsOf([read], async () => [])).map(bindingKey));
    expect(isWholly(read, among)).toBe(true);
    expect(isWholly(entry('order?'), among)).toBe(false);
    expect(isWholly(entry('orders', { permission: 'readwrite' }), among)).toBe(false);
  });

  test('native ones are what they were', async () => {
    expect(await bindingsOf([entryOf(deny) as KafkaEntry], async () => [])).toEqual([deny]);
    expect(rightOf(entryOf(transactional))).toEqual(transactional);
  });

  test.each([
    ['a.b', 'axb', false],
    ['a*', 'a', true],
    ['a?', 'a', false],
    ['*', '', true],
    ['a+b', 'a+b', true],
    ['a*b*c', 'aXbXbc', true],
    ['a*b*c', 'aXbXbd', false],
    ['*?x', 'x', false],
    [`${'*a'.repeat(100)}b`, 'a'.repeat(249), false],
  ])('pattern %s and %s: %s', (pattern, name, expected) => expect(matches(pattern, name)).toBe(expected));
});

describe('an entry of a topic’s configuration', () => {
  test.each([
    ['retention.ms', '60000', ['retention_ms', 60_000]],
    ['cleanup.policy', 'delete, compact', ['cleanup_policy', 'compact,delete']],
    ['min.cleanable.dirty.ratio', '0.2', ['min_cleanable_dirty_ratio', 0.2]],
    ['preallocate', 'TRUE', ['preallocate', true]],
    ['message.timestamp.type', 'LogAppendTime', ['message_timestamp_type', 'LogAppendTime']],
    ['retention.ms', '9223372036854775807', undefined],
    ['follower.replication.throttled.replicas', '*', undefined],
    ['constructor', 'x', undefined],
  ])('%s=%s', (name, value, expected) => expect(apiEntry(name, value)).toEqual(expected));
});

test.each([
  ['User:CN=avnadmin,OU=u1,O=project', 'User:avnadmin'],
  ['User:O=project,CN=ferry', 'User:ferry'],
  ['User:ferry', 'User:ferry'],
])('%s is the service user %s', (principal, user) => expect(serviceUser(principal)).toBe(user));
