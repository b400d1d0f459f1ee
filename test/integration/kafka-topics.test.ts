import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { AclBinding, Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, run } from './kafka-cluster.js';

let lab: Lab;
beforeAll(async () => {
  lab = await sharedLab();
});

describe.each(['source', 'target'] as const)('topics of the %s cluster', (name) => {
  let there: LabCluster;
  let cluster: Cluster;
  beforeAll(() => {
    there = lab[name];
    cluster = openCluster(name, connectionOf(there, 'admin'));
  });
  afterAll(() => cluster.close());

  const create = async (topic: string, partitions = 1, config = {}) => {
    const rows = await cluster.createTopics([{ name: topic, partitions, replicationFactor: 1, config }]);
    return rows.get(topic)?.value?.topicId ?? '';
  };

  test('says who it is', async () => {
    const { clusterId, brokers } = await cluster.identity();
    expect(clusterId).toMatch(/^[\w-]{22}$/);
    expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(there.bootstrap);
  });

  test('creates a topic as asked, shows it with its id, and refuses to create it again', async () => {
    const topic = `topics.${run}.${name}.created`;
    const config = { 'retention.ms': '3600000', 'cleanup.policy': 'compact' };
    const topicId = await create(topic, 3, config);
    expect(topicId).toMatch(/^[\w-]{22}$/);

    const rows = await cluster.topics([topic, 'topics.nowhere']);
    expect(rows.get(topic)?.value).toMatchObject({ topicId, internal: false });
    expect(rows.get(topic)?.value?.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(rows.get('topics.nowhere')?.error?.type).toBe('NotFound');
    expect((await cluster.topics()).get(topic)?.value?.topicId).toBe(topicId);
    expect((await cluster.topicsById([topicId])).get(topicId)?.value?.name).toBe(topic);

    const set = (await cluster.topicConfigs([topic])).get(topic)?.value?.filter((e) => e.source === 'topic');
    expect(Object.fromEntries(set?.map(({ name, value }) => [name, value]) ?? [])).toEqual(config);

    const again = await cluster.createTopics([
      { name: topic, partitions: 3, replicationFactor: 1, config: {} },
      { name: `${topic}.wide`, partitions: 1, replicationFactor: 9, config: {} },
      { name: `${topic}.odd`, partitions: 1, replicationFactor: 1, config: { 'no.such.entry': '1' } },
      { name: 'not a name', partitions: 1, replicationFactor: 1, config: {} },
    ]);
    expect([...again.values()].map(({ error }) => error?.type)).toEqual([
      'Conflict',
      'Refused',
      'Refused',
      'Refused',
    ]);
  });

  test('asks the broker about a new topic without creating it', async () => {
    const topic = `topics.${run}.${name}.validated`;
    const wanted = [{ name: topic, partitions: 1, replicationFactor: 1, config: {} }];
    const rows = await cluster.createTopics(wanted, { validateOnly: true });
    expect(rows.get(topic)?.error).toBeUndefined();
    expect((await cluster.topics([topic])).get(topic)?.error?.type).toBe('NotFound');
  });

  test('changes one entry and leaves the others alone', async () => {
    const topic = `topics.${run}.${name}.altered`;
    await create(topic, 1, { 'retention.ms': '3600000', 'segment.ms': '3600000' });
    const rows = await cluster.alterTopicConfigs(
      new Map<string, Record<string, string | null>>([
        [topic, { 'retention.ms': '7200000', 'max.message.bytes': '2000000', 'segment.ms': null }],
        ['topics.nowhere', { 'retention.ms': '1' }],
      ]),
    );
    expect(rows.get(topic)?.error).toBeUndefined();
    expect(rows.get('topics.nowhere')?.error?.type).toBe('NotFound');
    const entries = await eventually(
      async () => (await cluster.topicConfigs([topic])).get(topic)?.value ?? [],
      (entries) => entries.some((e) => e.name === 'retention.ms' && e.value === '7200000'),
    );
    const set = entries.filter(({ source }) => source === 'topic').map(({ name, value }) => [name, value]);
    expect(Object.fromEntries(set)).toEqual({ 'retention.ms': '7200000', 'max.message.bytes': '2000000' });
  });

  test('reads what the broker itself was configured with', async () => {
    const entries = await cluster.brokerConfig();
    expect(entries).toContainEqual(
      expect.objectContaining({ name: 'auto.create.topics.enable', value: 'false', source: 'static-broker' }),
    );
  });

  test('deletes by id, so that a topic re-created under the name survives', async () => {
    const topic = `topics.${run}.${name}.recreated`;
    const gone = () =>
      eventually(
        async () => (await cluster.topics([topic])).get(topic),
        (row) => row?.error?.type === 'NotFound',
      );
    const first = await create(topic);
    expect((await cluster.deleteTopics([{ name: topic, topicId: first }])).get(topic)?.error).toBeUndefined();
    await gone();
    const second = await create(topic);
    expect(second).not.toBe(first);

    expect((await cluster.deleteTopics([{ name: topic, topicId: first }])).get(topic)?.error).toBeUndefined();
    expect((await cluster.topics([topic])).get(topic)?.value?.topicId).toBe(second);
    expect((await cluster.topicsById([first])).get(first)?.error?.type).toBe('NotFound');

    await cluster.deleteTopics([{ name: topic, topicId: second }]);
    await gone();
  });

  test('makes, finds and deletes exactly the ACLs named', async () => {
    const binding: AclBinding = {
      resourceType: 'topic',
      resourceName: `topics.${run}.${name}.acl`,
      patternType: 'literal',
      principal: 'User:somebody',
      host: '*',
      operation: 'read',
      permission: 'allow',
    };
    const bindings: AclBinding[] = [
      binding,
      { ...binding, operation: 'write', permission: 'deny' },
      { ...binding, resourceName: 'topics.', patternType: 'prefixed', operation: 'describe-configs' },
    ];
    const wanted = {
      resourceType: 'topic',
      resourceName: binding.resourceName,
      patternType: 'match',
    } as const;
    const made = async (count: number) =>
      eventually(
        async () =>
          (await cluster.acls(wanted))?.filter(({ principal }) => principal === binding.principal) ?? [],
        (found) => found.length === count,
      );

    expect((await cluster.createAcls(bindings)).map(({ error }) => error)).toEqual(Array(3).fill(undefined));
    const byOperation = (one: AclBinding, other: AclBinding) => one.operation.localeCompare(other.operation);
    expect((await made(3)).sort(byOperation)).toEqual([...bindings].sort(byOperation));
    expect(await cluster.deleteAcls(bindings.slice(1))).toEqual({ deleted: 2, left: [] });
    expect(await made(1)).toEqual([binding]);
    expect(await cluster.deleteAcls(bindings)).toEqual({ deleted: 1, left: [] });
  });
});
