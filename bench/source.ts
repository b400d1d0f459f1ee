import type { Message } from 'kafkajs';
import type { Lab } from '../lab/lab.js';
import { ADMIN } from '../lab/principals.js';
import type { Cluster } from '../src/kafka/cluster.js';
import { chunks } from '../src/kafka/link/patience.js';

/** @throws FerryError what the broker said instead of creating one. */
export async function createTopics(
  source: Cluster,
  names: readonly string[],
  partitions: number,
): Promise<void> {
  const topics = names.map((name) => ({ name, partitions, replicationFactor: -1, config: {} }));
  for (const { error } of (await source.createTopics(topics)).values()) if (error) throw error;
}

const topicsPerRequest = 100;
/** A broker that has just been given thousands of partitions takes a while until it leads them all. */
const patient = { retries: 30, maxRetryTime: 2_000 };

/** Writes the same messages to each of the topics, as any application would; some may be written twice. */
export async function write(lab: Lab, topics: readonly string[], messages: Message[]): Promise<void> {
  const producer = lab.source.kafkajs(ADMIN, { retry: patient }).producer();
  await producer.connect();
  try {
    for (const share of chunks(topics, topicsPerRequest))
      await producer.sendBatch({ topicMessages: share.map((topic) => ({ topic, messages })) });
  } finally {
    await producer.disconnect();
  }
}
