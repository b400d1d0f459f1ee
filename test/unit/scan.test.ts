import { describe, expect, it } from '@jest/globals';
import { idleTopicsOf } from '../../src/advice/idle.js';
import { setsOf } from '../../src/advice/sets.js';
import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import type { ErrorType } from '../../src/migration/error-types.js';
import { FerryError } from '../../src/migration/errors.js';
import { facts, marks, scanOf, scannedCluster } from './scanned-cluster.js';

const refuses = (type: ErrorType, message: string) => async () => {
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

  describe('of what a cluster leaves out of its lists', () => {
    const lacking = refuses('Unauthorized', 'It lacks DESCRIBE on the cluster.');
    const sizes = refuses('Unauthorized', 'It lacks DESCRIBE on the cluster.');
    const topics = [facts('orders'), facts('shop-s-changelog')];
    const hiddenOf = async (change: Partial<Cluster>) =>
      (await scanOf(scannedCluster(topics, {}, { ...listed('billing'), ...change }))).hidden;

    it('says that groups and transactions may be missing where it may not describe the cluster', async () => {
      const why = (of: string) =>
        `Kafka lists only those ${of} that the ferry may describe, and whether it may describe all was not seen: It lacks DESCRIBE on the cluster.`;
      expect(await hiddenOf({ acls: lacking, sizes })).toEqual([
        { what: 'groups', unknown: why('groups') },
        { what: 'transactions', unknown: why('transactions') },
      ]);
    });

    it('says nothing where it may, by the answer to another request that needs the same right', async () => {
      expect(await hiddenOf({})).toEqual([]);
      expect(await hiddenOf({ sizes })).toEqual([]);
      expect(await hiddenOf({ acls: async () => null, sizes })).toEqual([]);
      const unread = refuses(
        'Unsupported',
        'Cluster "source" has an ACL of a kind that the ferry does not know.',
      );
      expect(await hiddenOf({ acls: unread })).toEqual([]);
    });

    it('says it of the parts that it has, and believes the ending of an inner topic', async () => {
      const blind = { acls: lacking, sizes };
      const groups = refuses('Unauthorized', 'It lacks DESCRIBE.');
      expect((await hiddenOf({ ...blind, groups }))?.map(({ what }) => what)).toEqual(['transactions']);
      const openTransactions = refuses('Unauthorized', 'It lacks DESCRIBE.');
      expect((await hiddenOf({ ...blind, openTransactions }))?.map(({ what }) => what)).toEqual(['groups']);
      const { topics: seen } = await scanOf(scannedCluster(topics, {}, { ...listed('billing'), ...blind }));
      expect(seen.map(({ partOf }) => partOf)).toEqual([null, 'streams']);
    });

    it('calls nothing idle that a group may read which is not listed', async () => {
      const idle = async (change: Partial<Cluster>) => {
        const seen = await scanOf(scannedCluster([facts('orders')], {}, change));
        return setsOf(seen).flatMap((set) => idleTopicsOf(set, seen));
      };
      expect(await idle({})).toMatchObject([{ topic: 'orders' }]);
      expect(await idle({ acls: lacking, sizes })).toEqual([]);
    });
  });
});
