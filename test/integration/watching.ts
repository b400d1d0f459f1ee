import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { LabCluster } from '../../lab/lab.js';
import type { Cluster, Rows, TopicPartition, Watermarks } from '../../src/kafka/cluster.js';
import { parseMigration, type Migration, type MigrationFile } from '../../src/migration/file.js';
import type { Heartbeat } from '../../src/migration/work/work.js';
import { openCluster } from '../../src/kafka/open.js';
import { eventually } from '../eventually.js';
import { noteTaker } from '../note-taker.js';
import { connectionOf } from './kafka-cluster.js';

/** A migration whose waits are short enough for a test; `file` says what matters to the test. */
export function migrationOf(
  file: Pick<MigrationFile, 'name' | 'topics'> & Partial<MigrationFile>,
): Migration {
  const { migration, mistakes } = parseMigration({
    strategy: 'simplestCase',
    source: 'source',
    target: 'target',
    ...file,
    waits: { quiet: '1s', probe: '100ms', agreeing: 3, patience: '20s', ...file.waits },
  });
  if (!migration) throw new Error(`not a migration: ${JSON.stringify(mistakes)}`);
  return migration;
}

/** One run of an activity as a worker runs it. */
export interface Running<Answer> {
  answer: Promise<Answer>;
  heartbeats: Heartbeat[];
  /** Resolves with the first heartbeat whose sentence matches. */
  says(sentence: RegExp): Promise<Heartbeat>;
  cancel(): void;
}

export function running<Input, Answer>(
  activity: (input: Input) => Promise<Answer>,
  input: Input,
  info: Partial<Info> = {},
): Running<Answer> {
  const heartbeats: Heartbeat[] = [];
  const environment = new MockActivityEnvironment(info, {
    logger: new DefaultLogger('ERROR'),
    // What is awaited until the server has it.
    client: noteTaker<Heartbeat>((details) => environment.emit('heartbeat', details)),
  });
  // A worker hands on what JSON keeps of them.
  environment.on('heartbeat', (details: Heartbeat) =>
    heartbeats.push(JSON.parse(JSON.stringify(details)) as Heartbeat),
  );
  const answer = environment.run<[Input], Answer, (input: Input) => Promise<Answer>>(activity, input);
  answer.catch(() => undefined);
  return {
    answer,
    heartbeats,
    says: async (sentence) => {
      const said = await eventually(
        async () => heartbeats,
        (seen) => seen.some(({ says }) => sentence.test(says)),
        20_000,
      );
      return said.find(({ says }) => sentence.test(says))!;
    },
    cancel: () => environment.cancel(),
  };
}

/** Makes topics of one broker, with log settings where a test needs them. */
export async function makeTopic(
  admin: Cluster,
  name: string,
  partitions = 1,
  config: Record<string, string> = {},
): Promise<string> {
  const row = (await admin.createTopics([{ name, partitions, replicationFactor: 1, config }])).get(name);
  if (row?.error) throw row.error;
  const facts = (await admin.topics([name])).get(name)?.value;
  if (!facts?.topicId) throw new Error(`${name} was not created`);
  return facts.topicId;
}

type Message = { value: string | null; key?: string; partition?: number; timestamp?: string };

export async function send(there: LabCluster, topic: string, messages: Message[]): Promise<void> {
  const producer = there.kafkajs('admin').producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}

/** `amount` messages to one partition. */
export function messages(amount: number, partition = 0): Message[] {
  return Array.from({ length: amount }, (_, number) => ({ value: `${number}`, partition }));
}

/** Sends in one transaction and ends it as told; resolves when its markers are in the log. */
export async function sendInTransaction(
  there: LabCluster,
  transactionalId: string,
  topic: string,
  batch: Message[],
  end: 'commit' | 'abort',
): Promise<void> {
  const open = await openTransaction(there, transactionalId, topic, batch);
  await open[end]();
  const cluster = openCluster(there.name, connectionOf(there, 'admin'));
  const partitions = [...new Set(batch.map(({ partition = 0 }) => partition))].map((partition) => ({
    topic,
    partition,
  }));
  await markersWritten(cluster, partitions).finally(() => cluster.close());
}

/**
 * Resolves with the ends once each transaction has its markers: EndTxn is answered before the coordinator writes them. It
 * has ended a transaction when they are written; what is stable may be all that there is a moment before.
 */
export async function markersWritten(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<Rows<string, Watermarks>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  await eventually(
    () => cluster.openTransactions(topics),
    (open) => open.length === 0,
  );
  return eventually(
    () => cluster.watermarks(partitions),
    (rows) => [...rows.values()].every(({ value }) => value && value.lastStable === value.highWatermark),
  );
}

export async function openTransaction(
  there: LabCluster,
  transactionalId: string,
  topic: string,
  batch: Message[],
): Promise<{ commit(): Promise<void>; abort(): Promise<void> }> {
  const producer = there
    .kafkajs('admin')
    .producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: batch });
  return {
    commit: () => transaction.commit().finally(() => producer.disconnect()),
    abort: () => transaction.abort().finally(() => producer.disconnect()),
  };
}

/** Commits for a group without members, as if it had read so far. */
export async function commit(
  admin: Cluster,
  group: string,
  topic: string,
  offsets: readonly (bigint | null)[],
): Promise<void> {
  const rows = await admin.commitOffsets(
    group,
    offsets.flatMap((offset, partition) => (offset === null ? [] : [{ topic, partition, offset }])),
  );
  for (const { error } of rows.values()) if (error) throw error;
}

/** A member of a group that reads and commits until it is told to stop. */
export async function consume(
  there: LabCluster,
  group: string,
  topics: string[],
): Promise<{ stop(): Promise<void> }> {
  // A short wait for records lets it stop soon.
  const consumer = there.kafkajs('admin').consumer({ groupId: group, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({ autoCommitInterval: 100, eachMessage: async () => undefined });
  return { stop: () => consumer.disconnect() };
}
