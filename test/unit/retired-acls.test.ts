import { afterEach, expect, test } from '@jest/globals';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { retireActivities } from '../../activities/retire/retire.js';
import type { AclBinding, Cluster } from '../../src/kafka/cluster.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { parseMigration } from '../../src/migration/file.js';
import { openAiven } from '../../src/provision/aiven/open.js';
import { answering } from './aiven-answers.js';

const { migration } = parseMigration({
  ...{ name: 'orders', strategy: 'simplestCase', source: 'aiven', target: 'other' },
  topics: [{ name: 'orders' }],
});

const topic = { name: 'orders', topicId: 'id', partitions: [] };

/** Brokers that delete the topic when they are told to. */
const brokers = {
  name: 'aiven',
  topicsById: async () => new Map([['id', { value: topic }]]),
  topics: async () => new Map([['orders', { value: topic }]]),
  identity: async () => ({ clusterId: 'c', controllerId: 1, brokers: [] }),
  watermarks: async () => new Map(),
  deleteTopics: async () => new Map([['orders', { value: undefined }]]),
} as unknown as Cluster;

const notes = {
  withAbortSignal: (_: AbortSignal, asked: () => unknown) => asked(),
  activity: { heartbeat: async () => undefined },
} as unknown as Client;

/** @param shown ACLs that people were shown with the topic; all unless it is said */
async function deleted(source: Cluster, shown?: string[]): ReturnType<Activities['deleteSource']> {
  const { deleteSource } = retireActivities({ clusters: () => source, registries: () => undefined as never });
  const work = {
    ...{ migration: migration!, topicIds: { orders: 'id' } },
    ...(shown && { acls: [{ topic: 'orders', acls: shown }] }),
  };
  return new MockActivityEnvironment({}, { client: notes }).run(() => deleteSource(work));
}

let aiven: Awaited<ReturnType<typeof answering>> | undefined;
afterEach(async () => aiven?.close());

interface Entry {
  id?: string;
  permission: string;
  topic: string;
  username: string;
}

/** A service that has these entries, and loses those whose id it is told to delete. */
async function serviceWith(...entries: Entry[]): Promise<{ source: Cluster; there: () => Entry[] }> {
  let there = entries;
  aiven = await answering(({ what }) => {
    const [, id] = /^DELETE .*\/acl\/(.+)$/.exec(what) ?? [];
    if (id !== undefined) there = there.filter((entry) => entry.id !== id);
    return { status: 200, body: { acl: there, kafka_acl: [] } };
  });
  return { source: openAiven(brokers, aiven.connection, { pauseMs: 1 }).cluster, there: () => there };
}

const read = { permission: 'read', topic: 'orders', username: 'billing' };
const lines = ['allow User:billing describe from *', 'allow User:billing read from *'];

test('of an entry that a service at Aiven has twice, both go with the topic', async () => {
  const other = { id: 'acl3', ...read, topic: 'bills' };
  const { source, there } = await serviceWith({ id: 'acl1', ...read }, { id: 'acl2', ...read }, other);
  const { sentence, acls } = await deleted(source);
  expect(there()).toEqual([other]);
  expect(acls).toEqual([{ topic: 'orders', acls: lines }]);
  expect(sentence).toContain('on aiven, 2 ACLs and the committed offsets');
  expect(sentence).not.toContain('left');
});

test('an entry without an id stays, and is said to be left and not to be deleted', async () => {
  const write = { permission: 'write', topic: 'orders', username: 'web' };
  const { source, there } = await serviceWith(read, { id: 'acl1', ...write });
  const { sentence, acls } = await deleted(source);
  expect(there()).toEqual([read]);
  expect(acls).toEqual([
    { topic: 'orders', acls: ['allow User:web describe from *', 'allow User:web write from *'] },
  ]);
  expect(sentence).toContain('on aiven, 2 ACLs and the committed offsets');
  expect(sentence).toContain(
    '2 ACLs for the same names on aiven are left, since no request there takes away exactly that: "orders allow User:billing describe from *", "orders allow User:billing read from *"; remove them by hand.',
  );
});

test('an entry that says more than what people were shown stays whole', async () => {
  const { source, there } = await serviceWith({ id: 'acl1', ...read, permission: 'readwrite' });
  const { sentence, acls } = await deleted(source, lines);
  expect(there()).toHaveLength(1);
  expect(acls).toEqual([]);
  expect(sentence).toContain('0 ACLs and');
  expect(sentence).toContain('2 ACLs for the same names on aiven are left');
  expect(sentence).toContain('1 ACL for the same names on aiven, made since the plan, is left.');
});

test('of a cluster of any kind what it has left is not said to be deleted', async () => {
  const acl = (operation: AclBinding['operation']): AclBinding => ({
    ...{ resourceType: 'topic', resourceName: 'orders', patternType: 'literal', principal: 'User:billing' },
    ...{ host: '*', operation, permission: 'allow' },
  });
  const source = {
    ...brokers,
    acls: async () => [acl('read'), acl('write')],
    deleteAcls: async () => ({ deleted: 1, left: [acl('write')] }),
  } as unknown as Cluster;
  const { sentence, acls } = await deleted(source);
  expect(acls).toEqual([{ topic: 'orders', acls: ['allow User:billing read from *'] }]);
  expect(sentence).toContain(
    '1 ACL for the same names on aiven is left, since no request there takes away exactly that: "orders allow User:billing write from *"; remove it by hand.',
  );
});
