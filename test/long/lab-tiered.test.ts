import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { type Lab, startLab } from '../../lab/lab.js';
import { createTieredHistory, earliestLocal } from '../../lab/kafka/tiered-history.js';
import { withAdmin } from '../../lab/kafka/admin.js';
import { openCluster } from '../../src/kafka/open.js';
import { connectionOf } from '../integration/kafka-cluster.js';

const topic = 'lab.tiered';
const records = 10_000;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ name: 'test-tiered', tiered: true });
  await createTieredHistory(lab.source, { topic, records });
});
afterAll(() => lab.down());

test('history is remote: the log begins before what the broker itself still has', async () => {
  const offsets = await withAdmin(lab.source.kafkajs('admin'), (admin) => admin.fetchTopicOffsets(topic));
  expect(offsets.map(({ low, high }) => [low, high])).toEqual([['0', String(records)]]);
  expect((await earliestLocal(lab.source, topic)).get(0)).toBeGreaterThan(BigInt(records / 2));
});

// What the ferry has to live with: nothing in this answer tells it from one of a log that ends here.
test('a remote read that is late is answered with no error and no records', async () => {
  const cluster = openCluster('source', connectionOf(lab.source, 'admin'));
  const fetched = async () => {
    const rows = await cluster.fetch([{ topic, partition: 0, offset: 0n }], {
      isolation: 'uncommitted',
      maxBytes: 1_000_000,
      maxWaitMs: 0,
    });
    const { value, error } = rows.get(`${topic}/0`) ?? {};
    if (!value) throw error ?? new Error('no row');
    return value;
  };
  try {
    const seen = { late: await fetched(), there: await fetched() };
    // The broker's caches warm up, and still some are late: a wait of 1 ms is as long as it takes to open a file.
    while (seen.late.batches.length > 0) seen.late = await fetched();
    while (seen.there.batches.length === 0) seen.there = await fetched();
    expect(seen.late.watermarks).toEqual({
      logStart: 0n,
      highWatermark: BigInt(records),
      lastStable: BigInt(records),
    });
    expect(seen.there.batches.readBigInt64BE()).toBe(0n);
  } finally {
    await cluster.close();
  }
});

test('a consumer that asks again is given all of it', async () => {
  const consumer = lab.source.kafkajs('admin').consumer({ groupId: 'lab-tiered', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let next = 0n;
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          for (const { offset } of batch.messages) {
            expect(BigInt(offset)).toBe(next);
            next += 1n;
          }
          if (next === BigInt(records)) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
});

test('only a source with tiered storage takes a tiered topic', async () => {
  await expect(createTieredHistory(lab.target, { topic })).rejects.toThrow(kafkajs.KafkaJSAggregateError);
});
