import { afterEach, expect, jest, test } from '@jest/globals';
import { otherCommits } from '../../activities/retire/other-commits.js';
import {
  partitionKey,
  type Cluster,
  type Committed,
  type GroupListing,
  type Row,
} from '../../src/kafka/cluster.js';
import { CommitPending } from '../../src/kafka/commit-pending.js';
import { FerryError } from '../../src/migration/errors.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { migrationOf } from './migration-states.js';
import { clusterOf, Log } from './parity-log.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const log = new Log(
  Array.from({ length: 500 }, (_, value) => ({
    records: [{ timestamp: 0n, key: null, value: Buffer.from(String(value)), headers: [] }],
  })),
);
const topics = ['orders', 'refunds'];
const file = {
  topics: topics.map((name) => ({ name })),
  consumers: [{ group: 'billing', topics: ['orders'] }],
};
const nightly: GroupListing = { group: 'nightly', protocol: 'classic', state: 'empty' };
const refused = (type: 'Unreachable' | 'Unauthorized'): Row<never> => ({
  error: new FerryError(type, 'It is so.'),
});
const committed = (at: Record<string, bigint>): Row<Map<string, Committed>> => ({
  value: new Map(
    Object.entries(at).map(([topic, offset]) => [`${topic}/0`, { offset, leaderEpoch: -1, metadata: '' }]),
  ),
});

interface Case {
  listed?: GroupListing;
  file?: Partial<MigrationFile>;
  accepted?: string[];
}

type Asked = Parameters<Cluster['committedOffsets']>[1];
function partitionsOf(group: string, asked: Asked = []): string[] {
  return ('get' in asked ? (asked.get(group) ?? []) : asked).map(partitionKey);
}

async function found(row: Row<Map<string, Committed>>, options: Case = {}) {
  const { listed = nightly, accepted = [] } = options;
  const source = {
    ...clusterOf([log]),
    name: 'onprem',
    openTransactions: () => Promise.reject(new FerryError('Unsupported', 'It does not tell.')),
    // As a broker does: of the partitions that are asked for.
    committedOffsets: async (_, partitions) => {
      const asked = partitionsOf(listed.group, partitions);
      const value = new Map([...(row.value ?? [])].filter(([key]) => asked.includes(key)));
      return new Map([[listed.group, row.error ? row : { value }]]);
    },
  } satisfies Cluster;
  const findings = await otherCommits(
    { source, target: { name: 'aiven' } as Cluster },
    { migration: migrationOf({ ...file, ...options.file }), ends: {}, accepted },
    [listed],
    topics.map((topic) => ({ topic, partition: 0 })),
  );
  return findings.map(({ weight, key, sentence }) => ({ said: `${weight} ${key}`, sentence }));
}

test('what a group that came after the plan has not read is asked about, by its number', async () => {
  expect(await found(committed({ orders: 7n }))).toMatchObject([
    {
      said: 'asks unread:nightly:orders+493@500',
      sentence: expect.stringContaining('nightly has not read'),
    },
  ]);
  expect(await found(committed({ orders: 500n }))).toEqual([
    {
      said: 'notes other-commits:nightly',
      sentence:
        'nightly, which the migration does not name, has committed offsets on orders of onprem and has left nothing unread that would be lost; they go with the topic.',
    },
  ]);
  expect(await found(committed({}))).toEqual([]);
  expect(await found(committed({ orders: 501n }))).toMatchObject([
    { said: 'asks beyond-end:nightly:orders' },
  ]);
});

test('one that nobody has ever joined is asked about for both', async () => {
  const listed = { ...nightly, neverJoined: true } as const;
  expect(await found(committed({ orders: 7n }), { listed })).toMatchObject([
    { said: 'asks may-still-read:nightly' },
    { said: 'asks unread:nightly:orders+493@500' },
  ]);
});

test('who is left behind, by the file or by a person, is noted', async () => {
  const noted = [{ said: 'notes other-commits:nightly' }];
  const leaveBehind = { groups: ['nightly'] };
  for (const row of [committed({ orders: 7n }), refused('Unauthorized')]) {
    expect(await found(row, { file: { leaveBehind } })).toMatchObject(noted);
    expect(await found(row, { accepted: ['group-not-in-file:nightly'] })).toMatchObject(noted);
  }
});

test('what a mirror has brought to the target is noted', async () => {
  expect(await found(committed({ orders: 7n }), { file: { strategy: 'simpleMirroring' } })).toMatchObject([
    {
      said: 'notes unread:nightly:orders+493@500',
      sentence: expect.stringContaining('The mirror has brought them to aiven'),
    },
  ]);
});

test('a group of the file is known for its own topics alone', async () => {
  const listed: GroupListing = { ...nightly, group: 'billing' };
  expect(await found(committed({ orders: 7n }), { listed })).toEqual([]);
  const asked = [{ said: 'asks unread:billing:refunds+493@500' }];
  expect(await found(committed({ orders: 500n, refunds: 7n }), { listed })).toMatchObject(asked);
  // The plan did not know how much that would be.
  const accepted = ['group-topic-not-in-file:billing:refunds'];
  expect(await found(committed({ refunds: 7n }), { listed, accepted })).toMatchObject(asked);
  expect(await found(committed({ refunds: 500n }), { listed })).toMatchObject([
    { said: 'notes other-commits:billing' },
  ]);
});

test('what cannot be read is not taken for nothing', async () => {
  expect(await found(refused('Unauthorized'))).toMatchObject([{ said: 'asks commits-unknown:nightly' }]);
  // Each look at the clock is a minute later, so that nobody waits here.
  let now = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => (now += 60_000));
  await expect(found(refused('Unreachable'))).rejects.toThrow('It is so.');
  expect(await found({ error: new CommitPending('It is open.') })).toMatchObject([
    {
      said: 'blocks commits-unknown:nightly',
      sentence: expect.stringContaining('a transaction is open, and the brokers do not tell which'),
    },
  ]);
});
