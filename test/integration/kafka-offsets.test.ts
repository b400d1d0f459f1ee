import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { coalesced } from '../../src/kafka/coalesced.js';
import { openCluster } from '../../src/kafka/open.js';
import { sharedLab } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { connectionOf, run } from './kafka-cluster.js';

let lab: Lab;
beforeAll(async () => {
  lab = await sharedLab();
});

describe.each(['source', 'target'] as const)('offsets and batches of the %s cluster', (name) => {
  let there: LabCluster;
  let cluster: Cluster;
  beforeAll(() => {
    there = lab[name];
    cluster = openCluster(name, connectionOf(there, 'admin'));
  });
  afterAll(() => cluster.close());

  const create = (topic: string, partitions = 1) =>
    cluster.createTopics([
      // Records of some of these tests claim to be of long ago, and retention goes by that.
      { name: topic, partitions, replicationFactor: 1, config: { 'retention.ms': '-1' } },
    ]);
  const transactional = (transactionalId: string) =>
    there.kafkajs('admin').producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
  /** One batch per call. */
  const send = async (topic: string, ...batches: { value: string; timestamp?: string }[][]) => {
    const producer = there.kafkajs('admin').producer();
    await producer.connect();
    for (const messages of batches) await producer.send({ topic, messages });
    await producer.disconnect();
  };

  test('an open transaction holds back the last stable offset and is named', async () => {
    const topic = `offsets.${run}.${name}.open`;
    const first = { topic, partition: 0 };
    const key = `${topic}/0`;
    await create(topic);
    await send(topic, [{ value: 'a' }, { value: 'b' }]);
    const producer = transactional(`${topic}.id`);
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: 'c' }] });
      expect((await cluster.watermarks([first])).get(key)?.value).toEqual({
        logStart: 0n,
        highWatermark: 3n,
        lastStable: 2n,
      });
      const [open] = await cluster.openTransactions([topic]);
      expect(open).toMatchObject({ transactionalId: `${topic}.id`, state: 'Ongoing', partitions: [first] });
      expect(await cluster.openTransactions(['offsets.nowhere'])).toEqual([]);
      const [state] = (await cluster.producers([first])).get(key)?.value ?? [];
      expect(state).toMatchObject({
        ...{ producerId: open?.producerId, openTransactionStart: 2n },
        // It has ended no transaction here so far.
        coordinatorEpoch: -1,
      });

      await transaction.abort();
      const closed = await eventually(
        async () => (await cluster.watermarks([first])).get(key)?.value,
        // What the last stable offset is before the marker is not ahead of it.
        (watermarks) => (watermarks?.lastStable ?? 0n) > 3n,
      );
      expect(closed).toEqual({ logStart: 0n, highWatermark: 4n, lastStable: 4n });
      expect(await cluster.openTransactions([topic])).toEqual([]);
      const [ended] = (await cluster.producers([first])).get(key)?.value ?? [];
      expect(ended?.openTransactionStart).toBeNull();
      expect(ended?.coordinatorEpoch).toBeGreaterThanOrEqual(0);
    } finally {
      await producer.disconnect();
    }

    const options = { maxBytes: 1_000_000, maxWaitMs: 500 };
    const from = [{ ...first, offset: 0n }];
    const fetched = (await cluster.fetch(from, { ...options, isolation: 'committed' })).get(key)?.value;
    expect(fetched?.aborted.map(({ firstOffset }) => firstOffset)).toEqual([2n]);
    expect(fetched?.watermarks.highWatermark).toBe(4n);
    const all = (await cluster.fetch(from, { ...options, isolation: 'uncommitted' })).get(key)?.value;
    expect(all?.aborted).toEqual([]);
    expect(all?.batches).toEqual(fetched?.batches);
  });

  test('batches come whole and end before the offset named', async () => {
    const topic = `offsets.${run}.${name}.batches`;
    await create(topic, 2);
    await send(
      topic,
      ...['a', 'b', 'c'].map((value) => Array.from({ length: 2 }, () => ({ value, partition: 0 }))),
    );
    const fetch = async (offset: bigint, until?: bigint, maxBytes = 100_000) => {
      const position = { topic, partition: 0, offset, ...(until !== undefined && { until }) };
      const rows = await cluster.fetch([position], { isolation: 'uncommitted', maxBytes, maxWaitMs: 500 });
      return baseOffsets(rows.get(`${topic}/0`)?.value?.batches ?? Buffer.alloc(0));
    };
    expect(await fetch(0n)).toEqual([0n, 2n, 4n]);
    expect(await fetch(3n)).toEqual([2n, 4n]);
    expect(await fetch(0n, 4n)).toEqual([0n, 2n]);
    // The first batch comes even when it is larger than allowed, else nobody would get past it.
    expect(await fetch(2n, undefined, 10)).toEqual([2n]);
    expect(await fetch(6n)).toEqual([]);

    const beyond = await cluster.fetch([{ topic, partition: 0, offset: 99n }], {
      isolation: 'uncommitted',
      maxBytes: 1000,
      maxWaitMs: 1,
    });
    expect(beyond.get(`${topic}/0`)?.error?.type).toBe('Changed');
  });

  test('waiting for records ends when the caller gives up', async () => {
    const topic = `offsets.${run}.${name}.abandoned`;
    await create(topic);
    const given = new AbortController();
    const fetch = (options: { maxWaitMs: number; mirror?: string; signal?: AbortSignal }) =>
      cluster.fetch([{ topic, partition: 0, offset: 0n }], {
        isolation: 'committed',
        maxBytes: 1000,
        ...options,
      });
    const waiting = fetch({ maxWaitMs: 20_000, signal: given.signal }).then(
      () => 'waited',
      ({ message }: Error) => message,
    );
    const waitsFiveSeconds = fetch({ maxWaitMs: 5_000, mirror: 'beside' }).then(() => 'ended before');
    given.abort(new Error('no more'));
    expect(await Promise.race([waiting, waitsFiveSeconds])).toBe('no more');
    await send(topic, [{ value: 'ends it' }]);
    expect(await waitsFiveSeconds).toBe('ended before');
    await cluster.closeMirror('beside');
  });

  test('finds the first offset at or after a time', async () => {
    const topic = `offsets.${run}.${name}.times`;
    await create(topic);
    await send(topic, [
      { value: 'a', timestamp: '1700000000000' },
      { value: 'b', timestamp: '1700000001000' },
    ]);
    const at = async (time: number) =>
      (await cluster.offsetsAtTime([{ topic, partition: 0 }], time)).get(`${topic}/0`)?.value;
    expect(await at(1700000000500)).toEqual({ offset: 1n, timestamp: 1700000001000 });
    expect(await at(1700000001001)).toBeNull();
  });

  test('requests grow with brokers and not with partitions', async () => {
    const topic = `offsets.${run}.${name}.many`;
    await create(topic, 50);
    const partitions = Array.from({ length: 51 }, (_, partition) => ({ topic, partition }));
    // A broker that has just become the leader may ask to be asked again.
    await cluster.watermarks(partitions.slice(0, 50));
    const before = cluster.requests()['ListOffsets'] ?? 0;
    const rows = await cluster.watermarks(partitions.slice(0, 50));
    expect([...rows.values()].every(({ value }) => value?.highWatermark === 0n)).toBe(true);
    expect(cluster.requests()['ListOffsets']).toBe(before + 3);
    expect((await cluster.watermarks(partitions)).get(`${topic}/50`)?.error?.type).toBe('NotFound');
  });

  test('many callers at once cost the requests of one', async () => {
    const topics = ['one', 'two', 'three'].map((last) => `offsets.${run}.${name}.shared.${last}`);
    await Promise.all(topics.map((topic) => create(topic, 2)));
    const partitionsOf = (topic: string) => [0, 1].map((partition) => ({ topic, partition }));
    await Promise.all(
      topics.map((topic) =>
        cluster.commitOffsets(
          `${topic}.group`,
          partitionsOf(topic).map((of) => ({ ...of, offset: 1n })),
        ),
      ),
    );
    const together = coalesced(cluster);
    await together.watermarks(topics.flatMap(partitionsOf));
    await together.describeGroups(topics.map((topic) => `${topic}.group`));
    const before = cluster.requests();
    const answers = await Promise.all(
      Array.from({ length: 99 }, async (_, index) => {
        const topic = topics[index % 3]!;
        const group = `${topic}.group`;
        const [watermarks, committed, groups, found] = await Promise.all([
          together.watermarks(partitionsOf(topic)),
          together.committedOffsets([group], partitionsOf(topic).slice(1)),
          together.describeGroups([group]),
          together.topics([topic]),
        ]);
        return [
          [...watermarks.keys()],
          [...(committed.get(group)?.value?.keys() ?? [])],
          [...groups.keys()],
          [...found.keys()],
        ];
      }),
    );
    answers.forEach((answer, index) => {
      const topic = topics[index % 3]!;
      expect(answer).toEqual([[`${topic}/0`, `${topic}/1`], [`${topic}/1`], [`${topic}.group`], [topic]]);
    });
    const after = cluster.requests();
    const spent = (api: string) => (after[api] ?? 0) - (before[api] ?? 0);
    expect(['ListOffsets', 'OffsetFetch', 'DescribeGroups', 'Metadata'].map(spent)).toEqual([3, 1, 1, 1]);
  });
});

function baseOffsets(batches: Buffer): bigint[] {
  const offsets: bigint[] = [];
  for (let at = 0; at < batches.length; at += 12 + batches.readInt32BE(at + 8))
    offsets.push(batches.readBigInt64BE(at));
  return offsets;
}
