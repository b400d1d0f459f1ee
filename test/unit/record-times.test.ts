import { expect, test } from '@jest/globals';
import { recordTimes } from '../../activities/mirror/record-times.js';
import type { Cluster, Row } from '../../src/kafka/cluster.js';
import { FerryError } from '../../src/migration/errors.js';

type Found = Row<{ offset: bigint; timestamp: number } | null>;

const of = (rows: Record<string, Found>) => {
  const source = { name: 'onprem', offsetsAtTime: async () => new Map(Object.entries(rows)) };
  const partitions = [0, 1].map((partition) => ({ topic: 'orders', partition }));
  return recordTimes(source as unknown as Cluster, [{ topic: 'orders', partitions, latest: undefined }]);
};
const at = (timestamp: number): Found => ({ value: { offset: 0n, timestamp } });

test('are those of the oldest record of all partitions', async () => {
  const times = await of({ 'orders/0': at(7), 'orders/1': { value: null } });
  expect(times).toMatchObject({ oldest: new Map([['orders', 7]]), findings: [] });
});

test('ask where a partition does not tell them, and are looked at again where its leader is away for now', async () => {
  const refused = await of({
    'orders/0': at(7),
    'orders/1': { error: new FerryError('Unauthorized', 'It may not be seen.') },
  });
  expect(refused.findings.map(({ weight, key }) => `${weight} ${key}`)).toEqual([
    'asks history-age-unknown:orders',
  ]);
  await expect(
    of({ 'orders/0': at(7), 'orders/1': { error: new FerryError('Unreachable', 'No leader.') } }),
  ).rejects.toThrow('No leader.');
});

test('are none of a format that has none', async () => {
  const error = new FerryError('Unsupported', 'Not of this format.');
  expect((await of({ 'orders/0': { error }, 'orders/1': { error } })).findings).toEqual([]);
});
