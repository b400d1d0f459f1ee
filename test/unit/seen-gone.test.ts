import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { retireActivities } from '../../activities/retire/retire.js';
import type { Cluster, Row, TopicFacts } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { noteTaker } from '../note-taker.js';
import { migrationOf } from './migration-states.js';

const orders: TopicFacts = { name: 'orders', topicId: 'orders-id', internal: false, partitions: [] };
const refunds: TopicFacts = { name: 'refunds', topicId: 'refunds-id', internal: false, partitions: [] };
const missing = new FerryError('NotFound', 'There is no such topic.');
const unready = new FerryError('Unreachable', 'The broker is not ready.');

/** A source that shows these topics in one answer after the other, the last of them for ever, and what it was told to delete. */
function scripted(...answers: (readonly (TopicFacts | FerryError)[])[]) {
  const deleted: string[] = [];
  let at = 0;
  const rows = (keys: readonly string[], keyOf: (topic: TopicFacts) => string | null) => {
    const shown = answers[Math.min(at++, answers.length - 1)]!;
    const error = shown.find((one) => one instanceof FerryError) ?? missing;
    return new Map(
      keys.map((key): [string, Row<TopicFacts>] => {
        const value = shown.find(
          (one): one is TopicFacts => !(one instanceof FerryError) && keyOf(one) === key,
        );
        return [key, value ? { value } : { error }];
      }),
    );
  };
  const cluster: Partial<Cluster> = {
    name: 'onprem',
    heldBack: () => undefined,
    identity: async () => ({ clusterId: 'c', controllerId: 1, brokers: [] }),
    topics: async (names = []) => rows(names, ({ name }) => name),
    topicsById: async (ids) => rows(ids, ({ topicId }) => topicId),
    watermarks: async () => new Map(),
    acls: async () => [],
    deleteTopics: async (topics) => {
      deleted.push(...topics.map(({ name }) => name));
      return new Map(topics.map(({ name }) => [name, { value: undefined }]));
    },
  };
  const activities = retireActivities({
    clusters: () => cluster as Cluster,
    registries: () => {
      throw new Error('not asked');
    },
  });
  return { activities, deleted };
}

const migration = migrationOf({ topics: [{ name: 'orders' }, { name: 'refunds' }], waits: { agreeing: 2 } });
const work = {
  migration,
  topicIds: { orders: 'orders-id', refunds: 'refunds-id' },
  ends: { orders: [], refunds: [] },
};
const environment = () =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR'), client: noteTaker(() => undefined) });
const check = ({ activities: { finalCheck } }: ReturnType<typeof scripted>): ReturnType<typeof finalCheck> =>
  environment().run(finalCheck, work);
const deletion = ({ activities: { deleteSource } }: ReturnType<typeof scripted>) =>
  environment().run(deleteSource, work);

test('topics that one answer leaves out are not gone: the check before the deletion looks again', async () => {
  await expect(check(scripted([], [orders, refunds]))).rejects.toThrow(
    'onprem has answered that orders is not there, and then that it is, as a broker does that has just begun: it is asked again.',
  );
});

test('topics that are left out again and again are gone', async () => {
  const { findings, sentence } = await check(scripted([]));
  expect(findings.map(({ key }) => key)).toEqual(['gone:orders', 'gone:refunds']);
  expect(sentence).toBe('There is no topic left to delete on onprem.');
});

test.each([
  // Two looks more come first: who holds replicas is asked before anything is deleted.
  ['shown again', [[orders], [orders], [orders], [orders, refunds]]],
  ['not told', [[orders, unready]]],
])('a topic that is %s is not taken for deleted already', async (_how, answers) => {
  const source = scripted(...answers);
  await expect(deletion(source)).rejects.toMatchObject({ type: 'Unreachable' });
  expect(source.deleted).toEqual([]);
});

test('what was looked at is deleted, and nothing else', async () => {
  const source = scripted([orders]);
  await deletion(source);
  expect(source.deleted).toEqual(['orders']);
});
