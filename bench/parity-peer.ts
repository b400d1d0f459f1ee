import { createHash, type Hash } from 'node:crypto';
import kafkajs, { type KafkaConfig } from 'kafkajs';
import { whenTold } from './comparing.js';

/** What a peer is told, over its channel: it holds credentials. */
export interface Comparing {
  source: KafkaConfig;
  target: KafkaConfig;
  topic: string;
  records: number;
}

/** What people write for lack of anything else: a kafkajs consumer of each cluster which hashes what it is given. */
async function compare({ source, target, topic, records }: Comparing): Promise<boolean> {
  const [one, other] = await Promise.all([hashes(source, topic, records), hashes(target, topic, records)]);
  return one === other;
}

/** The hash of each partition's keys, values, headers and timestamps in order, once so many records have come. */
async function hashes(connection: KafkaConfig, topic: string, records: number): Promise<string> {
  const consumer = new kafkajs.Kafka(connection).consumer({
    groupId: `${topic}.verify`,
    maxBytesPerPartition: 1 << 20,
    maxBytes: 16 << 20,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const partitions = new Map<number, Hash>();
  let left = records;
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          const hash = partitions.get(batch.partition) ?? createHash('sha256');
          partitions.set(batch.partition, hash);
          for (const { key, value, headers, timestamp } of batch.messages) {
            hash.update(timestamp);
            if (key) hash.update(key);
            if (value) hash.update(value);
            for (const [name, of] of Object.entries(headers ?? {}))
              for (const one of [of].flat()) hash.update(name).update(one ?? '');
          }
          left -= batch.messages.length;
          if (left <= 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return [...partitions]
    .sort(([a], [b]) => a - b)
    .map(([partition, hash]) => `${partition} ${hash.digest('hex')}`)
    .join('\n');
}

whenTold(compare);
