import { describe, expect, it } from '@jest/globals';
import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import { facts, marks, scanOf, scannedCluster } from './scanned-cluster.js';

const refuses = (type: 'Unauthenticated' | 'Unauthorized', message: string) => async () => {
  throw new FerryError(type, message);
};

describe('a scan', () => {
  it('ends where the cluster itself refuses the credentials', async () => {
    const expired = scannedCluster([], {}, { groups: refuses('Unauthenticated', 'The token has expired.') });
    await expect(scanOf(expired)).rejects.toMatchObject({ type: 'Unauthenticated' });
  });

  const listed = (...groups: string[]) => ({
    groups: async () =>
      groups.map((group) => ({ group, protocol: 'classic' as const, state: 'empty' as const })),
  });

  it('tells a plain group from an application whose name begins with its own', async () => {
    const topics = [facts('shop-totals-store-changelog')];
    const { groups } = await scanOf(scannedCluster(topics, {}, listed('shop', 'shop-totals')));
    expect(groups.value?.map(({ group, kind }) => [group, kind])).toEqual([
      ['shop', 'other'],
      ['shop-totals', 'streams'],
    ]);
  });

  it('takes a topic that ends as an inner one for one where groups are not known', async () => {
    const topics = [facts('shop-s-changelog'), facts('orders')];
    const groups = refuses('Unauthorized', 'It lacks DESCRIBE.');
    const seen = await scanOf(scannedCluster(topics, {}, { groups }));
    expect(seen.topics.map(({ name, partOf }) => [name, partOf])).toEqual([
      ['orders', null],
      ['shop-s-changelog', 'streams'],
    ]);
    const all = await scanOf(scannedCluster(topics, {}, listed('other')));
    expect(all.topics.map(({ partOf }) => partOf)).toEqual([null, null]);
  });

  describe('of how far a group is behind', () => {
    const ends = { 'orders/0': marks(1_000n), 'orders/1': marks(1_000n), 'refunds/0': marks(5n) };
    const topics = [facts('orders', 3), facts('refunds'), facts('empty')];
    const reading = async (
      commits: Record<string, bigint>,
      subscribed: string[] = [],
      glob?: string,
      subscribedPattern?: string,
    ) => {
      const committed = new Map(
        Object.entries(commits).map(([key, offset]) => [key, { offset, leaderEpoch: -1, metadata: '' }]),
      );
      const member = {
        ...{ memberId: 'm', clientId: 'c', host: 'h', assigned: [], subscribed },
        ...(subscribedPattern !== undefined && { subscribedPattern }),
      };
      const { groups } = await scanOf(
        scannedCluster(topics, ends, {
          ...listed('billing'),
          describeGroups: async () =>
            new Map([
              [
                'billing',
                { value: { group: 'billing', protocol: 'classic', state: 'stable', members: [member] } },
              ],
            ]),
          committedOffsets: async () => new Map([['billing', { value: committed }]]),
        }),
        glob,
      );
      return groups.value?.[0]?.committed.value;
    };
    const nothingOn = (partitions: string) => ({
      unknown: `the group has committed nothing on ${partitions} with records`,
    });

    it('knows nothing where it reads what it has not committed on', async () => {
      expect(await reading({}, ['orders'])).toEqual([{ topic: 'orders', lag: nothingOn('2 partitions') }]);
      expect(await reading({}, [], undefined, 'refu.*')).toEqual([
        { topic: 'refunds', lag: nothingOn('1 partition') },
      ]);
    });

    it('knows nothing where it has committed on some of the partitions alone', async () => {
      expect(await reading({ 'orders/0': 1_000n })).toEqual([
        { topic: 'orders', lag: nothingOn('1 partition') },
      ]);
    });

    it('counts from its commits to the ends, and nothing where there is no record', async () => {
      expect(await reading({ 'orders/0': 990n, 'orders/1': 1_000n }, ['orders', 'empty'])).toEqual([
        { topic: 'empty', lag: { value: 0 } },
        { topic: 'orders', lag: { value: 10 } },
      ]);
    });

    it('says that a topic was not scanned, where it was not', async () => {
      const outside = { unknown: 'the topic is outside of those that were scanned' };
      expect(await reading({ 'refunds/0': 5n }, ['orders', 'refunds'], 'ref*')).toEqual([
        { topic: 'orders', lag: outside },
        { topic: 'refunds', lag: { value: 0 } },
      ]);
      expect(await reading({ 'gone/0': 5n })).toEqual([
        { topic: 'gone', lag: { unknown: 'the topic is not among those that the cluster lists' } },
      ]);
    });
  });

  describe('of open transactions', () => {
    const topics = [facts('a', 2), facts('b')];
    const held = marks(9n, 4n);
    const ends = { 'a/0': held, 'a/1': held, 'b/0': held };
    const on = (transactionalId: string, ...places: [string, number][]) => ({
      ...{ transactionalId, producerId: 1n, producerEpoch: 0, state: 'Ongoing' },
      ...{ startTimestamp: 5, timeoutMs: 60_000 },
      partitions: places.map(([topic, partition]) => ({ topic, partition })),
    });
    const seen = async (listed: ReturnType<typeof on>[], change: Partial<Cluster> = {}) => {
      const cluster = scannedCluster(topics, ends, { openTransactions: async () => listed, ...change });
      const { openTransactions, hidden } = await scanOf(cluster);
      return { named: openTransactions.value?.map(({ transactionalId }) => transactionalId), hidden };
    };
    const unnamed = (where: string) => [
      { what: 'transactions', unknown: `a transaction is open on ${where} that no broker names` },
    ];

    it('knows that one is open where none of those that brokers name is', async () => {
      expect(await seen([on('tx', ['a', 0], ['a', 1])])).toEqual({ named: ['tx'], hidden: unnamed('b/0') });
      expect(await seen([on('tx', ['a', 0])])).toEqual({ named: ['tx'], hidden: unnamed('a/1, b/0') });
      expect(await seen([on('tx', ['a', 0], ['a', 1]), on('other', ['b', 0])])).toEqual({
        ...{ named: ['tx', 'other'], hidden: [] },
      });
    });

    it('knows nothing where brokers name none', async () => {
      const { openTransactions } = await scanOf(scannedCluster(topics, ends));
      expect(openTransactions.unknown).toBe('a transaction is open on a/0, a/1, b/0 that no broker names');
    });

    it('does not miss one that has ended since', async () => {
      let looks = 0;
      const watermarks: Cluster['watermarks'] = async (partitions) => {
        const now = looks++ === 0 ? held : marks(11n, 10n);
        return new Map(partitions.map((at) => [partitionKey(at), { value: now }]));
      };
      expect(await seen([on('tx', ['a', 0], ['a', 1])], { watermarks })).toEqual({
        named: ['tx'],
        hidden: [],
      });
    });
  });
});
