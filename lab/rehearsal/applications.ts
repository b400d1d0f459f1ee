import { join } from 'node:path';
import type { Lab, LabCluster } from '../lab.js';
import {
  type Connection,
  type ConsumerConfig,
  type LedgerConsumer,
  type LedgerProducer,
  settledVerdict,
  startConsumer,
  startProducer,
  type Verdict,
} from '../ledger/ledger.js';
import type { Strategy } from '../../src/migration/strategies.js';
import { groupNames, type Names, producerNames, readsCommitted } from './script.js';

const partitions = 6;

/** The applications that use the topic: two producers, one of them transactional, and three consumer groups. */
export class Applications {
  readonly producers = new Map<string, LedgerProducer>();
  readonly consumers = new Map<string, LedgerConsumer>();
  /** Journals are kept here. */
  readonly folder: string;

  private constructor(
    private readonly lab: Lab,
    private readonly names: Names,
  ) {
    this.folder = join(lab.folder, 'ledger', names.migration);
  }

  /** Makes the topic with configuration and ACLs as on-prem has them, and starts everybody on the source. */
  static async start(lab: Lab, names: Names, rate: number): Promise<Applications> {
    const all = new Applications(lab, names);
    await all.#createTopic();
    for (const app of groupNames) await all.startConsumer(app);
    for (const app of producerNames) await all.#startProducer(app, rate);
    return all;
  }

  async #createTopic(): Promise<void> {
    const { source } = this.lab;
    const admin = source.kafkajs('admin').admin();
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: this.names.topic,
          numPartitions: partitions,
          configEntries: [
            { name: 'retention.ms', value: String(14 * 86_400_000) },
            { name: 'max.message.bytes', value: '2000000' },
          ],
        },
      ],
    });
    await admin.disconnect();
    const { topic, group, transactionalId } = this.names;
    await source.allow('orders-web', { write: [topic] });
    await source.allow('orders-batch', { write: [topic], transactionalIds: [transactionalId] });
    for (const app of groupNames) await source.allow(app, { read: [topic], groups: [group(app)] });
  }

  #connection(cluster: LabCluster, app: string): Connection {
    const { sasl, tls } = cluster.clients[app] ?? {};
    return { bootstrap: cluster.bootstrap, ...(sasl && { sasl }), ...(tls && { tls }) };
  }

  async #startProducer(app: string, rate: number): Promise<void> {
    const { lab, names, folder } = this;
    const producer = await startProducer({
      name: app,
      folder,
      source: { connection: this.#connection(lab.source, app), topic: names.topic },
      target: { connection: this.#connection(lab.target, app), topic: names.newTopic },
      keys: 500,
      rate,
      headers: app === 'orders-web',
      ...(app === 'orders-batch' && {
        transactions: { share: 0.5, aborted: 0.2, id: names.transactionalId },
      }),
    });
    this.producers.set(app, producer);
  }

  /** Starts a group's only member, or starts it again where its journal ends. */
  async startConsumer(app: string, reads?: ConsumerConfig['reads']): Promise<void> {
    const { lab, names, folder } = this;
    const consumer = await startConsumer({
      group: names.group(app),
      folder,
      source: { connection: this.#connection(lab.source, app), topics: [names.topic] },
      target: { connection: this.#connection(lab.target, app), topics: [names.newTopic] },
      readCommitted: readsCommitted(app),
      ...(reads && { reads }),
    });
    this.consumers.set(app, consumer);
  }

  async stopConsumer(app: string): Promise<void> {
    await this.consumers.get(app)?.stop();
    this.consumers.delete(app);
  }

  /** Stops a group's member and starts it with other settings, as a deployment does. */
  async deployConsumer(app: string, reads: ConsumerConfig['reads']): Promise<void> {
    await this.stopConsumer(app);
    await this.startConsumer(app, reads);
  }

  /** Messages acknowledged so far. */
  async acknowledged(): Promise<number> {
    const counts = await Promise.all(
      [...this.producers.values()].map(async (one) => (await one.status()).acknowledged),
    );
    return counts.reduce((total, count) => total + count, 0);
  }

  /** Ends the producers, lets the groups process all that is left, and asks the ledger. */
  async verdict(strategy: Strategy): Promise<Verdict> {
    await Promise.all([...this.producers.values()].map((producer) => producer.stop()));
    this.producers.clear();
    const verdict = await settledVerdict({
      folder: this.folder,
      strategy,
      groups: groupNames.map(this.names.group),
    });
    await this.stop();
    return verdict;
  }

  async stop(): Promise<void> {
    const all = [...this.producers.values(), ...this.consumers.values()];
    await Promise.all(all.map((one) => one.kill()));
    this.producers.clear();
    this.consumers.clear();
  }
}
