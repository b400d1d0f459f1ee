import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { openConnect } from '../../src/connect/rest.js';
import { readConnectors } from '../../src/inventory/connectors.js';
import { innerTopicOf, kindOf, streamsGroupsOf } from '../../src/inventory/recognised.js';
import { readSamples } from '../../src/inventory/samples.js';
import { subjectsById } from '../../src/inventory/subjects.js';
import { scannedTopic, type SeenOfTopics } from '../../src/inventory/topics.js';
import type { Cluster, FetchedBatches, GroupListing, ProducerState, Row } from '../../src/kafka/cluster.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Registry } from '../../src/registry/registry.js';

describe('what belongs to an application', () => {
  it.each([
    ['shop-orders-store-changelog', 'streams'],
    ['shop-KSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition', 'streams'],
    ['other-store-changelog', null],
    ['_confluent-ksql-default_query_CTAS_1-Aggregate-changelog', 'ksqldb'],
    ['mm2-offset-syncs.target.internal', 'mirrormaker'],
    ['source.checkpoints.internal', 'mirrormaker'],
    ['source.heartbeats', 'mirrormaker'],
    ['prod-connect-offsets', 'connect'],
    ['__connect_offsets', 'connect'],
    ['orders', null],
  ])('topic %s: %s', (name, part) => {
    expect(innerTopicOf(name, ['shop'])).toBe(part);
  });

  const listing = (change: Partial<GroupListing>): GroupListing => ({
    group: 'g',
    protocol: 'classic',
    state: 'stable',
    ...change,
  });
  it.each([
    ['its inner topics', listing({ group: 'shop' }), [], 'streams'],
    ['its clients', listing({}), ['app-1f-StreamThread-1-consumer'], 'streams'],
    ['its protocol', listing({ protocol: 'streams' }), [], 'streams'],
    ['its name', listing({ group: 'connect-s3-sink' }), [], 'connect'],
    ['the clients of a sink', listing({}), ['connector-consumer-s3-sink-0'], 'connect'],
    ['ksqlDB', listing({ group: '_confluent-ksql-default_query_1' }), [], 'ksqldb'],
    ['workers', listing({ group: 'connect-cluster', coordinatesOther: true }), [], 'coordination'],
    ['MirrorMaker', listing({ group: 'source-mm2', coordinatesOther: true }), [], 'mirrormaker'],
    ['nothing', listing({}), ['consumer-g-1'], 'other'],
  ] as const)('group, by %s', (_, group, clients, kind) => {
    expect(kindOf(group, clients, new Set(['shop']))).toBe(kind);
  });

  it('by its name, an inner topic belongs to the group with the longest name before it', () => {
    const topics = ['shop-totals-store-changelog', 'shop-orders'];
    expect(streamsGroupsOf(topics, ['shop', 'shop-totals', 'other'])).toEqual(new Set(['shop-totals']));
    expect(streamsGroupsOf(topics, ['shop'])).toEqual(new Set(['shop']));
    expect(streamsGroupsOf(['shop-orders'], ['shop'])).toEqual(new Set());
  });

  it('a topic that ends as an inner one may be of an application whose group is not seen', () => {
    expect(innerTopicOf('shop-s-changelog', undefined)).toBe('streams');
    expect(innerTopicOf('shop-orders', undefined)).toBeNull();
  });
});

describe('a topic', () => {
  const facts = {
    ...{ name: 'orders', topicId: null, internal: false },
    partitions: [{ partition: 0, replicas: [1], leader: 1, leaderEpoch: 0, isr: [1] }],
  };
  const none = { unknown: 'not read' };
  const marks = new Map([['orders/0', { value: { logStart: 0n, highWatermark: 9n, lastStable: 9n } }]]);
  const seen: SeenOfTopics = {
    configs: { value: new Map([['orders', { value: [] }]]) },
    ...{ marks: { value: marks }, later: { value: marks }, seconds: 2 },
    ...{ oldest: none, sizes: none, producers: none, laterProducers: none, samples: none },
  };

  it.each([
    ['__orders', false, false],
    ['__consumer_offsets', true, true],
    // Brokers do not mark these.
    ['__remote_log_metadata', false, true],
    ['__amazon_msk_canary', false, true],
    ['__strimzi_store_topic', false, true],
    ['__KafkaCruiseControlPartitionMetricSamples', false, true],
    ['__remote_log_metadata_of_mine', false, false],
  ])("%s, which its broker calls internal: %s, is Kafka's own: %s", (name, internal, own) => {
    expect(scannedTopic({ ...facts, name, internal }, seen, []).internal).toBe(own);
  });

  it('of which a broker tells no policy is not known to be compacted or not', () => {
    expect(scannedTopic(facts, seen, []).compacted).toEqual({ unknown: 'its cleanup.policy is not told' });
  });

  it('that was looked at once has no rate', () => {
    expect(scannedTopic(facts, seen, []).rate).toEqual({ value: 0 });
    expect(scannedTopic(facts, { ...seen, seconds: 0 }, []).rate.unknown).toContain('no time passed');
  });

  const producer = (
    producerId: bigint,
    coordinatorEpoch: number,
    change: Partial<ProducerState> = {},
  ): ProducerState => ({
    ...{ producerId, producerEpoch: 0, lastSequence: 1, lastTimestamp: 5 },
    ...{ coordinatorEpoch, openTransactionStart: null, ...change },
  });

  it('has transactional producers by what its brokers know of them, also where none of their records is seen', () => {
    const producers = { value: new Map([['orders/0', { value: [producer(7n, 0), producer(8n, -1)] }]]) };
    expect(scannedTopic(facts, { ...seen, producers }, []).producers).toMatchObject({
      value: [
        { id: '7', transactional: true },
        { id: '8', transactional: false },
      ],
    });
  });

  describe('has as many writers as are proved to have been there at once', () => {
    const looked = (before: ProducerState[], after: ProducerState[], writers = 0) => {
      const rows = (value: ProducerState[]) => ({ value: new Map([['orders/0', { value }]]) });
      const sample = { records: 2, newest: { value: 5 }, schemaIds: [], transactional: [], writers };
      return scannedTopic(
        facts,
        {
          ...{ ...seen, producers: rows(before), laterProducers: rows(after) },
          samples: { value: new Map([['orders/0', { value: sample }]]) },
        },
        [],
      ).writers;
    };
    const [one, other] = [producer(7n, -1), producer(8n, -1)];
    const wrote = { lastTimestamp: 9 };

    it('where those that were known wrote again', () => {
      expect(looked([one, other], [producer(7n, -1, wrote), producer(8n, -1, wrote)])).toEqual({ value: 2 });
    });

    it('and not where one is there under the ids of two starts, or is started anew between the looks', () => {
      expect(looked([one, other], [one, producer(8n, -1, wrote)])).toEqual({ value: 1 });
      expect(looked([one], [producer(7n, -1, wrote), other])).toEqual({ value: 1 });
    });

    it('and not by the marker that ends the transaction of one that has died', () => {
      const open = producer(7n, 0, { openTransactionStart: 3n });
      const by = producer(8n, 0, wrote);
      expect(looked([open, other], [producer(7n, 1, wrote), by])).toEqual({ value: 1 });
      const next = producer(7n, 1, { ...wrote, openTransactionStart: 6n });
      expect(looked([open, other], [next, by])).toEqual({ value: 2 });
    });

    it('where they wrote in turn, whatever else is not known', () => {
      expect(looked([one], [one], 2)).toEqual({ value: 2 });
      const samples = { value: new Map([['orders/0', none]]) };
      expect(scannedTopic(facts, { ...seen, samples }, []).writers).toEqual(none);
    });
  });
});

describe('newest records', () => {
  const at = { topic: 'orders', partition: 0 };
  const marks = (logStart: bigint, end: bigint) =>
    new Map([['orders/0', { value: { logStart, highWatermark: end, lastStable: end } }]]);
  const batch = (
    offset: bigint,
    timestamp: bigint,
    value: Buffer | null = Buffer.from('plain'),
    key: Buffer | null = null,
  ) => {
    const bytes = Buffer.from(encodeBatch([{ timestamp, key, value, headers: [] }]));
    bytes.writeBigInt64BE(offset, 0);
    return bytes;
  };
  const fetching = (answers: (Buffer | FerryError)[]) => {
    const asked: bigint[] = [];
    const fetch: Cluster['fetch'] = async ([position]) => {
      asked.push(position?.offset ?? -1n);
      const next = answers.shift() ?? Buffer.alloc(0);
      const row: Row<FetchedBatches> =
        next instanceof FerryError
          ? { error: next }
          : {
              value: {
                watermarks: { logStart: 0n, highWatermark: 0n, lastStable: 0n },
                batches: next,
                aborted: [],
              },
            };
      return new Map([['orders/0', row]]);
    };
    return { asked, cluster: { fetch } };
  };

  it('are those before the end, with the ids that they carry', async () => {
    const id7 = Buffer.from([0, 0, 0, 0, 7, 1]);
    const { cluster, asked } = fetching([Buffer.concat([batch(90n, 5n), batch(99n, 9n, id7)])]);
    const samples = await readSamples(cluster, marks(0n, 100n), [at]);
    expect(samples.get('orders/0')).toEqual({
      value: { records: 2, newest: { value: 9 }, schemaIds: [7], transactional: [], writers: 0 },
    });
    expect(asked).toEqual([90n]);
  });

  it('are counted where their value could carry an id, or their key does', async () => {
    const id7 = Buffer.from([0, 0, 0, 0, 7, 1]);
    const key = Buffer.from('order-1');
    const silent = [batch(90n, 5n, null, key), batch(91n, 6n, Buffer.from('four')), batch(92n, 7n, null)];
    const seen = async (...batches: Buffer[]) =>
      (await readSamples(fetching([Buffer.concat(batches)]).cluster, marks(0n, 100n), [at])).get('orders/0');
    expect((await seen(...silent, batch(99n, 9n, null, key)))?.value).toMatchObject({
      ...{ records: 0, schemaIds: [], newest: { value: 9 } },
    });
    expect((await seen(...silent, batch(98n, 8n), batch(99n, 9n, null, id7)))?.value).toMatchObject({
      ...{ records: 2, schemaIds: [7] },
    });
  });

  it.each([
    ['in turn are two', [1n, 2n, 1n], 2],
    ['under one id after another may be one', [1n, 1n, 2n, 3n], 1],
    ['around two others are two', [1n, 2n, 3n, 1n], 2],
    ['without ids are not told apart', [-1n, 1n, -1n], 1],
  ])('of producers that write %s', async (_, ids, writers) => {
    const written = ids.map((id, at) => {
      const bytes = batch(90n + BigInt(at), 5n);
      bytes.writeBigInt64BE(id, 43);
      return bytes;
    });
    const samples = await readSamples(fetching([Buffer.concat(written)]).cluster, marks(0n, 100n), [at]);
    expect(samples.get('orders/0')?.value?.writers).toBe(writers);
  });

  it('are asked for again where an answer was cut off before the end', async () => {
    const { cluster, asked } = fetching([batch(90n, 5n), batch(99n, 9n)]);
    const samples = await readSamples(cluster, marks(0n, 100n), [at]);
    expect(samples.get('orders/0')?.value).toMatchObject({ records: 2, newest: { value: 9 } });
    expect(asked).toEqual([90n, 99n]);
  });

  it('are unknown after answers without records, and none where the log is empty', async () => {
    const silent = await readSamples(fetching([]).cluster, marks(0n, 1n), [at]);
    expect(silent.get('orders/0')?.unknown).toBe('its broker answered without the records that it has');
    const empty = await readSamples(fetching([]).cluster, marks(4n, 4n), [at]);
    expect(empty.get('orders/0')?.value?.newest).toEqual({ value: null });
  });

  it('are unknown with the reason where they may not be read', async () => {
    const refused = fetching([new FerryError('Unauthorized', 'It lacks READ.')]);
    const samples = await readSamples(refused.cluster, marks(0n, 1n), [at]);
    expect(samples.get('orders/0')).toEqual({ unknown: 'It lacks READ.' });
    expect(refused.asked).toHaveLength(1);
  });
});

it('subjects: unknown where a registry names none, or does not answer', async () => {
  const registry = {
    name: 'r',
    subjectsOf: async (id: number) => {
      if (id === 3) throw new FerryError('Unreachable', 'It did not answer.');
      // The credentials of a registry are its own: those of the cluster may be as good as ever.
      if (id === 4) throw new FerryError('Unauthenticated', 'It refused the credentials.');
      return id === 1 ? ['orders-value'] : [];
    },
  } as unknown as Registry;
  expect(await subjectsById(registry, [1, 2, 3, 4])).toEqual(
    new Map([
      [1, { value: ['orders-value'] }],
      [2, { unknown: 'registry "r" names no subject of id 2' }],
      [3, { unknown: 'It did not answer.' }],
      [4, { unknown: 'It refused the credentials.' }],
    ]),
  );
});

it('connectors: what they read or write, and nothing else of their configuration', async () => {
  const answers: Record<string, unknown> = {
    '/': { version: '4.0.0', commit: 'x', kafka_cluster_id: 'here' },
    '/connectors': ['files', 'mirror', 's3', 'silent'],
    '/connectors/files/status': { name: 'files', type: 'source', connector: { state: 'RUNNING' }, tasks: [] },
    '/connectors/s3/status': { name: 's3', type: 'sink', connector: { state: 'RUNNING' }, tasks: [] },
    '/connectors/mirror/config': { 'connector.class': 'MirrorSource', topics: 'there.*' },
    '/connectors/mirror/topics': { mirror: { topics: ['there.a'] } },
    '/connectors/mirror/status': {
      name: 'mirror',
      type: 'source',
      connector: { state: 'RUNNING' },
      tasks: [],
    },
    '/connectors/files/config': { 'connector.class': 'FileSource', password: 'secret' },
    '/connectors/files/topics': { files: { topics: ['b', 'a'] } },
    '/connectors/s3/config': { 'connector.class': 'S3Sink', topics: 'orders, refunds' },
    '/connectors/s3/topics': { s3: { topics: [] } },
  };
  const server = createServer((request, response) => {
    const found = answers[request.url ?? ''];
    response.writeHead(found === undefined ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { error_code: 500, message: 'x' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = openConnect('lab', { url: `http://127.0.0.1:${port}`, sourceClient: {}, targetClient: {} });
  expect(await readConnectors(connect, 'elsewhere')).toEqual({
    unknown: 'Kafka Connect "lab" lives on another cluster (id here), where its connectors read and write',
  });
  expect((await readConnectors(connect, 'here')).value).toEqual([
    { connect: 'lab', name: 'files', class: 'FileSource', type: 'source', topics: { value: ['a', 'b'] } },
    { connect: 'lab', name: 'mirror', class: 'MirrorSource', type: 'source', topics: { value: ['there.a'] } },
    {
      connect: 'lab',
      name: 's3',
      class: 'S3Sink',
      type: 'sink',
      group: 'connect-s3',
      topics: { value: ['orders', 'refunds'] },
    },
    {
      connect: 'lab',
      name: 'silent',
      class: 'unknown',
      type: 'unknown',
      topics: { unknown: expect.stringContaining('HTTP 500') },
    },
  ]);
  server.closeAllConnections();
  server.close();
});

it('connectors: unknown where Kafka Connect refuses the credentials', async () => {
  const server = createServer((_, response) => void response.writeHead(401).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = openConnect('lab', { url: `http://127.0.0.1:${port}`, sourceClient: {}, targetClient: {} });
  const seen = await readConnectors(connect, 'here').catch((error: unknown) => error);
  server.closeAllConnections();
  server.close();
  expect(seen).toEqual({ unknown: expect.stringContaining("refused the ferry's user") });
});
