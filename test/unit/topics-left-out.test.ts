import { expect, test } from '@jest/globals';
import { surveySourceGroups } from '../../activities/groups/source-groups.js';
import type { Cluster, GroupFacts } from '../../src/kafka/cluster.js';
import { migrationOf } from './migration-states.js';

const migration = migrationOf({
  topics: [{ name: 'orders' }, { name: 'refunds' }],
  consumers: [{ group: 'billing', topics: ['orders'] }, { group: 'audit' }],
});
const partitions = ['orders', 'refunds'].map((topic) => ({ topic, partition: 0 }));
const at = { offset: 1n, leaderEpoch: -1, metadata: '' };
const commitsOn = (...topics: string[]) => ({
  value: new Map(topics.map((topic) => [`${topic}/0`, at])),
});
const reading = (group: string, ...subscribed: string[]): GroupFacts => ({
  ...{ group, state: 'stable', protocol: 'classic' },
  members: [{ memberId: 'm', clientId: 'web', host: '/10.0.3.4', subscribed, assigned: [] }],
});

async function keysWhere(billing: string[], subscribed: string[]) {
  const source = {
    name: 'onprem',
    groups: async () => [reading('billing'), reading('audit')],
    describeGroups: async () =>
      new Map([
        ['billing', { value: reading('billing', ...subscribed) }],
        ['audit', { value: reading('audit', 'orders', 'refunds') }],
      ]),
    committedOffsets: async () =>
      new Map([
        ['billing', commitsOn(...billing)],
        ['audit', commitsOn('orders', 'refunds')],
      ]),
  } as unknown as Cluster;
  const { findings } = await surveySourceGroups(source, migration, partitions);
  return findings.map(({ weight, key, sentence }) => ({ asked: `${weight} ${key}`, sentence }));
}

test('a group that reads a topic of the migration which its topics leave out is asked about', async () => {
  const asked = 'asks group-topic-not-in-file:billing:refunds';
  expect(await keysWhere(['orders'], ['orders'])).toEqual([]);
  expect(await keysWhere(['orders', 'refunds'], ['orders'])).toEqual([
    {
      asked,
      sentence:
        'billing also has committed offsets for 1 partition of refunds on onprem, which its topics in the file leave out: add it there, or accept that billing gets no offset for it on aiven; how much it has not read is asked about before the topic is deleted.',
    },
  ]);
  expect(await keysWhere(['orders'], ['orders', 'refunds'])).toMatchObject([
    { asked, sentence: expect.stringContaining('billing also reads refunds on onprem') },
  ]);
});
