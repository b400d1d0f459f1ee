import { expect, test } from '@jest/globals';
import { shareGroupFindings } from '../../activities/retire/share-groups.js';
import type { Cluster, Row, ShareGroup } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { migrationOf } from './migration-states.js';

/** What is said of a group `jobs` about `orders`, which has 10 records in each of two partitions, of which 4 have expired. */
function said(
  jobs: Row<ShareGroup>,
  {
    file = {},
    accepted = [],
    alive = [],
  }: { file?: Partial<MigrationFile>; accepted?: string[]; alive?: string[] } = {},
) {
  const partitions = [0, 1].map((partition) => ({ topic: 'orders', partition }));
  const marks = { logStart: 4n, lastStable: 10n, highWatermark: 10n };
  return shareGroupFindings(
    { source: { name: 'onprem' } as Cluster, target: { name: 'aiven' } as Cluster },
    { migration: migrationOf({ topics: [{ name: 'orders' }], ...file }), accepted },
    new Map([['jobs', jobs]]),
    new Map([0, 1].map((partition) => [`orders/${partition}`, { value: marks }])),
    { partitions, alive },
  ).map(({ weight, key, sentence }) => [`${weight} ${key}`, sentence]);
}
const reading = (starts: Record<string, bigint | null>, lag: bigint | null = null): Row<ShareGroup> => ({
  value: {
    ...{ group: 'jobs', protocol: 'share', state: 'empty', members: [] },
    positions: new Map(Object.entries(starts).map(([key, start]) => [key, { start, lag }])),
  },
});
const unsupported: Row<ShareGroup> = { error: new FerryError('Unsupported', 'They do not tell.') };

test('what a share group is not done with is asked about before it is deleted', () => {
  expect(said(reading({ 'orders/0': 2n, 'orders/1': 7n, 'refunds/0': 0n }))).toEqual([
    [
      'asks unread:jobs:orders+9@20',
      'jobs, a share group, which no migration moves, is not seen to be done with orders/0 offsets 4 to 9 (6 records) and orders/1 offsets 7 to 9 (3 records): they are on onprem alone, and it will not get them once the topic is deleted. Let it read them there, or accept that they are deleted.',
    ],
  ]);
  expect(said(reading({ 'orders/0': null }))).toMatchObject([
    ['asks unread:jobs:orders+6@10', expect.stringContaining('orders/0 offsets 4 to 9 (6 records)')],
  ]);
  // Of what lies behind its start it has acknowledged some.
  expect(said(reading({ 'orders/0': 5n }, 2n))).toMatchObject([
    ['asks unread:jobs:orders+2@10', expect.stringContaining('orders/0 offsets 5 to 9 (2 records)')],
  ]);
  expect(said(reading({ 'orders/0': 5n }, 0n))).toMatchObject([
    ['notes other-commits:jobs', expect.stringContaining('nothing that would be lost')],
  ]);
  expect(said(reading({ 'refunds/0': 0n }))).toEqual([]);
});

test('what it is done with, what was copied, and who is left behind are noted', () => {
  expect(said(reading({ 'orders/0': 10n }))).toEqual([
    [
      'notes other-commits:jobs',
      'jobs, a share group, has read orders of onprem and has left nothing that would be lost.',
    ],
  ]);
  const left = reading({ 'orders/0': 7n });
  expect(said(left, { file: { strategy: 'simpleMirroring' } })).toMatchObject([
    ['notes unread:jobs:orders+3@10', expect.stringContaining('The mirror has brought them to aiven')],
  ]);
  const forsaken = [['notes other-commits:jobs', 'jobs, a share group, has read orders of onprem.']];
  expect(said(left, { file: { leaveBehind: { groups: ['jobs'] } } })).toEqual(forsaken);
  expect(said(left, { accepted: ['group-not-in-file:jobs'] })).toEqual(forsaken);
});

test('what brokers do not tell is asked about, once', () => {
  expect(said(unsupported)).toMatchObject([
    ['asks commits-unknown:jobs', expect.stringContaining('They do not tell.')],
  ]);
  expect(said(unsupported, { alive: ['jobs'] })).toEqual([]);
  expect(said(unsupported, { accepted: ['group-not-in-file:jobs'] })).toEqual([]);
  expect(() => said({ error: new FerryError('Unreachable', 'It moves.') })).toThrow('It moves.');
});
