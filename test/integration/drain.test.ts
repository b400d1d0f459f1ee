import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DrainProbe, probeDrain } from '../../activities/drain/drain-probe.js';
import { drainActivities } from '../../activities/drain/drain.js';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import type { ConsumerMove } from '../../src/migration/file.js';
import type { Activities } from '../../src/migration/work/activities.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, consumeWithKip848, run } from './kafka-cluster.js';
import {
  commit,
  consume,
  makeTopic,
  messages,
  migrationOf,
  openTransaction,
  running,
  send,
  sendInTransaction,
} from './watching.js';

let lab: Lab;
let there: LabCluster;
let ferry: Cluster;
let admin: Cluster;
let watchDrain: Activities['watchDrain'];

beforeAll(async () => {
  lab = await sharedLab();
  there = lab.source;
  ferry = openCluster('source', connectionOf(there, 'ferry'));
  admin = openCluster('source', connectionOf(there, 'admin'));
  ({ watchDrain } = drainActivities({ clusters: () => ferry }));
});
afterAll(() => Promise.all([ferry.close(), admin.close()]));

const nameOf = (what: string) => `drain.${run}.${what}`;
const groupOf = (topic: string, more: Partial<ConsumerMove> = {}) => ({ group: `${topic}.group`, ...more });

/** Watches one topic until its end as it is now, with one group unless the test says otherwise. */
async function watching(
  topic: string,
  {
    consumers = [groupOf(topic)],
    ...more
  }: { consumers?: { group: string; isolation?: ConsumerMove['isolation'] }[] } & Partial<
    Parameters<Activities['watchDrain']>[0]
  > = {},
) {
  return running(watchDrain, {
    migration: migrationOf({ name: 'drain', topics: [{ name: topic }], consumers }),
    sliceMs: 30_000,
    to: { [topic]: await endsOf(topic) },
    frozen: true,
    ...more,
  });
}

async function endsOf(topic: string): Promise<string[]> {
  const facts = (await ferry.topics([topic])).get(topic)?.value;
  const partitions = facts!.partitions.map(({ partition }) => ({ topic, partition }));
  const marks = await ferry.watermarks(partitions);
  return partitions.map(({ partition }) => String(marks.get(`${topic}/${partition}`)!.value!.highWatermark));
}

describe('a drained topic', () => {
  test('is one that its groups have committed to the end, in several probes that agree', async () => {
    const topic = nameOf('plain');
    await makeTopic(admin, topic, 2);
    await send(there, topic, [...messages(3), ...messages(2, 1)]);
    await commit(admin, `${topic}.group`, topic, [3n, 2n]);
    const drain = await watching(topic);
    expect(await drain.answer).toEqual({
      state: 'drained',
      lag: [{ group: `${topic}.group`, verdicts: { drained: 2 } }],
      sentence: `${topic}.group has read the source to its end (2 drained).`,
    });
    expect(drain.heartbeats.length).toBe(2);
  });

  test('ends with commit markers, or with aborted transactions for groups that read committed', async () => {
    const topic = nameOf('markers');
    await makeTopic(admin, topic);
    await sendInTransaction(there, topic, topic, messages(3), 'commit');
    const committing = [groupOf(topic, { isolation: 'read_committed' })];
    await commit(admin, `${topic}.group`, topic, [3n]);
    const afterCommit = await watching(topic, { consumers: committing });
    expect(await afterCommit.answer).toMatchObject({
      state: 'drained',
      lag: [{ verdicts: { 'drained-control-only': 1 } }],
    });

    await sendInTransaction(there, topic, topic, messages(2), 'abort');
    const afterAbort = await watching(topic, { consumers: committing });
    expect(await afterAbort.answer).toMatchObject({
      state: 'drained',
      lag: [{ verdicts: { 'drained-aborted': 1 } }],
    });

    // Who reads uncommitted is given the two records of the aborted transaction.
    const uncommitted = await watching(topic);
    expect((await uncommitted.says(/behind/)).says).toMatch(`${topic}.group 3 records behind on 1 partition`);
    await commit(admin, `${topic}.group`, topic, [6n]);
    expect(await uncommitted.answer).toMatchObject({
      state: 'drained',
      lag: [{ verdicts: { 'drained-control-only': 1 } }],
    });
  });

  test('has nothing left behind the commit since it was compacted', async () => {
    const topic = nameOf('compacted');
    await makeTopic(admin, topic, 1, {
      'cleanup.policy': 'compact',
      'segment.ms': '1000',
      'min.cleanable.dirty.ratio': '0',
    });
    // Each append lies longer after the one before than a segment lasts, so that all but the marker can be cleaned,
    // which takes the record of the aborted transaction out of the log for every reader.
    const hoursAgo = (hours: number) => String(Date.now() - hours * 3_600_000);
    await send(there, topic, [{ key: 'a', value: '1', timestamp: hoursAgo(2) }]);
    const aborted = [{ key: 'b', value: '2', timestamp: hoursAgo(1) }];
    await sendInTransaction(there, topic, topic, aborted, 'abort');
    await commit(admin, `${topic}.group`, topic, [1n]);
    const drain = await watching(topic);
    expect(await drain.answer).toMatchObject({
      state: 'drained',
      lag: [{ verdicts: { 'drained-compacted': 1 } }],
    });
  });

  test('may have empty partitions that nobody committed', async () => {
    const topic = nameOf('empty');
    await makeTopic(admin, topic, 2);
    await send(there, topic, messages(1));
    await commit(admin, `${topic}.group`, topic, [1n, null]);
    const drain = await watching(topic);
    expect(await drain.answer).toMatchObject({
      state: 'drained',
      lag: [{ verdicts: { drained: 1, 'drained-empty': 1 } }],
    });
  });

  test('may go on behind the mark up to which it must be read', async () => {
    const topic = nameOf('mark');
    await makeTopic(admin, topic);
    await send(there, topic, messages(5));
    await commit(admin, `${topic}.group`, topic, [3n]);
    const drain = await watching(topic, { to: { [topic]: ['3'] }, frozen: false });
    expect(await drain.answer).toMatchObject({ state: 'drained', lag: [{ verdicts: { drained: 1 } }] });
  });
});

describe('waiting', () => {
  test('says how far a group without members is behind, and that nobody is consuming', async () => {
    const topic = nameOf('nobody');
    await makeTopic(admin, topic, 2);
    await send(there, topic, [...messages(1200), ...messages(34, 1)]);
    await commit(admin, `${topic}.group`, topic, [0n, 0n]);
    const drain = await watching(topic);
    await drain.says(
      new RegExp(
        `^${topic}.group 1,234 records behind on 2 partitions, and nobody is consuming them: ${topic}.group has no member on the source, start it there$`,
      ),
    );
    const consumer = await consume(there, `${topic}.group`, [topic]);
    try {
      expect(await drain.answer).toMatchObject({ state: 'drained', lag: [{ verdicts: { drained: 2 } }] });
    } finally {
      await consumer.stop();
    }
  });

  test('asks by number about what nobody is there to read, and who accepts it accepts no more', async () => {
    const topic = nameOf('absent');
    await makeTopic(admin, topic);
    await send(there, topic, messages(9));
    await commit(admin, `${topic}.group`, topic, [0n]);
    const migration = migrationOf({
      ...{ name: 'drain', topics: [{ name: topic }], consumers: [groupOf(topic)] },
      waits: { patience: '2s' },
    });
    const key = `unread:${topic}.group:${topic}+9@9`;
    expect(await (await watching(topic, { migration })).answer).toMatchObject({
      state: 'asks',
      findings: [
        {
          ...{ weight: 'asks', key },
          sentence: expect.stringContaining(`has not read ${topic}/0 offsets 0 to 8 (9 records)`),
        },
      ],
    });
    expect(await (await watching(topic, { migration, accepted: [key] })).answer).toMatchObject({
      state: 'drained',
    });
    await send(there, topic, messages(1));
    expect(await (await watching(topic, { migration, accepted: [key] })).answer).toMatchObject({
      state: 'asks',
      findings: [{ key: `unread:${topic}.group:${topic}+10@10` }],
    });
  });

  test('goes on while a live member has yet to commit for the first time', async () => {
    const topic = nameOf('first');
    await makeTopic(admin, topic);
    await send(there, topic, messages(3));
    const consumer = there.kafkajs('admin').consumer({ groupId: `${topic}.group`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
    try {
      await eventually(
        async () => (await ferry.describeGroups([`${topic}.group`])).get(`${topic}.group`)?.value?.state,
        (state) => state === 'stable',
      );
      const drain = await watching(topic);
      await eventually(
        async () =>
          drain.heartbeats.filter(({ says }) => / 3 records behind on 1 partition$/.test(says)).length,
        (probes) => probes >= 5,
      );
      await consumer.commitOffsets([{ topic, partition: 0, offset: '3' }]);
      expect((await drain.answer).state).toBe('drained');
    } finally {
      await consumer.disconnect();
    }
  });

  test('names the producer of a transaction that is left open', async () => {
    const topic = nameOf('open');
    await makeTopic(admin, topic);
    await send(there, topic, messages(2));
    await commit(admin, `${topic}.group`, topic, [2n]);
    const open = await openTransaction(there, `${topic}.id`, topic, messages(1));
    const drain = await watching(topic, {
      consumers: [groupOf(topic, { isolation: 'read_committed' })],
    });
    const { says } = await drain.says(/is open on/);
    expect(says).toMatch(
      new RegExp(
        `^${topic}.group waits for a transaction open on ${topic}/0; transaction ${topic}.id of producer id \\d+, begun at .*Z, is open on ${topic}/0 from offset 2: .*kafka-transactions.sh abort --topic ${topic} --partition 0 --start-offset 2`,
      ),
    );
    // Its marker lies behind the end that was frozen: somebody was still writing.
    await open.abort();
    expect(await drain.answer).toMatchObject({ state: 'grew' });
  });

  test('waits for the commit of a group that is part of an open transaction', async () => {
    const topic = nameOf('pending');
    const group = `${topic}.group`;
    await makeTopic(admin, topic);
    await send(there, topic, messages(2));
    const producer = there
      .kafkajs('admin')
      .producer({ transactionalId: `${topic}.id`, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      const partitions = [{ partition: 0, offset: '2' }];
      await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions }] });
      const drain = await watching(topic);
      await drain.says(/its commit is part of a transaction that has not ended/);
      await transaction.commit();
      expect((await drain.answer).state).toBe('drained');
    } finally {
      await producer.disconnect();
    }
  });

  test('hands on what it saw when its slice is over, and goes on from there', async () => {
    const topic = nameOf('slices');
    await makeTopic(admin, topic);
    await send(there, topic, messages(2));
    await commit(admin, `${topic}.group`, topic, [0n]);
    const first = await (await watching(topic, { sliceMs: 1 })).answer;
    expect(first).toMatchObject({ state: 'watching', sentence: expect.stringContaining('2 records behind') });
    await commit(admin, `${topic}.group`, topic, [2n]);
    const { carry } = first as { carry: unknown };
    const second = await watching(topic, { carry: JSON.parse(JSON.stringify(carry)) as unknown });
    expect((await second.answer).state).toBe('drained');
  });

  test('ends at once when it is cancelled', async () => {
    const topic = nameOf('cancelled');
    await makeTopic(admin, topic);
    await send(there, topic, messages(2));
    await commit(admin, `${topic}.group`, topic, [0n]);
    const drain = await watching(topic);
    await drain.says(/behind/);
    drain.cancel();
    await expect(drain.answer).rejects.toThrow('CANCELLED');
  });
});

describe('a person is asked', () => {
  test('about records that expired unread, with their number, and may accept the loss', async () => {
    const topic = nameOf('expired');
    await makeTopic(admin, topic);
    await send(there, topic, messages(10));
    await commit(admin, `${topic}.group`, topic, [4n]);
    await withKafkajsAdmin(async (kafkajs) => {
      // kafkajs must have met the topic before it can find its leader.
      await kafkajs.fetchTopicOffsets(topic);
      await kafkajs.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '7' }] });
    });
    const key = `expired-unread:${topic}.group:${topic}/0+3`;
    const asking = await watching(topic);
    expect(await asking.answer).toEqual({
      state: 'asks',
      findings: [
        {
          weight: 'asks',
          key,
          sentence: `${topic}.group lost 3 records of ${topic}/0: offsets 4 to 6 were deleted before the group committed them. They are on no cluster any more; accept the loss, or restore them from elsewhere first.`,
        },
      ],
    });
    const accepted = await watching(topic, { accepted: [key] });
    await accepted.says(/3 records behind on 1 partition/);
    await commit(admin, `${topic}.group`, topic, [10n]);
    expect(await accepted.answer).toMatchObject({ state: 'drained' });
  });

  test('about partitions with records that nobody committed', async () => {
    const topic = nameOf('uncommitted');
    await makeTopic(admin, topic, 3);
    await send(there, topic, [...messages(1), ...messages(2, 1), ...messages(3, 2)]);
    await commit(admin, `${topic}.group`, topic, [1n]);
    const key = `no-commit:${topic}.group:${topic}+5@6`;
    const asking = await watching(topic);
    expect(await asking.answer).toMatchObject({
      state: 'asks',
      findings: [
        {
          weight: 'asks',
          key,
          sentence: expect.stringContaining(
            `${topic}.group has committed nothing on ${topic}/1 offsets 0 to 1 (2 records) and ${topic}/2 offsets 0 to 2 (3 records)`,
          ),
        },
      ],
    });
    const accepted = await watching(topic, { accepted: [key] });
    expect(await accepted.answer).toMatchObject({
      state: 'drained',
      lag: [{ verdicts: { drained: 1, 'no-commit': 2 } }],
      sentence: expect.stringContaining(`Accepted: ${key}.`),
    });
  });

  test('about a topic that no group reads', async () => {
    const topic = nameOf('unread');
    await makeTopic(admin, topic);
    const asking = await watching(topic, { consumers: [] });
    expect(await asking.answer).toMatchObject({
      state: 'asks',
      findings: [{ weight: 'asks', key: `no-group:${topic}+0` }],
    });
    const accepted = await watching(topic, { consumers: [], accepted: [`no-group:${topic}+0`] });
    expect(await accepted.answer).toEqual({
      state: 'drained',
      lag: [],
      sentence: `No group of the migration reads the source. Accepted: no-group:${topic}+0.`,
    });
  });

  test('to mend a commit beyond the end', async () => {
    const topic = nameOf('beyond');
    await makeTopic(admin, topic);
    await send(there, topic, messages(3));
    await commit(admin, `${topic}.group`, topic, [8n]);
    const asking = await watching(topic);
    expect(await asking.answer).toMatchObject({
      state: 'asks',
      findings: [
        {
          weight: 'blocks',
          key: `beyond-end:${topic}.group:${topic}`,
          sentence: expect.stringContaining('committed offset 8 lies beyond the end 3'),
        },
      ],
    });
  });
});

describe('what contradicts the wait', () => {
  test('a record behind the frozen end, named with its partition, offset and time', async () => {
    const topic = nameOf('grew');
    await makeTopic(admin, topic, 2);
    await send(there, topic, messages(2));
    await commit(admin, `${topic}.group`, topic, [0n, 0n]);
    const drain = await watching(topic);
    await drain.says(/2 records behind/);
    const timestamp = Date.now() - 3_600_000;
    await send(there, topic, [{ value: 'late', partition: 1, timestamp: String(timestamp) }]);
    expect(await drain.answer).toEqual({
      state: 'grew',
      sentence: `The source was claimed to be quiet, and then records came to ${topic}/1 at offset 0, written at ${new Date(timestamp).toISOString()}: its end was frozen at 0. A producer still writes there.`,
    });
  });

  test('a topic that is deleted and created again', async () => {
    const topic = nameOf('recreated');
    const id = await makeTopic(admin, topic);
    await send(there, topic, messages(2));
    await commit(admin, `${topic}.group`, topic, [0n]);
    const drain = await watching(topic, { topicIds: { [topic]: id } });
    await drain.says(/2 records behind/);
    await admin.deleteTopics([{ name: topic, topicId: id }]);
    const again = await eventually(
      async () => makeTopic(admin, topic).catch(() => undefined),
      (topicId) => topicId !== undefined,
    );
    await expect(drain.answer).rejects.toMatchObject({
      type: 'Changed',
      message: expect.stringMatching(
        new RegExp(
          `The topic ${topic} (is no longer on source|on source was deleted and created again \\(its id was ${id} and is now ${again}\\))`,
        ),
      ),
    });
  });

  test('a partition that is added', async () => {
    const topic = nameOf('partitions');
    await makeTopic(admin, topic);
    await send(there, topic, messages(2));
    await commit(admin, `${topic}.group`, topic, [0n]);
    const drain = await watching(topic);
    await drain.says(/2 records behind/);
    await withKafkajsAdmin((kafkajs) => kafkajs.createPartitions({ topicPartitions: [{ topic, count: 2 }] }));
    await eventually(
      () => endsOf(topic),
      (ends) => ends.length === 2,
    );
    await commit(admin, `${topic}.group`, topic, [2n]);
    await expect(drain.answer).rejects.toMatchObject({
      type: 'Changed',
      message: expect.stringContaining(`The topic ${topic} on source had 1 partitions and has 2 now`),
    });
  });
});

describe('one look', () => {
  test('tells the verdict on every partition of every group, as far as the log goes now', async () => {
    const topic = nameOf('look');
    await makeTopic(admin, topic, 3);
    await send(there, topic, [...messages(1500), ...messages(2, 1)]);
    await commit(admin, `${topic}.a`, topic, [1500n, 2n]);
    await commit(admin, `${topic}.b`, topic, [100n]);
    const reading = await probeDrain(ferry, {
      readers: ['a', 'b'].map((of) => ({
        group: `${topic}.${of}`,
        topics: [topic],
        isolation: 'read_uncommitted' as const,
      })),
      topics: [topic],
    });
    expect(
      reading.groups.map(({ partitions }) =>
        partitions.map(({ committed, to, verdict }) => [committed, to, verdict.verdict, verdict.count]),
      ),
    ).toEqual([
      [
        [1500n, 1500n, 'drained', 0n],
        [2n, 2n, 'drained', 0n],
        [null, 0n, 'drained-empty', 0n],
      ],
      [
        [100n, 1500n, 'lagging', 1400n],
        [null, 2n, 'no-commit', 2n],
        [null, 0n, 'drained-empty', 0n],
      ],
    ]);
  });

  test('is cheap: what has been read of a log is not read again while nothing moves', async () => {
    const topic = nameOf('cheap');
    await makeTopic(admin, topic, 12);
    await sendInTransaction(
      there,
      topic,
      topic,
      Array.from({ length: 12 }, (_, partition) => messages(1, partition)).flat(),
      'commit',
    );
    for (const group of ['a', 'b'])
      await commit(
        admin,
        `${topic}.${group}`,
        topic,
        Array.from({ length: 12 }, () => (group === 'a' ? 0n : 1n)),
      );
    const cluster = openCluster('source', connectionOf(there, 'ferry'));
    const probe = new DrainProbe(cluster, {
      readers: ['a', 'b'].map((of) => ({
        group: `${topic}.${of}`,
        topics: [topic],
        isolation: 'read_committed' as const,
      })),
      topics: [topic],
      to: { [topic]: Array.from({ length: 12 }, () => '2') },
      frozen: true,
    });
    const first = await probe.look();
    expect(
      first.groups.map(({ partitions }) => new Set(partitions.map((one) => one.verdict.verdict))),
    ).toEqual([new Set(['lagging']), new Set(['drained-control-only'])]);
    const before = cluster.requests();
    expect(await probe.look()).toEqual(first);
    const asked = Object.entries(cluster.requests())
      .map(([name, amount]) => [name, amount - (before[name] ?? 0)] as const)
      .filter(([, amount]) => amount > 0);
    expect(Object.fromEntries(asked)).toEqual({ OffsetFetch: 1, ListOffsets: 3 });
    await cluster.close();
  });
});

test('a group of the new consumer protocol drains a topic like any other', async () => {
  const cluster = openCluster('target', connectionOf(lab.target, 'ferry'));
  const topic = nameOf('kip848');
  const group = `${topic}.group`;
  await makeTopic(cluster, topic);
  const consumer = consumeWithKip848(lab.target, topic, group);
  try {
    await eventually(
      async () => (await cluster.describeGroups([group])).get(group)?.value,
      (facts) => facts?.state === 'stable' && facts.members[0]?.assigned.length === 1,
    );
    await send(lab.target, topic, messages(40));
    const { watchDrain: onTarget } = drainActivities({ clusters: () => cluster });
    const drain = running(onTarget, {
      migration: migrationOf({ name: 'drain', topics: [{ name: topic }], consumers: [{ group }] }),
      sliceMs: 30_000,
      to: { [topic]: ['40'] },
      frozen: true,
    });
    expect(await drain.answer).toMatchObject({
      state: 'drained',
      lag: [{ group, verdicts: { drained: 1 } }],
    });
    expect(drain.heartbeats.map(({ says }) => says).join()).not.toContain('no member');
  } finally {
    await consumer.stop();
    await cluster.close();
  }
});

async function withKafkajsAdmin<T>(
  use: (kafkajs: ReturnType<ReturnType<LabCluster['kafkajs']>['admin']>) => Promise<T>,
): Promise<T> {
  const kafkajs = there.kafkajs('admin').admin();
  await kafkajs.connect();
  return use(kafkajs).finally(() => kafkajs.disconnect());
}
