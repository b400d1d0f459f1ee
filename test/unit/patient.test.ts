import { expect, test } from '@jest/globals';
import type { Cluster, Rows, Watermarks } from '../../src/kafka/cluster.js';
import { CommitPending } from '../../src/kafka/commit-pending.js';
import { patient } from '../../src/kafka/patient.js';
import { FerryError } from '../../src/migration/errors.js';

const gone = new FerryError('Unreachable', 'broker 2 does not answer.');
const marks: Watermarks = { logStart: 0n, highWatermark: 1n, lastStable: 1n };
const partitions = [{ topic: 'orders', partition: 0 }];

/** Answers what is scripted, the last of it for ever. */
function scripted(...answers: (FerryError | Rows<string, Watermarks>)[]) {
  let at = 0;
  const cluster = {
    identity: async () => ({ clusterId: 'c', controllerId: 1, brokers: [] }),
    watermarks: async () => {
      const answer = answers[Math.min(at++, answers.length - 1)]!;
      if (answer instanceof FerryError) throw answer;
      return answer;
    },
  } as unknown as Cluster;
  return { cluster, asked: () => at };
}

const there = new Map([['orders/0', { value: marks }]]);
const late = new Map([['orders/0', { error: gone }]]);

test('what a cluster that has answered cannot say is asked again, and said once', async () => {
  const { cluster, asked } = scripted(late, gone, there);
  const said: string[] = [];
  const asking = patient(cluster, { says: (sentence) => said.push(sentence) });
  await asking.identity();
  expect(await asking.watermarks(partitions)).toBe(there);
  expect(asked()).toBe(3);
  expect(said).toEqual(['broker 2 does not answer. It is asked again for 15 s.']);
});

test('for so long and no longer, whatever is asked', async () => {
  const { cluster, asked } = scripted(late, gone);
  const asking = patient(cluster, { withinMs: 600 });
  await asking.identity();
  await expect(asking.watermarks(partitions)).rejects.toBe(gone);
  const before = asked();
  await expect(asking.watermarks(partitions)).rejects.toBe(gone);
  expect(asked()).toBe(before + 1);
});

test('a cluster that never answered, and a transaction that is open, are told at once', async () => {
  const silent = scripted(gone);
  await expect(patient(silent.cluster).watermarks(partitions)).rejects.toBe(gone);
  expect(silent.asked()).toBe(1);
  const pending = new Map([['orders/0', { error: new CommitPending('open') }]]);
  const open = scripted(pending);
  const asking = patient(open.cluster);
  await asking.identity();
  expect(await asking.watermarks(partitions)).toBe(pending);
  expect(open.asked()).toBe(1);
});
