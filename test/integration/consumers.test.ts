import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { consumerActivities } from '../../activities/groups/consumers.js';
import type { Lab } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, consumeWithKip848, run } from './kafka-cluster.js';
import { commit, consume, makeTopic, messages, migrationOf, running, send } from './watching.js';

let lab: Lab;
let source: Cluster;
let target: Cluster;
let admin: Cluster;
let watchConsumers: Activities['watchConsumers'];

beforeAll(async () => {
  lab = await sharedLab();
  source = openCluster('source', connectionOf(lab.source, 'ferry'));
  target = openCluster('target', connectionOf(lab.target, 'ferry'));
  admin = openCluster('source', connectionOf(lab.source, 'admin'));
  ({ watchConsumers } = consumerActivities({ clusters: (name) => (name === 'source' ? source : target) }));
});
afterAll(() => Promise.all([source.close(), target.close(), admin.close()]));

const nameOf = (what: string) => `consumers.${run}.${what}`;

/** A topic with three records on the source, which its group has read, and its empty twin on the target. */
async function prepared(what: string) {
  const topic = nameOf(what);
  const group = `${topic}.group`;
  await makeTopic(admin, topic, 2);
  await makeTopic(target, `${topic}.new`, 2);
  await send(lab.source, topic, messages(3));
  await commit(admin, group, topic, [3n, 0n]);
  await commit(target, `${group}.new`, `${topic}.new`, [0n, 0n]);
  return { topic, group };
}

function watching(
  { topic, group }: { topic: string; group: string },
  expected: Parameters<Activities['watchConsumers']>[0]['expected'],
  more: Partial<Parameters<Activities['watchConsumers']>[0]> & { patience?: string } = {},
) {
  const { patience = '20s', ...input } = more;
  return running(watchConsumers, {
    migration: migrationOf({
      name: 'consumers',
      topics: [{ name: topic, newName: `${topic}.new` }],
      consumers: [{ group, newGroup: `${group}.new` }],
      waits: { patience },
    }),
    sliceMs: 30_000,
    groups: [group],
    expected,
    ...input,
  });
}

const onTarget = ({ topic, group }: { topic: string; group: string }) =>
  consume(lab.target, `${group}.new`, [`${topic}.new`]);
const onSource = ({ topic, group }: { topic: string; group: string }) => consume(lab.source, group, [topic]);

describe('a group has moved', () => {
  test('when it has left the source and is alive on the target, where it has read everything', async () => {
    const moving = await prepared('moved');
    const old = await onSource(moving);
    const watch = watching(moving, 'moved', { to: { [moving.topic]: ['3', '0'] }, frozen: true });
    await watch.says(
      new RegExp(
        `^${moving.group} still reads source: admin \\(/127.0.0.1\\) on ${moving.topic}/.* and ${moving.group}.new has no member on target$`,
      ),
    );
    await old.stop();
    await watch.says(new RegExp(`^${moving.group}.new has no member on target$`));
    const now = await onTarget(moving);
    try {
      expect(await watch.answer).toEqual({
        state: 'agrees',
        sentence: `${moving.group} has left source and reads ${moving.topic}.new on target with 1 member.`,
        data: [{ group: moving.group, membersOnTarget: 1, uncommittedOnSource: '0' }],
      });
    } finally {
      await now.stop();
    }
  });

  test('only when its commits on the target move, if records are waiting there', async () => {
    const moving = await prepared('stuck');
    const newTopic = `${moving.topic}.new`;
    await send(lab.target, newTopic, messages(5));
    const consumer = lab.target
      .kafkajs('admin')
      .consumer({ groupId: `${moving.group}.new`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [newTopic] });
    await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
    try {
      const watch = watching(moving, 'moved');
      await watch.says(/has committed nothing new on target and has records left there$/);
      await consumer.commitOffsets([{ topic: newTopic, partition: 0, offset: '1' }]);
      expect((await watch.answer).state).toBe('agrees');
    } finally {
      await consumer.disconnect();
    }
  });

  test('by the new consumer protocol as well', async () => {
    const moving = await prepared('kip848');
    const consumer = consumeWithKip848(lab.target, `${moving.topic}.new`, `${moving.group}.new`);
    try {
      expect(await watching(moving, 'moved', { patience: '25s' }).answer).toMatchObject({ state: 'agrees' });
    } finally {
      await consumer.stop();
    }
  });

  test('with what it left uncommitted behind the mark', async () => {
    const moving = await prepared('beyond');
    await send(lab.source, moving.topic, messages(4));
    const now = await onTarget(moving);
    try {
      const watch = watching(moving, 'moved', { to: { [moving.topic]: ['2', '0'] }, frozen: false });
      expect(await watch.answer).toMatchObject({
        state: 'agrees',
        sentence: expect.stringContaining('After its last commit 4 records lie on source'),
        data: [{ uncommittedOnSource: '4' }],
      });
    } finally {
      await now.stop();
    }
  });
});

describe('the claim that a group has moved is contradicted', () => {
  test('when it left before it had committed the end of the source, with what it left', async () => {
    const moving = await prepared('short');
    await send(lab.source, moving.topic, [...messages(2), ...messages(3, 1)]);
    const now = await onTarget(moving);
    try {
      const watch = watching(moving, 'moved', { to: { [moving.topic]: ['5', '3'] }, frozen: true });
      expect(await watch.answer).toEqual({
        state: 'contradicted',
        sentence: `${moving.group} has left source with 5 records uncommitted on ${moving.topic}/0 and ${moving.topic}/1: they were not read, or processed without a commit. Start it there again until it has committed them, then switch it.`,
      });
    } finally {
      await now.stop();
    }
  });

  test('when it is still on the source after the patience, with its members', async () => {
    const moving = await prepared('stayed');
    const old = await onSource(moving);
    try {
      await eventually(
        async () => (await source.describeGroups([moving.group])).get(moving.group)?.value?.state,
        (state) => state === 'stable',
      );
      expect(await watching(moving, 'moved', { patience: '2s' }).answer).toMatchObject({
        state: 'contradicted',
        sentence: expect.stringContaining(`${moving.group} still reads source: admin (/127.0.0.1)`),
      });
    } finally {
      await old.stop();
    }
  });

  test('when records come to the source behind its frozen end', async () => {
    const moving = await prepared('grew');
    const watch = watching(moving, 'moved', { to: { [moving.topic]: ['3', '0'] }, frozen: true });
    await watch.says(/has no member on target/);
    await send(lab.source, moving.topic, messages(1, 1));
    expect(await watch.answer).toMatchObject({
      state: 'grew',
      sentence: expect.stringContaining(`records came to ${moving.topic}/1 at offset 0`),
    });
  });
});

test('a group reads both when it has members on the topics of both', async () => {
  const moving = await prepared('both');
  const now = await onTarget(moving);
  const watch = watching(moving, 'reads-both');
  await watch.says(new RegExp(`^${moving.group} has no member on source, nor has a commit of its`));
  const old = await onSource(moving);
  try {
    expect(await watch.answer).toMatchObject({
      state: 'agrees',
      sentence: `${moving.group} reads both clusters, ${moving.topic}.new on target with 1 member.`,
    });
    const leaving = watching(moving, 'left-source', { to: { [moving.topic]: ['3', '0'] }, frozen: true });
    await leaving.says(/still reads source/);
    await old.stop();
    expect((await leaving.answer).state).toBe('agrees');
  } finally {
    await now.stop();
    await old.stop();
  }
});
