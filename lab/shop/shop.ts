import type { Consumer, Producer, Transaction } from 'kafkajs';
import { applicationAcls } from '../acls.js';
import { withAdmin } from '../kafka/admin.js';
import { setQuota } from '../kafka/quotas.js';
import { createTopics } from '../kafka/topics.js';
import type { LabCluster } from '../kafka/cluster.js';
import { ADMIN } from '../principals.js';

const teams = ['sales', 'payments', 'delivery', 'catalog', 'search', 'support', 'growth', 'finance'] as const;
/** Of each team: what it has, apart from what `kinds` says. */
const kinds = ['events', 'commands', 'state', 'retries', 'archive'] as const;

export const shopTeams: readonly string[] = teams;
/** Those of the teams, without what is inner of an application. */
export const shopTopics = teams.flatMap((team) => kinds.map((kind) => `${team}.${kind}`));
export const shopGroups = [...teams.map((team) => `${team}-app`), 'sales-enricher', 'connect-warehouse'];

const old = String(Date.parse('2019-03-01'));
/** Confluent's wire format: a zero, the id of a schema, and what it describes. */
const withSchema = (id: number) => Buffer.from([0, 0, 0, 0, id, 1, 2]);

/**
 * A small shop on the source as a platform team finds it: forty topics of eight teams, among them compacted, idle and tiny
 * ones, records with schema ids, an application like Kafka Streams, a sink connector, transactions and quotas.
 */
export class Shop {
  private constructor(
    private readonly consumers: readonly Consumer[],
    private readonly producer: Producer,
    private readonly open: Transaction,
    private readonly transactional: Producer,
  ) {}

  static async fill(source: LabCluster): Promise<Shop> {
    const kafka = source.kafkajs(ADMIN);
    const topics = teams.flatMap((team) => kinds.map((kind) => ({ team, kind, topic: `${team}.${kind}` })));
    const inner = ['sales-enricher-totals-changelog', 'sales-enricher-totals-repartition'];
    await createTopics(source, [
      ...topics.map(({ topic, kind }) => ({
        topic,
        numPartitions: kind === 'events' ? 6 : 2,
        configEntries: [
          ...(kind === 'state' ? [{ name: 'cleanup.policy', value: 'compact' }] : []),
          // What was written in 2019 is still there.
          ...(kind === 'archive' ? [{ name: 'retention.ms', value: '-1' }] : []),
        ],
      })),
      ...inner.map((topic) => ({ topic, numPartitions: 2 })),
    ]);
    await withAdmin(kafka, (admin) =>
      admin.createAcls({
        acl: teams.flatMap((team, at) => {
          const next = teams[(at + 1) % teams.length] ?? team;
          return applicationAcls(`User:${team}`, {
            write: [`${team}.events`, `${team}.commands`, `${team}.state`, `${team}.retries`],
            // Each team reads the events of the next, but for the last: a chain, not a circle.
            read: at === teams.length - 1 ? [`${team}.commands`] : [`${team}.commands`, `${next}.events`],
            groups: [`${team}-app`],
          });
        }),
      }),
    );

    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.sendBatch({
      topicMessages: topics
        .filter(({ kind }) => kind !== 'retries')
        .map(({ topic, kind, team }) => ({
          topic,
          messages: Array.from({ length: kind === 'events' ? 200 : 20 }, (_, at) => ({
            key: `${at}`,
            value: team === 'catalog' ? withSchema(7) : `${topic} ${at}`,
            ...(kind === 'archive' && { timestamp: old }),
          })),
        })),
    });
    const transactional = kafka.producer({
      transactionalId: 'finance-ledger',
      // The broker would end it while the shop is still being filled.
      transactionTimeout: 600_000,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await transactional.connect();
    const open = await transactional.transaction();
    for (const topic of ['finance.events', 'finance.commands'])
      await open.send({ topic, messages: [{ value: 'in a transaction' }] });

    await setQuota(source, { user: 'growth', clientId: 'importer' }, { producer_byte_rate: 5_000_000 });
    const consumers = await Promise.all([
      ...teams.map((team) => consume(source, `${team}-app`, `${team}-app-1`, [`${team}.commands`])),
      // As Kafka Streams and Kafka Connect name their clients.
      consume(source, 'sales-enricher', 'sales-enricher-1f0c-StreamThread-1-consumer', [
        'sales.events',
        'sales-enricher-totals-repartition',
      ]),
      consume(source, 'connect-warehouse', 'connector-consumer-warehouse-0', [
        'delivery.events',
        'support.events',
      ]),
    ]);
    return new Shop(consumers, producer, open, transactional);
  }

  async close(): Promise<void> {
    await this.open.abort();
    await Promise.all([
      this.producer.disconnect(),
      this.transactional.disconnect(),
      ...this.consumers.map((consumer) => consumer.disconnect()),
    ]);
  }
}

/** Resolves when it has committed something. */
async function consume(
  source: LabCluster,
  groupId: string,
  clientId: string,
  topics: string[],
): Promise<Consumer> {
  const consumer = source.kafkajs(ADMIN, { clientId }).consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  const committed = new Promise<void>((resolve) =>
    consumer.on(consumer.events.COMMIT_OFFSETS, () => resolve()),
  );
  await consumer.run({ autoCommitInterval: 500, eachMessage: async () => undefined });
  await committed;
  return consumer;
}
