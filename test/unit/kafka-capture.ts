/**
 * Writes fixtures/kafka/VERSION.json: what a real broker sends and is sent in `kafka-exchanges.ts`.
 *
 *   npx tsx test/unit/kafka-capture.ts             both brokers of the lab "capture", which must be fresh
 *   npx tsx test/unit/kafka-capture.ts 127.0.0.1:9092 2.8.2       a broker of one's own, empty, without security
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';
import { startApplications } from '../../lab/java/application.js';
import { setQuota } from '../../lab/kafka/quotas.js';
import { attachLab } from '../../lab/lab.js';
import { BrokerLink } from '../../src/kafka/link/broker-link.js';
import { credentialsOf } from '../../src/kafka/link/credentials.js';
import type { ClusterConnection } from '../../src/kafka/link/cluster-connection.js';
import { openCluster } from '../../src/kafka/open.js';
import { api } from '../../src/kafka/wire/api.js';
import { eventually } from '../eventually.js';
import { connectionOf, consumeShared, consumeWithKip848 } from '../integration/kafka-cluster.js';
import { acl, exchanges, streamsExchange } from './kafka-exchanges.js';
import type { Captured, Exchange } from './kafka-exchanges.js';

interface Broker {
  version: string;
  connection: ClusterConnection;
  kafka: Kafka;
  /** Starts a consumer of the group in the protocol of KIP-848, where there is one. */
  modern?: (topic: string, group: string) => { stop(): Promise<void> };
  /** Starts a consumer of the share group, where there are such groups. */
  sharing?: (topic: string, group: string) => { stop(): Promise<void> };
  /** Starts an application of Kafka Streams in the protocol of KIP-1071, where there is one. */
  streaming?: (topic: string, group: string) => Promise<{ stop(): Promise<void> }>;
  /** Sets a quota for a user and client of no matter which names. */
  limit?: () => Promise<void>;
}

async function capture({
  version,
  connection,
  kafka,
  modern,
  sharing,
  streaming,
  limit,
}: Broker): Promise<void> {
  const cluster = openCluster(version, connection);
  const stable = (groups: string[]) =>
    eventually(
      () => cluster.describeGroups(groups),
      (rows) =>
        [...rows.values()].every(({ value }) => value?.state === 'stable' && value.members.length === 1),
    );
  const config = { 'retention.ms': '3600000' };
  const created = await cluster.createTopics([
    { name: 'orders', partitions: 2, replicationFactor: 1, config },
  ]);
  const topicId = created.get('orders')?.value?.topicId ?? '';
  await cluster.createAcls([
    {
      resourceType: 'topic',
      resourceName: acl.resourceName,
      patternType: 'literal',
      principal: acl.principal,
      host: acl.host,
      operation: 'read',
      permission: 'allow',
    },
  ]);

  await limit?.();

  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic: 'orders',
    messages: ['a', 'b', 'c'].map((value) => ({ value, partition: 0 })),
  });
  // Before the transaction, which has a minute.
  const sharer = sharing?.('orders', 'sharing');
  if (sharer)
    await eventually(
      () => cluster.shareGroups(['sharing']),
      (rows) => (rows.get('sharing')?.value?.positions.size ?? 0) > 0,
    );
  const payments = kafka.producer({ transactionalId: 'payments', idempotent: true, maxInFlightRequests: 1 });
  await payments.connect();
  const aborted = await payments.transaction();
  await aborted.send({ topic: 'orders', messages: [{ value: 'x', partition: 1 }] });
  await aborted.abort();
  const transaction = await payments.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'y', partition: 1 }] });
  await transaction.sendOffsets({
    consumerGroupId: 'pending',
    topics: [{ topic: 'orders', partitions: [{ partition: 0, offset: '1' }] }],
  });
  const consumer = kafka.consumer({ groupId: 'live' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders' });
  await consumer.run({ eachMessage: async () => {} });
  const modernConsumer = modern?.('orders', 'modern');
  await stable(modern ? ['live', 'modern'] : ['live']);
  const link = await BrokerLink.open(
    ...([version, connection.bootstrap[0] ?? '', connection] as const),
    credentialsOf(version, connection.sasl),
  );
  let streams: Awaited<ReturnType<NonNullable<typeof streaming>>> | undefined;
  const captured: Captured = { topicId, exchanges: {} };
  for (const exchange of exchanges) {
    if (!link.speaks(exchange.api)) continue;
    if (exchange.name === streamsExchange) {
      streams = await streaming?.('orders', 'streaming');
      if (streams) await stable(['streaming']);
    }
    captured.exchanges[exchange.name] = await bytesOf(link, exchange, topicId);
    // Brokers decide by ACLs and groups a moment after they took them.
    await sleep(200);
  }
  const folder = new URL('./fixtures/kafka/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${version}.json`, folder), `${JSON.stringify(captured, null, 2)}\n`);

  link.close();
  await modernConsumer?.stop();
  await sharer?.stop();
  await streams?.stop();
  await Promise.allSettled([transaction.abort(), consumer.disconnect(), producer.disconnect()]);
  await payments.disconnect();
  await cluster.close();
}

async function bytesOf(link: BrokerLink, exchange: Exchange, topicId: string) {
  const of = exchange.api;
  const sent = of.encode(exchange.request(topicId) as never).buffer;
  const raw = api<void, Buffer>(
    [of.name, of.key, of.version],
    (_, writer) => writer.append(sent),
    (reader) => reader.readRest(),
    { flexible: of.name !== 'OffsetDelete' },
  );
  const received = await link.ask(raw, undefined);
  return { request: sent.toString('base64'), response: received.toString('base64') };
}

const [address, version] = process.argv.slice(2);
if (address !== undefined && version !== undefined) {
  const kafka = new kafkajs.Kafka({
    clientId: 'reader',
    brokers: [address],
    logLevel: kafkajs.logLevel.NOTHING,
  });
  await capture({ version, connection: { bootstrap: [address] }, kafka });
} else {
  const { source, target } = await attachLab('capture');
  const broker = (of: typeof source) => ({
    version: of.version,
    connection: connectionOf(of, 'admin'),
    kafka: of.kafkajs('admin', { clientId: 'reader' }),
    limit: () =>
      setQuota(
        of,
        { user: 'somebody', clientId: 'reader' },
        { producer_byte_rate: 1_000_000, request_percentage: 12.5 },
      ),
  });
  await capture(broker(source));
  await capture({
    ...broker(target),
    modern: (topic, group) => consumeWithKip848(target, topic, group),
    sharing: (topic, group) => consumeShared(target, topic, group),
    streaming: (topic, id) =>
      startApplications(
        'streamsProtocol',
        target.clients['admin']?.files.java ?? '',
        [{ id, topic }],
        () => undefined,
      ),
  });
}
