import { describe, expect, it } from '@jest/globals';
import { FerryError } from '../../src/migration/errors.js';
import { facts, scanOf, scannedCluster } from './scanned-cluster.js';

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
});
