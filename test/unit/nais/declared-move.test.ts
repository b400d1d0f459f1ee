import { expect, test } from '@jest/globals';
import { declareTopic } from '../../../activities/topics/declared-topic.js';
import type { ConfigEntry, TopicFacts } from '../../../src/kafka/cluster.js';
import { parseMigration, type MigrationFile } from '../../../src/migration/file.js';
import { nais } from '../../../src/provision/nais/nais.js';
import { strimzi } from '../../../src/provision/files/strimzi.js';

const entry = (name: string, value: string, source: ConfigEntry['source'] = 'topic'): ConfigEntry => ({
  name,
  value,
  source,
  readOnly: false,
  sensitive: false,
});
const facts = (name: string, partitions: number, replicas: number): TopicFacts => ({
  name,
  topicId: null,
  internal: false,
  partitions: Array.from({ length: partitions }, (_, partition) => ({
    partition,
    leader: 1,
    leaderEpoch: 0,
    replicas: Array.from({ length: replicas }, (_, id) => id),
    isr: [1],
  })),
});

const target = nais({ pool: 'nav-prod', namespace: 'shop' });

function declare(
  source: ConfigEntry[],
  more: Partial<MigrationFile['topics'][number]> = {},
  declaring = target,
  defaults: ConfigEntry[] = [],
) {
  const { migration } = parseMigration({
    ...{ name: 'a', strategy: 'simplestCase', source: 'onprem', target: 'nais' },
    topics: [{ name: 'orders', newName: 'shop.orders', ...more }],
  });
  return declareTopic(
    migration!.topics[0]!,
    { facts: facts('orders', 2, 3), config: source },
    { name: 'nais', brokers: 3, defaults },
    declaring,
  );
}
const keys = (found: readonly { weight: string; key: string }[]) =>
  found.map(({ weight, key }) => `${weight} ${key}`);

/** What kafkarator makes of a Topic that says nothing but partitions. */
const asMade = (changes: Record<string, string> = {}, unset: string[] = []) =>
  Object.entries({
    'cleanup.policy': 'delete',
    'min.insync.replicas': '2',
    'retention.ms': '604800000',
    'retention.bytes': '-1',
    'segment.ms': '604800000',
    'max.message.bytes': '1048588',
    'message.timestamp.type': 'CreateTime',
    ...changes,
  })
    .filter(([name]) => !unset.includes(name))
    .map(([name, value]) => entry(name, value));

test('a topic as it was declared is as it should be, and so is a lost entry that was told', () => {
  const { findings, compared } = declare([entry('message.timestamp.type', 'LogAppendTime')]);
  expect(keys(findings)).toEqual(['asks topic-loss:shop.orders:message.timestamp.type']);
  expect(compared({ facts: facts('shop.orders', 2, 3), config: asMade() })).toEqual([]);
});

test('every entry that was declared is looked for on the broker', () => {
  const { compared } = declare([entry('delete.retention.ms', '7200000'), entry('cleanup.policy', 'compact')]);
  const there = (changes: Record<string, string>, unset: string[] = []) =>
    keys(compared({ facts: facts('shop.orders', 2, 3), config: asMade(changes, unset) }));
  const same = { 'cleanup.policy': 'compact', 'delete.retention.ms': '7200000' };
  expect(there(same)).toEqual([]);
  // Kafkarator leaves both as they were when a Topic is changed.
  expect(there({ ...same, 'cleanup.policy': 'delete' })).toEqual([
    'blocks config-differs:shop.orders:cleanup.policy',
  ]);
  expect(there({ ...same, 'delete.retention.ms': '86400000' })).toEqual([
    'asks not-as-declared:shop.orders:delete.retention.ms',
  ]);
  // Silence is no answer.
  expect(there(same, ['segment.ms'])).toEqual(['asks not-as-declared:shop.orders:segment.ms']);
});

test('partitions and replicas are those of the declaration', () => {
  const { compared, declared } = declare([], { replicationFactor: 2 });
  expect(declared.topic).toMatchObject({ name: 'shop.orders', partitions: 2, replicationFactor: 2 });
  const config = asMade({ 'min.insync.replicas': '1' });
  expect(keys(compared({ facts: facts('shop.orders', 1, 3), config }))).toEqual([
    'blocks partitions-differ:shop.orders',
    'notes replication-differs:shop.orders',
  ]);
});

test('what the plan says of a topic that is not there is about what is declared', () => {
  // Retention by default of the source's brokers is written down for NAIS, so that no default can differ.
  const source = [entry('retention.ms', '1209600000', 'static-broker')];
  const broker = [entry('log.retention.ms', '3600000', 'static-broker')];
  expect(declare(source, {}, target, broker).ahead).toEqual([]);
  expect(keys(declare(source, {}, strimzi({ cluster: 'main' }), broker).ahead)).toEqual([
    'asks default-differs:shop.orders:retention.ms',
  ]);
  expect(keys(declare([], { replicationFactor: 5 }).ahead)).toEqual(['asks replication:shop.orders']);
  expect(keys(declare([entry('min.insync.replicas', '4')]).ahead)).toEqual(['blocks unwritable:shop.orders']);
});

test('a name that no Topic can have blocks', () => {
  expect(keys(declare([], { newName: 'orders' }).findings)).toEqual(['blocks topic-name:orders']);
});
