import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Dependencies } from '../../activities/kit/dependencies.js';
import { retireActivities } from '../../activities/retire/retire.js';
import { undo } from '../../activities/retire/undo.js';
import { partitionKey, type Cluster, type Row, type TopicFacts } from '../../src/kafka/cluster.js';
import { HeldByQuota } from '../../src/kafka/held-by-quota.js';
import { Rounds } from '../../src/kafka/link/patience.js';
import { topicCalls } from '../../src/kafka/topics.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { noteTaker } from '../note-taker.js';
import { migrationOf } from './migration-states.js';

const held = (afterMs: number) => new HeldByQuota('A quota lets nothing through.', afterMs);

interface Answer {
  topic: string;
  error?: FerryError;
}

/**
 * Topics a, b and c with a partition each, all of which end where `ends` says. Each request to delete is answered by the
 * next of `answers`, and then something may happen.
 */
function clusterWith(answers: Answer[][], between: (ends: Map<string, bigint>, round: number) => void) {
  const ends = new Map([...'abc'].map((name) => [name, 0n]));
  const done: string[] = [];
  const there = new Set(ends.keys());
  const factsOf = (name: string): TopicFacts => ({
    ...{ name, topicId: `id-${name}`, internal: false },
    partitions: [{ partition: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] }],
  });
  const missing = new FerryError('NotFound', 'There is no such topic.');
  const rowOf = (name: string): Row<TopicFacts> =>
    there.has(name) ? { value: factsOf(name) } : { error: missing };
  let round = 0;
  const cluster: Partial<Cluster> = {
    name: 'onprem',
    heldBack: () => undefined,
    identity: async () => ({
      clusterId: 'c',
      controllerId: 1,
      brokers: [{ id: 1, host: 'h', port: 1, rack: null }],
    }),
    topics: async (names = []) => {
      done.push('topics');
      return new Map(names.map((name) => [name, rowOf(name)]));
    },
    topicsById: async (ids) => new Map(ids.map((id) => [id, rowOf(id.slice(3))])),
    watermarks: async (partitions) => {
      done.push('ends');
      return new Map(
        partitions.map((at) => {
          const highWatermark = ends.get(at.topic) ?? 0n;
          return [
            partitionKey(at),
            { value: { logStart: highWatermark, highWatermark, lastStable: highWatermark } },
          ];
        }),
      );
    },
    fetch: async () => new Map(),
    acls: async () => [],
    groups: async () => [],
    committedOffsets: async (groups) => new Map(groups.map((group) => [group, { value: new Map() }])),
    deleteTopics: async (topics) => {
      done.push(`delete ${topics.map(({ name }) => name).join()}`);
      const errors = new Map(answers[round]?.map(({ topic, error }) => [topic, error]));
      const rows = topics.map(({ name }): [string, Row<void>] => {
        const error = errors.get(name);
        if (!error) there.delete(name);
        return [name, error ? { error } : { value: undefined }];
      });
      between(ends, round++);
      return new Map(rows);
    },
  };
  return { cluster: cluster as Cluster, done };
}

/** A topic that is gone, of which a broker knows the id still, as after a deletion whose answer was lost. */
function knowsStill(cluster: Cluster, topic: string): Cluster {
  const error = new FerryError('NotFound', 'There is no such partition.');
  return {
    ...cluster,
    watermarks: async (partitions) =>
      new Map(
        [...(await cluster.watermarks(partitions))].map(([key, row]) => [
          key,
          key === `${topic}/0` ? { error } : row,
        ]),
      ),
  };
}

const topics = [...'abc'].map((name) => ({ name }));
const migration = migrationOf({ source: 'onprem', topics });

function deleting(
  { cluster, done }: ReturnType<typeof clusterWith>,
  { note = () => undefined, closesAt }: { note?: () => void; closesAt?: number } = {},
): ReturnType<Activities['deleteSource']> {
  const { deleteSource } = retireActivities({
    clusters: () => cluster,
    registries: () => undefined as never,
  });
  const client = noteTaker(() => {
    done.push('note');
    note();
  });
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR'), client }).run(() =>
    deleteSource({
      migration,
      topicIds: { a: 'id-a', b: 'id-b', c: 'id-c' },
      ends: { a: ['0'], b: ['0'], c: ['0'] },
      ...(closesAt !== undefined && { closesAt }),
    }),
  );
}

const undoing = (cluster: Cluster): ReturnType<typeof undo> =>
  undo(
    { clusters: () => cluster } as unknown as Dependencies,
    {
      migration,
      topicIds: {},
      made: { topics: topics.map(({ name }) => ({ name, topicId: `id-${name}` })), acls: [], offsets: [] },
    },
    {
      noted: undefined,
      note: async () => undefined,
      says: () => undefined,
      signal: new AbortController().signal,
    },
  );

const aloneHeld = [
  { topic: 'b', error: held(5) },
  { topic: 'c', error: held(5) },
];

test('what a quota holds back is deleted with the next requests, each right after a look at what is left', async () => {
  const source = clusterWith([aloneHeld, [{ topic: 'c', error: held(5) }]], () => undefined);
  expect((await deleting(source)).sentence).toContain('Deleted 3 topics on onprem');
  const rounds = source.done.filter((what) => what !== 'topics').slice(0, 9);
  expect(rounds).toEqual([
    ...['note', 'ends', 'delete a,b,c'],
    ...['note', 'ends', 'delete b,c'],
    ...['note', 'ends', 'delete c'],
  ]);
});

test('a record that comes while a quota holds a topic back is not deleted', async () => {
  const source = clusterWith([aloneHeld], (ends) => ends.set('b', 9n));
  const answer = await deleting(source);
  expect(answer).toMatchObject({
    begun: true,
    sentence: 'Deleted 1 of 3 topics.',
    findings: [{ weight: 'asks', key: 'late-record:b+9' }],
  });
  expect(source.done.filter((what) => what.startsWith('delete'))).toEqual(['delete a,b,c']);
});

test('hours that end while a quota holds topics back end the deletion', async () => {
  const source = clusterWith([aloneHeld.map((one) => ({ ...one, error: held(150) }))], () => undefined);
  expect(await deleting(source, { closesAt: Date.now() + 100 })).toEqual({
    ...{ begun: true, closed: true, sentence: 'Deleted 1 of 3 topics: the hours are over.' },
  });
});

test('what comes while an attempt waits for Temporal to take its note is seen, and one that is given up deletes nothing', async () => {
  const source = clusterWith([], () => undefined);
  const ends = clusterWith([], () => undefined);
  const late = { ...source.cluster };
  let came = 0n;
  late.watermarks = async (partitions) =>
    new Map(
      partitions.map((at) => [
        partitionKey(at),
        { value: { logStart: 0n, highWatermark: came, lastStable: came } },
      ]),
    );
  const { findings } = await deleting({ ...source, cluster: late }, { note: () => (came = 4n) });
  expect(findings).toHaveLength(3);
  const gone = Object.assign(new Error('unknown'), { name: 'ActivityCompletionError' });
  await expect(
    deleting(ends, {
      note: () => {
        throw gone;
      },
    }),
  ).rejects.toThrow('Temporal did not take a note');
  for (const { done } of [source, ends]) expect(done.filter((what) => what.startsWith('delete'))).toEqual([]);
});

test('a topic whose deletion is under way is asked about again, and is nothing for people', async () => {
  const source = clusterWith([], () => undefined);
  await expect(deleting({ ...source, cluster: knowsStill(source.cluster, 'b') })).rejects.toMatchObject({
    type: 'Unreachable',
    message:
      'onprem has answered that b is there, and then that its partitions are not, as it does while a topic is being deleted: it is asked again.',
  });
  expect(source.done.filter((what) => what.startsWith('delete'))).toEqual([]);
});

test('so it is when an undo is begun again', async () => {
  const { cluster, done } = clusterWith([], () => undefined);
  await expect(undoing(knowsStill(cluster, 'b'))).rejects.toMatchObject({ type: 'Unreachable' });
  expect(done.filter((what) => what.startsWith('delete'))).toEqual([]);
});

test('an undo leaves a topic to which somebody has written while a quota held it back', async () => {
  const { cluster, done } = clusterWith([aloneHeld], (ends) => ends.set('c', 3n));
  const { undone, left } = await undoing(cluster);
  expect(undone.toSorted()).toEqual([
    'Deleted the empty topic a on onprem.',
    'Deleted the empty topic b on onprem.',
  ]);
  expect(left).toEqual(['c on onprem is left: it has got records since it was made, in 1 partition.']);
  expect(done.filter((what) => what.startsWith('delete'))).toEqual(['delete c,b,a', 'delete b']);
});

test('a cluster that is asked once says what its quota holds back, and is asked nothing while its controller would let that lie', async () => {
  const asked: string[][] = [];
  const brokers = {
    cluster: 'onprem',
    metadata: async () => ({ controllerId: 1, brokers: [], topics: [] }),
    ask: async (_broker: number, _api: unknown, request: { topics: { topicId: string }[] }) => {
      asked.push(request.topics.map(({ topicId }) => topicId));
      const first = asked.length === 1;
      return {
        throttleMs: first ? 60 : 0,
        topics: request.topics.map(({ topicId }) => ({
          ...{ name: null, topicId },
          code: first && topicId !== 'id-a' ? 89 : 0,
        })),
      };
    },
  };
  const { deleteTopics } = topicCalls(
    brokers as unknown as Parameters<typeof topicCalls>[0],
    { forget: () => undefined } as unknown as Parameters<typeof topicCalls>[1],
  );
  const both = ['a', 'b'].map((name) => ({ name, topicId: `id-${name}` }));
  const rows = await deleteTopics(both, { once: true });
  expect(rows.get('a')?.error).toBeUndefined();
  expect(rows.get('b')?.error).toMatchObject({ type: 'Unreachable', afterMs: 60 });
  expect((await deleteTopics(both, { once: true })).get('a')?.error).toBeInstanceOf(HeldByQuota);
  expect(asked).toEqual([['id-a', 'id-b']]);
  // Who does not look again is waited for.
  expect((await deleteTopics(both)).get('b')?.error).toBeUndefined();
});

test('rounds go on as long as a quota lets something through, and end soon where a controller does not answer', () => {
  const rounds = new Rounds();
  expect(Array.from({ length: 20 }, () => rounds.next(3, [held(700), held(900)]))).toEqual(
    Array.from({ length: 20 }, () => 900),
  );
  const away = new FerryError('Unreachable', 'The controller is away.');
  expect(Array.from({ length: 5 }, () => rounds.next(3, [away]))).toEqual([100, 300, 600, 1000, undefined]);
});
