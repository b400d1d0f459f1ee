import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { retireActivities } from '../../activities/retire/retire.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { parseMigration } from '../../src/migration/file.js';
import { FerryError } from '../../src/migration/errors.js';
import { noteTaker } from '../note-taker.js';

const { migration } = parseMigration({
  ...{ name: 'orders', strategy: 'simplestCase', source: 'onprem', target: 'aiven' },
  topics: [{ name: 'orders' }],
});
const asked = new FerryError('Unexpected', 'it was asked to delete');

/** A source that says whether it was asked to delete anything, by failing then. */
function deleting(there: boolean, closesAt: number): Promise<unknown> {
  const source = {
    name: 'onprem',
    topicsById: async () =>
      new Map([
        ['id', there ? { value: { name: 'orders', topicId: 'id', partitions: [] } } : { error: asked }],
      ]),
    topics: async () => new Map([['orders', { error: new FerryError('NotFound', 'no orders') }]]),
    identity: async () => ({ clusterId: 'c', controllerId: 1, brokers: [] }),
    watermarks: async () => new Map(),
    deleteTopics: async () => Promise.reject(asked),
  } as unknown as Cluster;
  const { deleteSource } = retireActivities({ clusters: () => source, registries: () => undefined as never });
  return new MockActivityEnvironment({}, { client: noteTaker(() => undefined) }).run(deleteSource, {
    migration: migration!,
    topicIds: { orders: 'id' },
    closesAt,
  });
}

test('a deletion that comes when the hours are over deletes nothing, and says so', async () => {
  expect(await deleting(true, Date.now())).toEqual({
    sentence: 'Nothing was deleted: the hours are over.',
    begun: false,
    closed: true,
  });
});

test('one that comes in time deletes; where the topics are gone already, what goes with them does at any time', async () => {
  await expect(deleting(true, Date.now() + 60_000)).rejects.toThrow(asked);
  await expect(deleting(false, Date.now())).rejects.toThrow(asked);
});
