import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs, { type Kafka } from 'kafkajs';
import type { LabCluster } from '../../lab/lab.js';
import { type SourceAlone, startSourceAlone } from '../../lab/source-alone.js';

const granted = 'granted';
const ungranted = 'ungranted';
// What is refused is refused at once; trying again only takes time.
const once = { retry: { retries: 0 } };

let alone: SourceAlone;
let cluster: LabCluster;
beforeAll(async () => {
  alone = await startSourceAlone({ name: 'test-old', source: '2.8' });
  ({ cluster } = alone);
  const admin = cluster.kafkajs('admin').admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: granted }, { topic: ungranted }], waitForLeaders: true });
  await admin.disconnect();
  await cluster.allow('orders-web', { write: [granted], transactionalIds: ['orders'] });
  await cluster.allow('billing', { read: [granted], groups: ['billing'] });
});
afterAll(() => alone?.down());

test('an old cluster with ZooKeeper lets applications do what they were granted', async () => {
  expect(cluster.version).toMatch(/^2\.8\./);
  await send(cluster.kafkajs('orders-web'), granted, 'plain');
  await transact(cluster.kafkajs('orders-web'), granted, 'transactional');
  expect(await read(cluster.kafkajs('billing'), granted, 'billing', 2)).toEqual(['plain', 'transactional']);
});

test('it denies what no ACL allows, and users it does not know', async () => {
  await expect(send(cluster.kafkajs('orders-web', once), ungranted, 'no')).rejects.toThrow(
    /[Nn]ot authorized/,
  );
  await expect(send(cluster.kafkajs('billing', once), granted, 'no')).rejects.toThrow(/[Nn]ot authorized/);
  const sasl = { mechanism: 'scram-sha-512', username: 'orders-web', password: 'guessed' } as const;
  await expect(send(cluster.kafkajs('orders-web', { ...once, sasl }), granted, 'no')).rejects.toThrow(
    /authentication/i,
  );
});

test('it keeps address and data when its broker is killed and started again', async () => {
  await cluster.kill();
  expect(cluster.isRunning()).toBe(false);
  await cluster.start();
  expect(cluster.isRunning()).toBe(true);
  await send(cluster.kafkajs('orders-web'), granted, 'after the crash');
  expect(await read(cluster.kafkajs('billing'), granted, 'billing', 1)).toEqual(['after the crash']);
});

async function send(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

async function transact(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    transactionalId: 'orders',
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ value }] });
  await transaction.commit();
  await producer.disconnect();
}

/** The next values that the group is given; it commits them when it leaves. */
async function read(kafka: Kafka, topic: string, groupId: string, count: number): Promise<string[]> {
  const values: string[] = [];
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(message.value!.toString());
          if (values.length >= count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}
