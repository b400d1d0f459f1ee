import { describe, expect, it } from '@jest/globals';
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
});
