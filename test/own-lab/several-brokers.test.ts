import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { retireActivities } from '../../activities/retire/retire.js';
import { withAdmin } from '../../lab/kafka/admin.js';
import { leaderOf } from '../../lab/kafka/disorder.js';
import { type Lab, startLab } from '../../lab/lab.js';
import { ADMIN } from '../../lab/principals.js';
import { heal } from '../../lab/rehearsal/disorders.js';
import { openCluster } from '../../src/kafka/open.js';
import { patient } from '../../src/kafka/patient.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { eventually } from '../eventually.js';
import { mirrorThrough } from '../integration/disordered-mirror.js';
import { connectionOf, run } from '../integration/kafka-cluster.js';
import { numbered, openMirroring, recordsOf, upTo, values, writeBatches } from '../integration/mirroring.js';
import { migrationOf, running } from '../integration/watching.js';
import { silentAddress, type SilentAddress } from '../integration/silent-address.js';

/*
 * Clusters of three brokers. What is not of their number is tested on one; `npm run test:long` has every strategy and every
 * disorder.
 */
let lab: Lab;
let silent: SilentAddress;

beforeAll(async () => {
  silent = await silentAddress();
  lab = await startLab({ name: 'test-several', brokers: 3 });
}, 600_000);
afterAll(async () => {
  await lab?.down();
  silent.close();
});

test.each(['source', 'target'] as const)(
  'an address of the %s that never answers is tried no longer than it takes another to answer',
  async (side) => {
    const { made, given } = silent;
    const connection = connectionOf(lab[side], 'ferry');
    const cluster = openCluster(side, {
      ...connection,
      bootstrap: [silent.address, ...connection.bootstrap],
    });
    expect((await cluster.identity()).brokers).toHaveLength(3);
    // It was tried, and had not been given up when the other had answered.
    expect(silent.made).toBeGreaterThan(made);
    expect(silent.given).toBe(given);
    await cluster.close();
    await eventually(
      () => silent.given,
      (given) => given === silent.made,
    );
  },
);

test('a partition whose only broker is gone holds back no other, and goes on when that is back', async () => {
  const world = openMirroring(lab);
  const plan = await world.topic(`held-back.${run}`, { partitions: 3 });
  const at = (partition: number) => ({ topic: plan.migration, partition });
  for (const { partition } of plan.partitions)
    await writeBatches(world.sourceAdmin, at(partition), numbered(0, 100, 10));
  const given = new AbortController();
  const next = new Map<number, bigint>();
  const running = runMirror(world.source, world.target, plan, {
    signal: given.signal,
    progress: ({ partitions }) => partitions.forEach((one) => next.set(one.partition, one.sourceNext)),
  });
  const copied = (partition: number, end: bigint) =>
    eventually(
      () => next.get(partition),
      (seen) => seen === end,
    );
  for (const { partition } of plan.partitions) await copied(partition, 100n);

  const [leader, ...others] = await Promise.all(
    [0, 1, 2].map((one) => leaderOf(lab.source, plan.migration, one)),
  );
  await leader!.kill();
  const left = [1, 2].filter((partition) => others[partition - 1]!.id !== leader!.id);
  expect(left).not.toEqual([]);
  for (let round = 1; round <= 5; round++)
    for (const partition of left) {
      await writeBatches(world.sourceAdmin, at(partition), numbered(100 * round, 100, 10));
      await copied(partition, BigInt(100 * (round + 1)));
    }
  expect(next.get(0)).toBe(100n);

  await leader!.start();
  await writeBatches(world.sourceAdmin, at(0), numbered(100, 500, 10));
  await copied(0, 600n);
  given.abort();
  await running;
  for (const partition of [0, ...left])
    expect(values(await recordsOf(world.target, at(partition)))).toEqual(upTo(600));
  await world.close();
  await heal(lab.source);
  // Without its only broker it would have no leader, and kafkajs fails at every look at a cluster that has such a topic.
  for (const side of ['source', 'target'] as const)
    await withAdmin(lab[side].kafkajs(ADMIN), (admin) => admin.deleteTopics({ topics: [plan.migration] }));
});

test('a broker that has just died is waited for, and what it held when a topic was deleted is told', async () => {
  const world = openMirroring(lab);
  const topic = `died.${run}`;
  await world.topic(topic, { partitions: 6, copies: 3 });
  const asking = patient(openCluster('source', connectionOf(lab.source, 'ferry')));
  const { brokers, controllerId } = await asking.identity();
  const partitions = Array.from({ length: 6 }, (_, partition) => ({ topic, partition }));
  const first = await asking.watermarks(partitions);
  expect([...first.values()].map(({ error }) => error)).toEqual(Array(6).fill(undefined));
  const leaders = await Promise.all(
    partitions.map(({ partition }) => leaderOf(lab.source, topic, partition)),
  );
  const doomed = leaders.find(({ id }) => id !== controllerId)!;
  await doomed.kill();
  try {
    const marks = await asking.watermarks(partitions);
    expect([...marks.values()].map(({ error }) => error)).toEqual(Array(6).fill(undefined));

    const { topicId } = (await asking.topics([topic])).get(topic)!.value!;
    await eventually(
      () => world.sourceAdmin.identity(),
      (now) => now.brokers.length === brokers.length - 1,
      30_000,
    );
    const { deleteSource } = retireActivities({
      clusters: () => world.sourceAdmin,
      registries: () => {
        throw new Error('not asked');
      },
    });
    const work = {
      migration: migrationOf({ name: 'died', topics: [{ name: topic }] }),
      topicIds: { [topic]: topicId },
    };
    expect((await running(deleteSource, work).answer).sentence).toContain(
      `Broker ${doomed.id} of ${world.sourceAdmin.name} was away and holds 6 replicas of ${topic} that nobody has seen deleted`,
    );
  } finally {
    await heal(lab.source);
    await asking.close();
    await world.close();
  }
});

test('a mirror copies each record once and in order through disorders of both clusters', async () => {
  await mirrorThrough(lab, 'disorders', [
    { side: 'source', what: 'leaders' },
    { side: 'target', what: 'move' },
    { side: 'target', what: 'coordinators' },
    { side: 'source', what: 'starve' },
    { side: 'target', what: 'scarce' },
  ]);
}, 600_000);
