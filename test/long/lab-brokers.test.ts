import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs, { type Admin, type Producer } from 'kafkajs';
import { parse } from 'yaml';
import { attachLab, type Lab, type LabCluster, startLab } from '../../lab/lab.js';
import { withAdmin } from '../../lab/kafka/admin.js';
import {
  coordinatorOf,
  electPreferred,
  leaderOf,
  lose,
  moveReplicas,
  rollingRestart,
} from '../../lab/kafka/disorder.js';
import { createTopics } from '../../lab/kafka/topics.js';
import { describeLab } from '../../lab/status.js';
import { eventually } from '../eventually.js';

const name = 'test-brokers';
const sides = ['source', 'target'] as const;
const topic = 'lab.brokers';
const partitions = 3;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ name, brokers: 3 });
  for (const side of sides) await createTopics(lab[side], [{ topic, numPartitions: partitions }]);
});
afterAll(() => lab.down());

test('whoever attaches finds every broker, and so does the worker', async () => {
  const attached = await attachLab(name);
  const config = parse(readFileSync(lab.ferryYaml, 'utf8')) as {
    clusters: Record<string, { bootstrap: string[] }>;
  };
  for (const side of sides) {
    expect(attached[side].brokers.map(({ id, address }) => [id, address])).toEqual(
      lab[side].brokers.map(({ id, address }) => [id, address]),
    );
    expect(new Set(lab[side].bootstrap).size).toBe(3);
    expect(config.clusters[side]?.bootstrap).toEqual(lab[side].bootstrap);
    expect(describeLab(attached).clusters[side].brokers.map(({ running }) => running)).toEqual([
      true,
      true,
      true,
    ]);
  }
});

test.each(sides)('on the %s topics have three copies, of which a write waits for two', async (side) => {
  for (const { isr, replicas } of await partitionsOf(lab[side], topic)) {
    expect([...replicas].sort()).toEqual([1, 2, 3]);
    expect([...isr].sort()).toEqual([1, 2, 3]);
  }
  for (const { replicas } of await partitionsOf(lab[side], '__consumer_offsets'))
    expect(replicas).toHaveLength(3);
  const { resources } = await asAdmin(lab[side], (admin) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    }),
  );
  const inSync = resources[0]?.configEntries.find(({ configName }) => configName === 'min.insync.replicas');
  expect(inSync?.configValue).toBe('2');
});

test.each(sides)('the %s serves while one broker is killed, and takes it back', async (side) => {
  const cluster = lab[side];
  const leader = await leaderOf(cluster, topic, 0);
  await leader.kill();
  expect(leader.isRunning()).toBe(false);
  expect(cluster.isRunning()).toBe(false);
  await writeOne(cluster, 0);
  expect((await leaderOf(cluster, topic, 0)).id).not.toBe(leader.id);
  await leader.start();
  await cluster.inSync();
  // Whichever broker is asked now: each learns it in its own time, and a busy machine may lose one for a moment.
  await eventually(
    () => partitionsOf(cluster, topic),
    (all) => all.every(({ isr }) => isr.length === 3),
  );
});

test.each(sides)('the %s keeps what is written while its brokers restart in turn', async (side) => {
  const cluster = lab[side];
  const before = await endOf(cluster, 1);
  const writing = keepWriting(cluster, 1);
  await rollingRestart(cluster);
  const { acknowledged } = await writing.stop();
  expect(acknowledged).toBeGreaterThan(0);
  expect(await endOf(cluster, 1)).toBeGreaterThanOrEqual(before + BigInt(acknowledged));
});

test.each(sides)('the %s goes on without a broker that is gone for good', async (side) => {
  const cluster = lab[side];
  const gone = await coordinatorOf(cluster, 'billing');
  await lose(cluster, gone);
  const coordinator = await coordinatorOf(cluster, 'billing');
  expect(coordinator.id).not.toBe(gone.id);
  await asAdmin(cluster, async (admin) => {
    for (let partition = 0; partition < partitions; partition++) await writeOne(cluster, partition);
    await admin.setOffsets({ groupId: 'billing', topic, partitions: [{ partition: 0, offset: '1' }] });
    // A grant is decided by every broker that is left, so it does not wait for the one that is gone.
    await cluster.allow('audit', { read: [topic] });
    const left = [...cluster.brokers].filter(({ id }) => id !== gone.id).map(({ id }) => id);
    await moveReplicas(cluster, topic, new Map([[0, left]]));
  });
  // The broker that is asked may hear of it later than the one that was told.
  const others = cluster.brokers.filter(({ id }) => id !== gone.id).map(({ id }) => id);
  await eventually(
    async () => (await partitionsOf(cluster, topic)).find(({ partitionId }) => partitionId === 0)?.replicas,
    (replicas) => replicas?.join() === others.join(),
  );
  await gone.start();
  await cluster.inSync();
});

test.each(sides)('replicas of the %s move, and leaders go where they are preferred', async (side) => {
  const cluster = lab[side];
  const { id } = await leaderOf(cluster, topic, 2);
  const others = cluster.brokers.map((broker) => broker.id).filter((other) => other !== id);
  await moveReplicas(cluster, topic, new Map([[2, [...others, id]]]));
  await electPreferred(cluster);
  // The broker that is asked may hear of it later than the one that was told.
  await eventually(
    async () => (await leaderOf(cluster, topic, 2)).id,
    (leader) => leader === others[0],
  );
});

test.each(sides)('all brokers of the %s come back when all were killed at once', async (side) => {
  const cluster = lab[side];
  const before = await endOf(cluster, 1);
  await cluster.kill();
  expect(cluster.brokers.map((broker) => broker.isRunning())).toEqual([false, false, false]);
  await cluster.start();
  expect(await endOf(cluster, 1)).toBe(before);
  await writeOne(cluster, 1);
});

test('down ends all of it', async () => {
  const { folder } = lab;
  expect(processesOf(folder)).toHaveLength(7);
  await lab.down();
  expect(processesOf(folder)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
});

function asAdmin<Answer>(cluster: LabCluster, use: (admin: Admin) => Promise<Answer>): Promise<Answer> {
  return withAdmin(cluster.kafkajs('admin', { retry: { retries: 20 } }), use);
}

async function partitionsOf(cluster: LabCluster, of: string) {
  const { topics } = await asAdmin(cluster, (admin) => admin.fetchTopicMetadata({ topics: [of] }));
  return topics[0]!.partitions;
}

async function endOf(cluster: LabCluster, partition: number): Promise<bigint> {
  const offsets = await asAdmin(cluster, (admin) => admin.fetchTopicOffsets(topic));
  return BigInt(offsets.find((one) => one.partition === partition)!.high);
}

async function withProducer<Answer>(
  cluster: LabCluster,
  use: (producer: Producer) => Promise<Answer>,
): Promise<Answer> {
  const producer = cluster.kafkajs('admin', { retry: { retries: 50, maxRetryTime: 1_000 } }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return use(producer).finally(() => producer.disconnect());
}

/** Acknowledged by two brokers at least. */
async function writeOne(cluster: LabCluster, partition: number): Promise<void> {
  await withProducer(cluster, (producer) =>
    producer.send({ topic, acks: -1, messages: [{ partition, value: 'one' }] }),
  );
}

/** Writes one record after another to a partition until it is told to stop. */
function keepWriting(cluster: LabCluster, partition: number) {
  let stopped = false;
  const written = withProducer(cluster, async (producer) => {
    let acknowledged = 0;
    while (!stopped) {
      await producer.send({ topic, acks: -1, messages: [{ partition, value: 'some' }] });
      acknowledged += 1;
    }
    return { acknowledged };
  });
  return {
    stop: () => {
      stopped = true;
      return written;
    },
  };
}

/** Pids of processes whose command line names the folder, found without the lab's own bookkeeping. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/`);
    } catch {
      return false;
    }
  });
}
