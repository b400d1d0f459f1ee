import { expect, test } from '@jest/globals';
import { partitionKey, type Cluster, type Row, type Watermarks } from '../../src/kafka/cluster.js';
import { coalesced } from '../../src/kafka/coalesced.js';

const at = (topic: string) => [{ topic, partition: 0 }];
const marks: Watermarks = { logStart: 0n, highWatermark: 1n, lastStable: 1n };

test('who asks at the same time as another does not wait for what the other asks for', async () => {
  const asked: string[][] = [];
  let answerAll = () => {};
  const cluster = {
    watermarks: async (partitions, arrived) => {
      const rows = new Map(
        partitions.map((one): [string, Row<Watermarks>] => [partitionKey(one), { value: marks }]),
      );
      asked.push([...rows.keys()]);
      arrived?.('here/0', { value: marks });
      await new Promise<void>((resolve) => (answerAll = resolve));
      return rows;
    },
  } satisfies Partial<Cluster> as unknown as Cluster;
  const together = coalesced(cluster, 1);
  let gone: unknown;
  const waiting = together.watermarks([...at('gone'), ...at('here')]).then((rows) => (gone = rows));
  expect(await together.watermarks(at('here'))).toEqual(new Map([['here/0', { value: marks }]]));
  expect(asked).toEqual([['gone/0', 'here/0']]);
  expect(gone).toBeUndefined();
  answerAll();
  expect([...((await waiting) as ReadonlyMap<string, unknown>).keys()]).toEqual(['gone/0', 'here/0']);
});

test('all who asked are told that nobody answers', async () => {
  const failure = new Error('nobody answers');
  const cluster = { describeGroups: () => Promise.reject(failure) } as unknown as Cluster;
  const together = coalesced(cluster, 1);
  const answers = ['a', 'b'].map((group) => together.describeGroups([group]));
  for (const answer of answers) await expect(answer).rejects.toBe(failure);
});
