import { expect, test } from '@jest/globals';
import { brokersAway, brokersBack } from '../../activities/topics/brokers-away.js';
import type { Cluster } from '../../src/kafka/cluster.js';

/** A cluster whose replicas lie on three brokers, of which those are there that are scripted, the last of it for ever. */
function scripted(...there: number[][]) {
  let at = 0;
  const brokers = () => there[Math.min(at++, there.length - 1)]!;
  const partitions = [
    { partition: 0, replicas: [1, 2], leader: 1, leaderEpoch: 0, isr: [1] },
    { partition: 1, replicas: [2, 3], leader: 3, leaderEpoch: 0, isr: [3] },
  ];
  const cluster = {
    identity: async () => ({
      clusterId: 'c',
      controllerId: 1,
      brokers: brokers().map((id) => ({ id, host: 'h', port: 1, rack: null })),
    }),
    topics: async () =>
      new Map([['orders', { value: { name: 'orders', topicId: null, internal: false, partitions } }]]),
  } as unknown as Cluster;
  return { cluster, looks: () => at };
}

test('a broker that has replicas and is not there is away, with what it holds', async () => {
  expect([...(await brokersAway(scripted([1, 3]).cluster))]).toEqual([
    [
      2,
      [
        { topic: 'orders', partition: 0 },
        { topic: 'orders', partition: 1 },
      ],
    ],
  ]);
});

test('brokers that are away for a moment are waited for, and a cluster that has no more is not', async () => {
  const back = scripted([1, 3], [1, 3], [1, 2, 3]);
  expect(await brokersBack(back.cluster, 3, { brokers: 2 })).toBe(3);
  expect(back.looks()).toBe(3);

  const few = scripted([1, 2, 3]);
  expect(await brokersBack(few.cluster, 5, { brokers: 3 })).toBe(3);
  expect(few.looks()).toBe(1);

  expect(await brokersBack(scripted([1, 3]).cluster, 3, { brokers: 2, withinMs: 600 })).toBe(2);
});
