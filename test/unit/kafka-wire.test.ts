import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { WireReader } from '../../src/kafka/wire/reader.js';
import { assignedPartitions, subscribedTopics } from '../../src/kafka/wire/consumer-protocol.js';
import type { BrokerAssignedGroup } from '../../src/kafka/wire/consumer-group-describe-v0.js';
import type { ClassicGroup } from '../../src/kafka/wire/describe-groups-v5.js';
import type { CreateTopicsResponse } from '../../src/kafka/wire/create-topics-v7.js';
import type { DeleteTopicsResponse } from '../../src/kafka/wire/delete-topics-v6.js';
import { wholeBatches } from '../../src/kafka/records/whole-batches.js';
import type { FetchResponse } from '../../src/kafka/wire/fetch-v12.js';
import type { MetadataResponse } from '../../src/kafka/wire/metadata.js';
import type { ProduceResponse } from '../../src/kafka/wire/produce-v9.js';
import type { ClientQuotas } from '../../src/kafka/wire/describe-client-quotas-v1.js';
import type { LogDirs } from '../../src/kafka/wire/describe-log-dirs-v4.js';
import type { ShareGroupOffsets } from '../../src/kafka/wire/describe-share-group-offsets-v1.js';
import type { ShareGroupState } from '../../src/kafka/wire/share-group-describe-v1.js';
import type { StreamsGroup } from '../../src/kafka/wire/streams-group-describe-v0.js';
import { acl, exchanges, mirror } from './kafka-exchanges.js';
import type { Captured } from './kafka-exchanges.js';

const ok = 0;
const zero = { topic: 'orders', partition: 0 };
const one = { topic: 'orders', partition: 1 };
const missing = { topic: 'missing', partition: 0 };
const strangerId = 'AAAAAAAAAAAAAAAAAAAACQ';

/** Which exchanges a broker of that age has no version for, or was not asked when it was captured. */
const unspoken: Record<string, string[]> = {
  '2.8.2': [
    'metadata by name, 12',
    'metadata by id, 12',
    'find coordinator, 4',
    'find coordinator of a transactional id, 4',
    'list groups, 5',
    'describe KIP-848 groups',
    'describe share groups',
    'offsets of share groups',
    'describe streams groups',
    'list transactions',
    'describe transactions',
    'committed, 8',
    'describe log dirs',
    'describe client quotas',
  ],
  '3.9.1': ['describe share groups', 'offsets of share groups', 'describe streams groups'],
  '4.2.0': [],
  '4.3.1': [
    'describe share groups',
    'offsets of share groups',
    'describe streams groups',
    'describe log dirs',
    'describe client quotas',
  ],
};

/** What was captured of a broker, by the names of the exchanges. */
function broker(version: string) {
  const file = new URL(`./fixtures/kafka/${version}.json`, import.meta.url);
  const { topicId, exchanges: captured } = JSON.parse(readFileSync(file, 'utf8')) as Captured;
  const exchangeOf = (name: string) => {
    const exchange = exchanges.find((exchange) => exchange.name === name);
    const bytes = captured[name];
    if (!exchange || !bytes) throw new Error(`nothing was captured under the name ${name}`);
    return { ...exchange, bytes };
  };
  const answer = <T>(name: string): T => {
    const { api, bytes } = exchangeOf(name);
    const reader = new WireReader(Buffer.from(bytes.response, 'base64'));
    const response = api.decode(reader);
    expect(reader.remaining).toBe(0);
    return response as T;
  };
  /** Brokers answer in any order. */
  const rows = (name: string) => [...answer<{ topic?: string; group?: string }[]>(name)].sort(byName);
  return { topicId, captured, exchangeOf, answer, rows };
}

test('log dirs: what each replica takes', () => {
  const { code, dirs } = broker('3.9.1').answer<LogDirs>('describe log dirs');
  expect(code).toBe(ok);
  expect(dirs.map((dir) => dir.code)).toEqual([ok]);
  expect(dirs.flatMap((dir) => dir.partitions).sort((a, b) => a.partition - b.partition)).toEqual([
    { ...zero, bytes: 232n, future: false },
    { ...one, bytes: 294n, future: false },
  ]);
});

test('quotas: of whom, and how much', () => {
  expect(broker('3.9.1').answer<ClientQuotas>('describe client quotas')).toEqual({
    code: ok,
    entries: [
      {
        entity: expect.arrayContaining([
          { type: 'user', name: 'somebody' },
          { type: 'client-id', name: 'reader' },
        ]),
        values: expect.arrayContaining([
          { key: 'producer_byte_rate', value: 1_000_000 },
          { key: 'request_percentage', value: 12.5 },
        ]),
      },
    ],
  });
});

describe.each(Object.keys(unspoken))('the bytes of Kafka %s', (version) => {
  const { topicId, captured, exchangeOf, answer, rows } = broker(version);
  const spoken = exchanges.filter(({ name }) => !unspoken[version]?.includes(name)).map(({ name }) => name);

  test.each(spoken)('%s: sent as it was when the broker understood it, and read to the last byte', (name) => {
    const { api, request, bytes } = exchangeOf(name);
    expect(api.encode(request(topicId) as never).buffer.toString('base64')).toBe(bytes.request);
    answer(name);
  });

  test('the captures are of every exchange that this broker speaks', () => {
    expect(Object.keys(captured)).toEqual(spoken);
  });

  const metadata = spoken.filter((name) => name.startsWith('metadata by name'));
  test.each(metadata)('%s', (name) => {
    const { brokers, clusterId, topics } = answer<MetadataResponse>(name);
    expect(brokers).toMatchObject([{ id: 1, host: '127.0.0.1', rack: null }]);
    expect(clusterId).toMatch(/^[\w-]{22}$/);
    const orders = topics.find(({ name }) => name === 'orders');
    expect(orders).toMatchObject({ code: ok, topicId, internal: false });
    expect(orders?.partitions.map(({ partition }) => partition).sort()).toEqual([0, 1]);
    expect(orders?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] });
    expect(topics.find(({ name }) => name === 'missing')).toMatchObject({ code: 3, topicId: null });
  });

  test('offsets: log start, high watermark and, held back by an open transaction, last stable', () => {
    const offsets = (name: string) => rows(name).map((row) => 'offset' in row && row.offset);
    expect(offsets('log start')).toEqual([0n, 0n]);
    expect(rows('high watermark')).toMatchObject([
      { ...missing, code: 3 },
      { ...zero, code: ok, offset: 3n },
      { ...one, code: ok, offset: 3n },
    ]);
    expect(offsets('last stable offset')).toEqual([3n, 2n]);
  });

  test('fetch: whole batches, and what was aborted', () => {
    const { code, partitions } = answer<FetchResponse>('fetch committed');
    expect(code).toBe(ok);
    expect(partitions).toMatchObject([
      { ...zero, code: ok, logStart: 0n, highWatermark: 3n, lastStable: 3n, aborted: [] },
      { ...one, code: ok, logStart: 0n, highWatermark: 3n, lastStable: 2n, aborted: [{ firstOffset: 0n }] },
    ]);
    const [plain, aborted] = partitions.map(({ records }) => records);
    const asked = { from: 0n, place: 'orders/0' };
    expect(plain && wholeBatches(plain, asked)).toEqual(plain);
    // The aborted record and the marker that says so; the open transaction begins at 2.
    expect(aborted && wholeBatches(aborted, { ...asked, until: 1n }).length).toBe(
      Number(aborted?.readInt32BE(8)) + 12,
    );
    expect(aborted && wholeBatches(aborted, { ...asked, until: 2n })).toEqual(aborted);
    expect(aborted && wholeBatches(aborted.subarray(0, -1), asked)).toEqual(
      aborted && wholeBatches(aborted, { ...asked, until: 1n }),
    );
    expect(answer<FetchResponse>('fetch out of range').partitions).toMatchObject([{ ...zero, code: 1 }]);
  });

  test('a writer of a transactional id: its producer id, and what an empty transaction takes', () => {
    expect(answer('init producer id')).toEqual({ code: ok, producerId: mirror.producerId, producerEpoch: 0 });
    expect(answer('find coordinator of a transactional id, 3')).toEqual({ code: ok, node: 1 });
    // One that is refused keeps the others from being tried.
    expect(rows('add partitions, one missing')).toMatchObject([
      { ...missing, code: 3 },
      { ...zero, code: 55 },
      { ...one, code: 55 },
    ]);
    expect(rows('add partitions')).toMatchObject([
      { ...zero, code: ok },
      { ...one, code: ok },
    ]);
    expect(answer('end transaction')).toEqual({ code: ok });
    expect(answer('end transaction, stranger')).toEqual({ code: 49 });
  });

  test('produce: where a batch was stored, and why one was not', () => {
    const { partitions, throttleMs } = answer<ProduceResponse>('produce');
    expect(throttleMs).toBe(0);
    expect([...partitions].sort(byName)).toEqual([
      { ...missing, code: 3, baseOffset: -1n },
      { ...zero, code: ok, baseOffset: 4n },
    ]);
    expect(answer<ProduceResponse>('produce out of sequence').partitions).toMatchObject([
      { ...zero, code: 45 },
    ]);
  });

  test('a classic group: what its member subscribes to and was given', () => {
    const groups = new Map(answer<ClassicGroup[]>('describe groups').map((group) => [group.group, group]));
    const live = groups.get('live');
    expect(live).toMatchObject({ code: ok, state: 'Stable', protocolType: 'consumer' });
    expect(live?.members).toMatchObject([{ clientId: 'reader', host: '/127.0.0.1' }]);
    const [member] = live?.members ?? [];
    expect(subscribedTopics(member?.metadata ?? Buffer.alloc(0))).toEqual(['orders']);
    expect(assignedPartitions(member?.assignment ?? Buffer.alloc(0))).toEqual(
      expect.arrayContaining([zero, one]),
    );
    expect(groups.get('unheard-of')).toMatchObject({ state: 'Dead', members: [] });
  });

  const listings = spoken.filter((name) => name.startsWith('list groups'));
  test.each(listings)('%s', (name) => {
    const { groups } = answer<{ groups: { group: string; type: string; state: string }[] }>(name);
    expect(groups).toContainEqual(
      expect.objectContaining({ group: 'live', state: 'Stable', protocolType: 'consumer' }),
    );
    expect(groups.find(({ group }) => group === 'live')?.type.toLowerCase()).toBe('classic');
  });

  test('commits: taken, refused while the group lives, read back, pending in a transaction', () => {
    expect(rows('commit')).toEqual([
      { ...missing, code: 3 },
      { ...zero, code: ok },
    ]);
    expect(rows('commit into a live group')).toEqual([{ ...zero, code: 25 }]);
    const known = { offset: 2n ** 40n, leaderEpoch: -1, metadata: 'far', code: ok };
    const none = { offset: -1n, leaderEpoch: -1, metadata: '', code: ok };
    expect(answer('committed, 7')).toEqual({
      code: ok,
      offsets: [
        { ...zero, ...known },
        { ...one, ...none },
      ],
    });
    expect(answer('pending commit')).toMatchObject({ code: ok, offsets: [{ ...zero, code: 88 }] });
    expect(answer('delete offsets')).toEqual({ code: ok, partitions: [{ ...zero, code: ok }] });
    expect(answer('delete offsets of a live group')).toMatchObject({ partitions: [{ ...zero, code: 86 }] });
    expect(rows('delete groups')).toEqual([
      { group: 'live', code: 68 },
      { group: 'unheard-of', code: 69 },
    ]);
  });

  test('producers of a partition, and where an open transaction begins', () => {
    expect(rows('producers')).toMatchObject([
      { ...missing, code: 3, producers: [] },
      { ...zero, code: ok, producers: [] },
      { ...one, code: ok, producers: [{ producerEpoch: 0, lastSequence: 1, openTransactionStart: 2n }] },
    ]);
  });

  test('topics, configurations and ACLs', () => {
    expect(answer('find coordinator, 3')).toEqual({ code: ok, node: 1 });
    const [configs] = answer<{ entries: object[] }[]>('describe configs');
    expect(configs?.entries).toContainEqual({
      name: 'retention.ms',
      value: '3600000',
      source: 1,
      readOnly: false,
      sensitive: false,
    });
    expect(answer('alter configs')).toEqual(
      expect.arrayContaining([
        { name: 'orders', code: ok },
        { name: 'missing', code: 3 },
      ]),
    );
    expect(answer('describe ACLs')).toEqual({ code: ok, acls: [acl] });
    expect(answer('create ACLs')).toEqual([ok]);
    expect(answer('delete ACLs')).toEqual([
      { code: ok, matching: [{ code: ok, acl }] },
      { code: ok, matching: [] },
    ]);
    expect(answer<CreateTopicsResponse>('create topics').topics).toMatchObject([
      { name: 'made', code: ok },
      { name: 'orders', code: 36 },
    ]);
    const deleted = answer<DeleteTopicsResponse>('delete topics').topics;
    expect(deleted).toHaveLength(3);
    expect(deleted).toEqual(
      expect.arrayContaining([
        { name: 'orders', topicId, code: ok },
        { name: null, topicId: strangerId, code: 100 },
        { name: 'missing', topicId: null, code: 3 },
      ]),
    );
  });
});

describe.each(Object.keys(unspoken))('every answer of Kafka %s', (version) => {
  const { captured, exchangeOf } = broker(version);

  test.each(Object.keys(captured))('says how long a quota holds back, and else is the same: %s', (name) => {
    const { api, bytes } = exchangeOf(name);
    const response = Buffer.from(bytes.response, 'base64');
    const reader = new WireReader(response);
    const places: number[] = [];
    const readThrottle = reader.readThrottle.bind(reader);
    reader.readThrottle = () => {
      places.push(response.length - reader.remaining);
      return readThrottle();
    };
    const plain = api.decode(reader);
    expect(reader.throttleMs).toBe(0);
    expect(places).toHaveLength(1);
    response.writeInt32BE(1234, places[0]);
    const throttled = new WireReader(response);
    const again = api.decode(throttled);
    expect(throttled.throttleMs).toBe(1234);
    expect(again).toEqual(told(plain) ? { ...plain, throttleMs: 1234 } : plain);
  });
});

/** Answers whose throttling decides what to ask again, and when. */
const told = (response: unknown): response is { throttleMs: number } =>
  typeof response === 'object' && response !== null && 'throttleMs' in response;

describe.each(['3.9.1', '4.2.0', '4.3.1'])('what Kafka %s speaks that 2.8 did not', (version) => {
  const { topicId, answer, rows } = broker(version);

  test('a topic is found by its id', () => {
    const { topics } = answer<MetadataResponse>('metadata by id, 12');
    expect(topics.map(({ code, name, topicId }) => ({ code, name, topicId }))).toEqual(
      expect.arrayContaining([
        { code: ok, name: 'orders', topicId },
        { code: 100, name: null, topicId: strangerId },
      ]),
    );
  });

  test('one request names many groups', () => {
    expect(rows('committed, 8')).toMatchObject([
      { group: 'billing', code: ok, offsets: [{ offset: 2n ** 40n }, { offset: -1n }] },
      { group: 'unheard-of', code: ok, offsets: [] },
    ]);
    expect(answer('find coordinator, 4')).toEqual([
      { key: 'billing', node: 1, code: ok },
      { key: 'live', node: 1, code: ok },
    ]);
  });

  test('open transactions are known by name', () => {
    expect(answer('list transactions')).toEqual({ code: ok, transactionalIds: ['payments'] });
    const [payments, unheardOf] = answer<{ partitions: object[] }[]>('describe transactions');
    expect(payments).toMatchObject({ code: ok, transactionalId: 'payments', state: 'Ongoing' });
    expect(payments?.partitions).toContainEqual(one);
    expect(unheardOf).toMatchObject({ code: 105, transactionalId: 'unheard-of' });
  });

  test('a group of the classic protocol is not found in the new one', () => {
    expect(answer('describe KIP-848 groups')).toContainEqual(
      expect.objectContaining({ group: 'live', code: 69, members: [] }),
    );
  });
});

test('a KIP-848 group of Kafka 4.3.1 has members with what they subscribe to and were given', () => {
  const groups = broker('4.3.1').answer<BrokerAssignedGroup[]>('describe KIP-848 groups');
  const modern = groups.find(({ group }) => group === 'modern');
  expect(modern).toMatchObject({ code: ok, state: 'Stable', members: [{ subscribed: ['orders'] }] });
  expect(modern?.members[0]?.assigned).toEqual(expect.arrayContaining([zero, one]));
});

test('a share group of Kafka 4.2.0 has members with what they read, and where the group begins to', () => {
  const { answer } = broker('4.2.0');
  const groups = answer<ShareGroupState[]>('describe share groups');
  const [member] = groups.find(({ group }) => group === 'sharing')?.members ?? [];
  expect(groups).toContainEqual(expect.objectContaining({ group: 'sharing', code: ok, state: 'Stable' }));
  expect(groups).toContainEqual(expect.objectContaining({ group: 'unheard-of', code: 69, members: [] }));
  expect(member?.subscribed).toEqual(['orders']);
  expect(member?.assigned).toEqual(expect.arrayContaining([zero, one]));
  const offsets = answer<ShareGroupOffsets[]>('offsets of share groups');
  expect(offsets.find(({ group }) => group === 'sharing')).toMatchObject({ code: ok });
  expect(offsets.find(({ group }) => group === 'sharing')?.offsets).toEqual(
    expect.arrayContaining([expect.objectContaining({ ...zero, code: ok })]),
  );
});

test('a group of Kafka Streams of Kafka 4.2.0 has what its application reads, and members with tasks of it', () => {
  const groups = broker('4.2.0').answer<StreamsGroup[]>('describe streams groups');
  expect(groups).toContainEqual(
    expect.objectContaining({ group: 'unheard-of', code: 69, subtopologies: [], members: [] }),
  );
  const streaming = groups.find(({ group }) => group === 'streaming');
  expect(streaming).toMatchObject({
    code: ok,
    state: 'Stable',
    subtopologies: [{ sourceTopics: ['orders'] }],
  });
  const [{ id } = { id: '' }] = streaming?.subtopologies ?? [];
  const [member] = streaming?.members ?? [];
  expect(member?.active).toMatchObject([{ subtopology: id }]);
  expect(member?.active[0]?.partitions.toSorted()).toEqual([0, 1]);
});

test('tagged fields that a newer broker adds are passed over', () => {
  // Two fields: tag 0 with 3 bytes, tag 200 with none; then an INT16.
  const bytes = Buffer.from([2, 0, 3, 9, 9, 9, 0xc8, 0x01, 0, 0, 7]);
  const reader = new WireReader(bytes);
  reader.readTaggedFields();
  expect(reader.readInt16()).toBe(7);
});

test.each([0x7fffffff, 8, -2, -0x80000000])('an array of %d elements in five bytes is none', (count) => {
  const bytes = Buffer.alloc(5);
  bytes.writeInt32BE(count);
  const read = jest.fn();
  expect(() => new WireReader(bytes).readArray(read, false, false)).toThrow(RangeError);
  expect(read).not.toHaveBeenCalled();
});

test('members that have said nothing yet have no topics', () => {
  expect(subscribedTopics(Buffer.alloc(0))).toEqual([]);
  expect(assignedPartitions(Buffer.alloc(0))).toEqual([]);
});

function byName(a: { topic?: string; group?: string }, b: { topic?: string; group?: string }): number {
  const key = (row: object) =>
    `${'topic' in row ? String(row.topic) : ''}${'group' in row ? String(row.group) : ''}${'partition' in row ? String(row.partition) : ''}`;
  return key(a).localeCompare(key(b));
}
