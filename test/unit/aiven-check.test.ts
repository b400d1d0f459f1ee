import { expect, test } from '@jest/globals';
import { check } from '../../src/provision/aiven/check.js';
import type { HeldEntry } from '../../src/provision/aiven/entries.js';
import type { AivenService } from '../../src/provision/aiven/service.js';

const admin: HeldEntry = { id: '1', kind: 'aiven', permission: 'admin', topic: 'shop.*', username: 'ferry' };
const native = (operation: string, change: object = {}): HeldEntry => ({
  ...{ id: operation, kind: 'native', operation, permission: 'ALLOW', principal: 'User:ferry', host: '*' },
  ...{ resourceType: 'Topic', patternType: 'PREFIXED', resourceName: 'shop.' },
  ...change,
});

async function found(
  entries: readonly HeldEntry[],
  { state = 'RUNNING', principal = 'User:ferry' }: { state?: string; principal?: string | null } = {},
): Promise<string[]> {
  const service = { facts: async () => ({ state, users: [] }), entries: async () => entries };
  const about = {
    ...{ cluster: 'target', service: 'kafka', makesUsers: false },
    principal: principal ?? undefined,
  };
  const findings = await check(about, service as unknown as AivenService, ['shop.orders'], []);
  return findings.map(({ weight, key, sentence }) => `${weight} ${key}: ${sentence}`);
}

async function lacking(...entries: HeldEntry[]): Promise<boolean> {
  return (await found(entries)).some((one) => one.startsWith('asks own-rights:target: '));
}

test('the ferry’s user has what one kind of ACL or both together allow', async () => {
  expect(await lacking()).toBe(true);
  expect(await lacking(admin)).toBe(false);
  expect(await lacking({ ...admin, topic: 'other.*' })).toBe(true);
  expect(await lacking(native('All'))).toBe(false);
  const each = ['Read', 'Write', 'Describe', 'DescribeConfigs', 'Delete'].map((one) => native(one));
  expect(await lacking(...each)).toBe(false);
  expect(await lacking(...each.slice(1))).toBe(true);
  expect(await lacking(native('All', { host: '10.0.0.1' }))).toBe(true);
});

test('less than admin counts for what it allows, and native ACLs for the rest', async () => {
  const own = (permission: 'read' | 'write' | 'readwrite'): HeldEntry => ({ ...admin, permission });
  const [read, write, describe, ...rest] = ['Read', 'Write', 'Describe', 'DescribeConfigs', 'Delete'].map(
    (one) => native(one),
  ) as [HeldEntry, HeldEntry, HeldEntry, ...HeldEntry[]];
  expect(await lacking(own('readwrite'), ...rest)).toBe(false);
  expect(await lacking(own('read'), own('write'), ...rest)).toBe(false);
  expect(await lacking(own('read'), write, ...rest)).toBe(false);
  expect(await lacking(own('write'), read, ...rest)).toBe(false);
  expect(await lacking(own('readwrite'), describe)).toBe(true);
  expect(await lacking(own('read'), ...rest)).toBe(true);
  expect(await lacking(own('write'), ...rest)).toBe(true);
  expect(await lacking({ ...own('readwrite'), topic: 'other.*' } as HeldEntry, ...rest)).toBe(true);
});

test('a denial takes it away again, whichever kind has allowed it', async () => {
  const denied = native('Delete', { permission: 'DENY', patternType: 'LITERAL', resourceName: '*' });
  expect(await lacking(admin, denied)).toBe(true);
  expect(await lacking(native('All'), denied)).toBe(true);
  expect(await lacking(admin, { ...denied, resourceName: 'shop.refunds' } as HeldEntry)).toBe(false);
  expect(await lacking(admin, native('All', { permission: 'DENY', host: '10.0.0.1' }))).toBe(true);
});

test.each([
  ['REBALANCING', 'notes service-moving:target: The service kafka of target is rebalancing at Aiven'],
  ['REBUILDING', 'notes service-moving:target: The service kafka of target is rebuilding at Aiven'],
  ['POWEROFF', 'blocks service-off:target: The service kafka of target is powered off at Aiven'],
])('a service that is %s is told as such', async (state, says) => {
  expect(await found([admin], { state })).toEqual([expect.stringContaining(says)]);
  expect(await found([admin])).toEqual([]);
});

test('whether a user that the login does not tell has its rights is unknown, and only noted', async () => {
  expect(await found([], { principal: null })).toEqual([
    expect.stringContaining('notes own-rights-unknown:target: '),
  ]);
});
