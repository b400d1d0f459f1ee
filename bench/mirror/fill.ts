import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../lab/lab.js';
import { ADMIN } from '../../lab/principals.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import type { ClusterConnection } from '../../src/kafka/open.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { adminConnection } from '../connections.js';
import type { Stage } from '../stage.js';
import { type Content, contentOf } from './log-content.js';
import { LeadersProducer } from './leaders-producer.js';
import { preparedBatches, record } from './records.js';
import { type Shape, sourceTopic } from './topics.js';

/** Different batches that are written in turn. */
const prepared = 64;
/** One in so many transactions is aborted. */
const abortedEvery = 5;
/** So many records for each key: about half of them are gone after compaction. */
const recordsPerKey = 2;
/** The last segment of a partition is never compacted, so there have to be many. */
const segmentsPerPartition = 12;

/**
 * Makes a topic of this shape on the source.
 * @param bytes of records, before compression.
 * @returns what is there for a mirror to copy, counted in the log.
 */
export async function fill(stage: Stage, shape: Shape, bytes: number): Promise<Content> {
  const { source, lab } = stage;
  const topic = sourceTopic(shape);
  await createTopic(
    source,
    topic,
    shape.partitions,
    shape.kind === 'compacted' ? compactedSoon(bytes / shape.partitions) : {},
  );
  const records = Math.ceil(bytes / shape.recordBytes);
  if (shape.kind === 'transactional') await writeTransactions(stage, shape, records);
  else await writeBatches(await adminConnection(lab.source), shape, records);
  if (shape.kind === 'compacted') await untilCompacted(source, topic, shape.partitions);
  return contentOf(source, topic, shape.partitions);
}

const ledWithinMs = 10_000;

/** A topic that can be written to, without retention by time or size, so that nothing is lost while engines take their turns. */
export async function createTopic(
  cluster: Cluster,
  name: string,
  partitions: number,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const keep = { 'retention.ms': '-1', 'retention.bytes': '-1' };
  const topics = [{ name, partitions, replicationFactor: -1, config: { ...keep, ...config } }];
  for (const { error } of (await cluster.createTopics(topics)).values()) if (error) throw error;
  // The leaders themselves answer this, when they know that they lead: the raw producer asks once.
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition }));
  const deadline = Date.now() + ledWithinMs;
  for (;;) {
    const answers = [...(await cluster.watermarks(all)).values()];
    const error = answers.find((answer) => answer.error)?.error;
    if (!error) return;
    // With several brokers, some may not have heard of the topic yet.
    if (Date.now() > deadline) throw error;
    await sleep(20);
  }
}

const compactedSoon = (bytesPerPartition: number) => ({
  'cleanup.policy': 'compact',
  'segment.bytes': String(Math.ceil(bytesPerPartition / segmentsPerPartition)),
  'min.cleanable.dirty.ratio': '0.01',
});
const compactedNever = { 'min.cleanable.dirty.ratio': '1' };

/** Of a target: as compacted as the source, but left as it is while it is measured and counted. */
export const targetConfig = ({ kind }: Shape): Record<string, string> =>
  kind === 'compacted' ? { 'cleanup.policy': 'compact', ...compactedNever } : {};

async function writeBatches(connection: ClusterConnection, shape: Shape, records: number): Promise<void> {
  const { partitions } = shape;
  const batches = Math.ceil(records / shape.recordsPerBatch);
  const ring = shape.kind === 'compacted' ? [] : preparedBatches(shape, prepared);
  const keys = Math.ceil(records / recordsPerKey);
  const batch = (index: number) =>
    ring[index % ring.length] ??
    encodeBatch(
      Array.from({ length: shape.recordsPerBatch }, () => record(shape, keys)),
      { codec: shape.codec },
    );
  const producer = await LeadersProducer.connect(connection, sourceTopic(shape));
  try {
    for (let sent = 0; sent < batches; sent += partitions)
      await producer.send(
        Array.from({ length: partitions }, (_, partition) => ({ partition, batch: batch(sent + partition) })),
      );
    await producer.flush();
  } finally {
    producer.close();
  }
}

async function writeTransactions({ lab }: Stage, shape: Shape, records: number): Promise<void> {
  const topic = sourceTopic(shape);
  const { partitions } = shape;
  const producer = lab.source
    .kafkajs(ADMIN)
    .producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  const messages = Array.from({ length: partitions * shape.recordsPerBatch }, (_, index) => {
    const { key, value } = record(shape);
    return { partition: index % partitions, key, value };
  });
  await producer.connect();
  try {
    for (let sent = 0, transactions = 0; sent < records; transactions++) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages });
      if (transactions % abortedEvery === abortedEvery - 1) await transaction.abort();
      else {
        await transaction.commit();
        sent += messages.length;
      }
    }
  } finally {
    await producer.disconnect();
  }
}

const looks = { everyMs: 1000, agreeing: 3, withinMs: 120_000 };

/** The cleaner has run when it has left holes and takes no more; after that it is told to leave the topic alone. */
async function untilCompacted(source: Cluster, topic: string, partitions: number): Promise<void> {
  const deadline = Date.now() + looks.withinMs;
  let before = -1;
  for (let agreeing = 0; agreeing < looks.agreeing;) {
    if (Date.now() > deadline)
      throw new LabError(`Topic ${topic} was not compacted within ${looks.withinMs / 1000} s.`);
    await sleep(looks.everyMs);
    const { records, holed } = await contentOf(source, topic, partitions);
    agreeing = holed > 0 && records === before ? agreeing + 1 : 0;
    before = records;
  }
  for (const { error } of (await source.alterTopicConfigs(new Map([[topic, compactedNever]]))).values())
    if (error) throw error;
}
