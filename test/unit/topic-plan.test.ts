import { expect, test } from '@jest/globals';
import { planTopic } from '../../activities/topics/topic-plan.js';
import type { ConfigEntry } from '../../src/kafka/cluster.js';
import { parseMigration } from '../../src/migration/file.js';

const entry = (name: string, value: string, source: ConfigEntry['source'] = 'topic'): ConfigEntry => ({
  ...{ name, value, source },
  readOnly: false,
  sensitive: false,
});

function planned(broker: ConfigEntry[], config: Record<string, string> = {}) {
  const { migration } = parseMigration({
    ...{ name: 'tiers', strategy: 'simpleMirroring', source: 'a', target: 'b' },
    topics: [{ name: 'orders', config }],
  });
  const facts = {
    ...{ name: 'orders', topicId: null, internal: false },
    partitions: [{ partition: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] }],
  };
  const source = [
    entry('remote.storage.enable', 'true'),
    entry('local.retention.ms', '1000'),
    entry('retention.ms', '604800000'),
  ];
  const { topic, findings } = planTopic(
    migration!.topics[0]!,
    { facts, config: source },
    { name: 'b', brokers: 1, defaults: broker },
  );
  return { config: topic.config, keys: findings.map(({ key }) => key) };
}

const says = 'remote.log.storage.system.enable';

test('what the source has set about remote storage is left out where the target has none, and said', () => {
  expect(planned([entry(says, 'false', 'default')])).toEqual({
    config: { 'retention.ms': '604800000' },
    keys: ['tiering-left-out:orders'],
  });
  // What the file asks for is not left out behind its back.
  expect(
    planned([entry(says, 'false', 'default')], { 'remote.storage.enable': 'true' }).config,
  ).toMatchObject({ 'remote.storage.enable': 'true' });
});

test('and is taken along where it has, or does not tell', () => {
  for (const broker of [[entry(says, 'true', 'static-broker')], []])
    expect(planned(broker)).toMatchObject({ config: { 'remote.storage.enable': 'true' }, keys: [] });
});
