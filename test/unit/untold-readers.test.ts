import { expect, test } from '@jest/globals';
import { finalCheck } from '../../activities/retire/final-check.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { migrationOf } from './migration-states.js';

const migration = migrationOf({ target: 'cloud' });

const source = {
  name: 'onprem',
  identity: async () => ({ clusterId: 'c', controllerId: 1, brokers: [] }),
  topics: async () =>
    new Map([['orders', { value: { name: 'orders', topicId: 'id', internal: false, partitions: [] } }]]),
  watermarks: async () => new Map(),
  openTransactions: async () => [],
  groups: async () => [{ group: 'jobs', protocol: 'share', state: 'stable' }],
  describeGroups: async () => new Map(),
  committedOffsets: async () => new Map(),
  shareGroups: async () =>
    new Map([['jobs', { error: new FerryError('Unsupported', 'Its members cannot be read.') }]]),
  topicConfigs: async () => new Map([['orders', { value: [] }]]),
  acls: async () => [],
} as unknown as Cluster;

test('a live group whose members cannot be read holds a deletion up until a person accepts it, and is named then too', async () => {
  const check = (accepted: string[]) =>
    finalCheck(
      { source, target: source },
      { migration, topicIds: { orders: 'id' }, ends: { orders: [] }, accepted },
      { signal: new AbortController().signal, says: () => undefined },
    );
  const { findings } = await check([]);
  const asked = findings.filter(({ weight }) => weight !== 'notes');
  expect(asked.map(({ weight, key }) => `${weight} ${key}`)).toContain('asks members-unknown:jobs');
  expect((await check(asked.map(({ key }) => key))).sentence).toMatch(
    /no transaction is open there and no member of a group is seen to read from it; what jobs reads cannot be told, which a person accepted\.$/,
  );
});

test('a source that hides its ACLs is asked about before its topics are deleted, and held up by nothing else', async () => {
  const hiding = {
    ...source,
    groups: async () => [],
    acls: async () => {
      throw new FerryError('Unauthorized', 'The ferry may not describe the cluster.');
    },
  } as unknown as Cluster;
  const { findings, manifest } = await finalCheck(
    { source: hiding, target: hiding },
    { migration, topicIds: { orders: 'id' }, ends: { orders: [] } },
    { signal: new AbortController().signal, says: () => undefined },
  );
  expect(findings.map(({ weight, key }) => `${weight} ${key}`)).toContain(
    `asks acls-not-shown:${hiding.name}`,
  );
  expect(manifest).toMatchObject([{ topic: 'orders' }]);
  expect(manifest[0]).not.toHaveProperty('acls');
});
