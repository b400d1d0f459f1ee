import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { surveySourceGroups } from '../../activities/groups/source-groups.js';
import { shareGroupFindings, shareGroupsAmong } from '../../activities/retire/share-groups.js';
import { startApplications } from '../../lab/java/application.js';
import type { Lab, LabCluster } from '../../lab/lab.js';
import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, consumeShared, consumeWithKip848, run } from './kafka-cluster.js';
import { messages, migrationOf, send } from './watching.js';

let lab: Lab;
beforeAll(async () => {
  lab = await sharedLab();
});

describe.each(['source', 'target'] as const)('groups of the %s cluster', (name) => {
  const topic = `groups.${run}.${name}`;
  const both = [0, 1].map((partition) => ({ topic, partition }));
  const commits = both.map((partition) => ({ ...partition, offset: 3n }));
  let there: LabCluster;
  let cluster: Cluster;

  beforeAll(async () => {
    there = lab[name];
    cluster = openCluster(name, connectionOf(there, 'admin'));
    await cluster.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, config: {} }]);
  });
  afterAll(() => cluster.close());

  const stateOf = async (group: string) => (await cluster.describeGroups([group])).get(group)?.value;

  test('a live classic group shows what its members read, and keeps its offsets', async () => {
    const group = `${topic}.classic`;
    const consumer = there.kafkajs('admin').consumer({ groupId: group });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic });
      await consumer.run({ eachMessage: async () => {} });
      const alive = await eventually(
        () => stateOf(group),
        (facts) => facts?.state === 'stable',
      );
      expect(alive?.protocol).toBe('classic');
      expect(alive?.members).toHaveLength(1);
      expect(alive?.members[0]?.subscribed).toEqual([topic]);
      expect(alive?.members[0]?.assigned).toHaveLength(2);
      expect(alive?.members[0]?.assigned).toEqual(expect.arrayContaining(both));

      const refusals = [
        await cluster.commitOffsets(group, commits),
        await cluster.deleteOffsets(group, both),
        await cluster.deleteGroups([group]),
      ].flatMap((rows) => [...rows.values()].map(({ error }) => error?.type));
      expect(new Set(refusals)).toEqual(new Set(['Refused']));
    } finally {
      await consumer.disconnect();
    }
    await eventually(
      () => stateOf(group),
      (facts) => facts?.state === 'empty',
    );
  });

  test('a group nobody has heard of is dead; offsets committed for it make it an empty one', async () => {
    const group = `${topic}.new`;
    expect(await stateOf(group)).toEqual({ group, protocol: 'unknown', state: 'dead', members: [] });
    expect((await cluster.committedOffsets([group])).get(group)?.value).toEqual(new Map());

    const rows = await cluster.commitOffsets(group, [
      { ...commits[0]!, metadata: 'by the ferry' },
      { topic, partition: 7, offset: 1n },
    ]);
    expect(rows.get(`${topic}/0`)?.error).toBeUndefined();
    expect(rows.get(`${topic}/7`)?.error?.type).toBe('NotFound');
    expect(await stateOf(group)).toMatchObject({ protocol: 'classic', state: 'empty' });
    expect((await cluster.committedOffsets([group])).get(group)?.value).toEqual(
      new Map([[`${topic}/0`, { offset: 3n, leaderEpoch: -1, metadata: 'by the ferry' }]]),
    );

    await cluster.deleteOffsets(group, both);
    expect((await cluster.committedOffsets([group])).get(group)?.value).toEqual(new Map());
    expect((await cluster.deleteGroups([group, group])).get(group)?.error).toBeUndefined();
    expect((await cluster.deleteGroups([group])).get(group)?.error).toBeUndefined();
  });

  test('offsets committed in an open transaction are not known until it ends', async () => {
    const group = `${topic}.transactional`;
    const producer = there.kafkajs('admin').producer({
      transactionalId: `${group}.id`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.sendOffsets({
        consumerGroupId: group,
        topics: [{ topic, partitions: [{ partition: 0, offset: '5' }] }],
      });
      const pending = (await cluster.committedOffsets([group], both)).get(group)?.error;
      expect(pending?.type).toBe('Unreachable');
      expect(pending?.message).toBe(
        `A transaction that commits offsets of group "${group}" on cluster "${name}" is still open: its offsets are known once it ends.`,
      );
      await transaction.commit();
      const known = await eventually(
        async () => (await cluster.committedOffsets([group], both)).get(group),
        (row) => row?.value !== undefined,
      );
      expect(known?.value?.get(`${topic}/0`)?.offset).toBe(5n);
    } finally {
      await producer.disconnect();
    }
  });

  test('partitions can be asked for by group, and an unknown topic has no commit', async () => {
    await cluster.commitOffsets(`${topic}.one`, commits);
    await cluster.commitOffsets(`${topic}.two`, commits);
    const wanted = new Map([
      [`${topic}.one`, both.slice(0, 1)],
      [`${topic}.two`, [...both.slice(1), { topic: 'groups.nowhere', partition: 0 }]],
    ]);
    const rows = await cluster.committedOffsets([...wanted.keys()], wanted);
    expect([...(rows.get(`${topic}.one`)?.value?.keys() ?? [])]).toEqual([`${topic}/0`]);
    expect([...(rows.get(`${topic}.two`)?.value?.keys() ?? [])]).toEqual([`${topic}/1`]);
  });
});

describe('a live KIP-848 group', () => {
  const topic = `groups.${run}.kip848`;
  const group = `${topic}.group`;
  const both = [0, 1].map((partition) => ({ topic, partition }));
  const commits = both.map((partition) => ({ ...partition, offset: 3n }));

  // Brokers offer this protocol from 4.0 on.
  test('is alive, with its members, and keeps its offsets', async () => {
    const there = lab.target;
    const cluster = openCluster('target', connectionOf(there, 'admin'));
    await cluster.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, config: {} }]);
    const stateOf = async () => (await cluster.describeGroups([group])).get(group)?.value;
    const consumer = consumeWithKip848(there, topic, group);
    try {
      const alive = await eventually(
        stateOf,
        (facts) => facts?.state === 'stable' && facts.members[0]?.assigned.length === 2,
      );
      expect(alive).toMatchObject({ protocol: 'consumer', members: [{ subscribed: [topic] }] });
      expect(alive?.members).toHaveLength(1);
      expect(alive?.members[0]?.assigned).toEqual(expect.arrayContaining(both));
      expect(await cluster.groups()).toContainEqual({ group, protocol: 'consumer', state: 'stable' });

      const refused = await cluster.commitOffsets(group, commits);
      expect([...refused.values()].map(({ error }) => error?.type)).toEqual(['Refused', 'Refused']);
      expect(refused.get(`${topic}/0`)?.error?.message).toBe(
        `The group "${group}" on cluster "target" has live members: stop its consumers, then try again.`,
      );
      expect((await cluster.deleteGroups([group])).get(group)?.error?.type).toBe('Refused');
    } finally {
      await consumer.stop();
    }
    await eventually(stateOf, (facts) => facts?.state === 'empty');
    const taken = await cluster.commitOffsets(group, commits);
    expect([...taken.values()].map(({ error }) => error)).toEqual([undefined, undefined]);
    const committed = (await cluster.committedOffsets([group], both)).get(group)?.value;
    expect(committed?.get(`${topic}/1`)?.offset).toBe(3n);
    await cluster.close();
  });
});

// Brokers offer share groups from 4.2 on.
test('a share group is seen with what it reads and how far, and is no consumer group', async () => {
  const topic = `groups.${run}.shared`;
  const group = `${topic}.group`;
  const there = lab.target;
  const cluster = openCluster('target', connectionOf(there, 'ferry'));
  await cluster.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, config: {} }]);
  const seen = async () => (await cluster.shareGroups([group])).get(group);
  const position = (row: Awaited<ReturnType<typeof seen>>) => row?.value?.positions.get(`${topic}/0`);
  const marks = () => cluster.watermarks([{ topic, partition: 0 }]);
  const left = async (alive: string[] = []) =>
    shareGroupFindings(
      { source: cluster, target: cluster },
      { migration: migrationOf({ name: 'shared', topics: [{ name: topic }], consumers: [] }) },
      await shareGroupsAmong(cluster, await cluster.groups()),
      await marks(),
      { partitions: [{ topic, partition: 0 }], alive },
    ).filter(({ key }) => key.includes(group));
  expect((await seen())?.error?.type).toBe('NotFound');
  const consumer = consumeShared(there, topic, group);
  try {
    await eventually(
      () => cluster.groups(),
      (groups) => groups.some((one) => one.group === group && one.state === 'stable'),
    );
    expect(await cluster.groups()).toContainEqual({ group, protocol: 'share', state: 'stable' });
    const row = (await cluster.describeGroups([group])).get(group);
    expect(row?.error?.type).toBe('Unsupported');
    expect(row?.error?.message).toContain(`Group "${group}" on cluster "target"`);
    // It has acknowledged nothing yet; what is written before its member looks for the first time is not for it.
    await eventually(seen, (found) => position(found)?.start === null);
    await eventually(
      async () => {
        await send(there, topic, messages(1));
        return seen();
      },
      (found) => position(found)?.start !== null,
    );
    const read = await eventually(seen, (found) => position(found)?.lag === 0n);
    expect(read?.value).toMatchObject({
      ...{ group, protocol: 'share', state: 'stable' },
      members: [{ subscribed: [topic], assigned: [{ topic, partition: 0 }] }],
    });
    expect(await left()).toMatchObject([{ weight: 'notes', key: `other-commits:${group}` }]);
  } finally {
    await consumer.stop();
  }
  await eventually(seen, (found) => found?.value?.state === 'empty');
  await send(there, topic, messages(2));
  await eventually(seen, (row) => position(row)?.lag === 2n);
  const end = (await marks()).get(`${topic}/0`)?.value?.highWatermark;
  expect(await left()).toMatchObject([
    {
      weight: 'asks',
      key: `unread:${group}:${topic}+2@${end}`,
      sentence: expect.stringContaining(`(2 records)`),
    },
  ]);
  const { findings } = await surveySourceGroups(
    cluster,
    migrationOf({ name: 'shared', topics: [{ name: topic }], consumers: [] }),
    [{ topic, partition: 0 }],
  );
  expect(findings).toContainEqual(
    expect.objectContaining({
      weight: 'asks',
      key: `group-not-in-file:${group}`,
      sentence: expect.stringContaining(`${group}, a share group, reads ${topic} on target, with no member`),
    }),
  );
  await cluster.close();
});

// Brokers offer the streams protocol from 4.2 on.
test('a group of the streams protocol begins where its offset was committed, and shows what its members read', async () => {
  const topic = `groups.${run}.streams`;
  const group = `${topic}.app`;
  const there = lab.target;
  const cluster = openCluster('target', connectionOf(there, 'ferry'));
  const both = [0, 1].map((partition) => ({ topic, partition }));
  await cluster.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, config: {} }]);
  const seen = async () => (await cluster.describeGroups([group])).get(group);
  await send(there, topic, messages(20));
  const marks = await cluster.watermarks(both);
  const ends = both.map((at) => ({ ...at, offset: marks.get(partitionKey(at))!.value!.highWatermark }));
  const skipped = ends.map((at) => ({ ...at, offset: at.offset > 0n ? at.offset - 1n : 0n }));
  for (const [, { error }] of await cluster.commitOffsets(group, skipped)) expect(error).toBeUndefined();
  const due = ends.filter(({ offset }) => offset > 0n).length;

  const app = await startApplications(
    'streamsProtocol',
    there.clients['admin']!.files.java,
    [{ id: group, topic }],
    () => undefined,
  );
  try {
    const row = await eventually(seen, (found) => found?.value?.state === 'stable');
    expect(await cluster.groups()).toContainEqual({ group, protocol: 'streams', state: 'stable' });
    expect(row).toMatchObject({
      value: { group, protocol: 'streams', members: [{ subscribed: [topic] }] },
    });
    expect(row?.value?.members[0]?.assigned).toEqual(expect.arrayContaining(both));
    await eventually(
      async () => (await cluster.committedOffsets([group], both)).get(group)?.value,
      (found) => ends.every((at) => (found?.get(partitionKey(at))?.offset ?? 0n) >= at.offset),
    );
    expect(app.processed(group)).toHaveLength(due);
    const { findings } = await surveySourceGroups(
      cluster,
      migrationOf({ name: 'streams', topics: [{ name: topic }], consumers: [] }),
      both,
    );
    expect(findings.filter(({ key }) => key.includes(group))).toMatchObject([
      { weight: 'asks', key: `group-not-in-file:${group}` },
    ]);
    const refused = await cluster.commitOffsets(group, skipped);
    expect([...refused.values()].map(({ error }) => error?.type)).toEqual(['Refused', 'Refused']);
  } finally {
    await app.stop();
  }
  await eventually(seen, (found) => found?.value?.state === 'empty');
  // Committed for while nobody is there, as a consumer group is.
  for (const [, { error }] of await cluster.commitOffsets(group, skipped)) expect(error).toBeUndefined();
  for (const [, { error }] of await cluster.deleteGroups([group])) expect(error).toBeUndefined();
  await cluster.close();
});
