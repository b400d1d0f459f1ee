import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilRemote } from '../kafka/tiered-history.js';
import { tieredTopic } from '../kafka/tiered-storage.js';
import { createTopics } from '../kafka/topics.js';
import type { Lab, LabCluster } from '../lab.js';
import {
  type Connection,
  type ConsumerConfig,
  type LedgerConsumer,
  type LedgerProducer,
  type ProducerConfig,
  settledVerdict,
  type Side,
  startConsumer,
  startProducer,
  type Verdict,
} from '../ledger/ledger.js';
import type { Strategy } from '../../src/migration/strategies.js';
import { formatOf, groupNames, type Names, producerNames, subjectsOf } from './script.js';

const partitions = 6;

/** A consumer of kafkajs that lost its broker may wait for an answer of it for 30 s. */
const QUIET_MS = 90_000;

/** What is on the topic before anybody migrates it. */
export interface History {
  /** So many messages, before the other producers start. */
  messages: number;
  say?: (line: string) => void;
}

/** The applications that use the topic: two producers, one of them transactional, and three consumer groups. */
export class Applications {
  /** Those that run. */
  readonly producers = new Map<string, LedgerProducer>();
  /** Messages acknowledged to producers that have ended. */
  #acknowledged = 0;
  readonly consumers = new Map<string, LedgerConsumer>();
  readonly #onTarget = new Set<string>();
  /** Journals are kept here. */
  readonly folder: string;

  private constructor(
    private readonly lab: Lab,
    readonly names: Names,
    private readonly rate: number,
    private readonly history?: History,
    private readonly registries?: Record<Side, string>,
  ) {
    this.folder = join(lab.folder, 'ledger', names.migration);
  }

  /** Makes the topic with configuration and ACLs as on-prem has them, and starts everybody on the source. */
  static async start(
    lab: Lab,
    names: Names,
    rate: number,
    history?: History,
    registries?: Record<Side, string>,
  ): Promise<Applications> {
    const all = new Applications(lab, names, rate, history, registries);
    await all.#createTopic();
    if (history) await all.#writeHistory(history);
    // Groups that are there from the beginning have all of it to read.
    for (const app of groupNames) await all.startConsumer(app, 'source', history !== undefined);
    for (const app of producerNames) await all.startProducer(app);
    await all.#atWork();
    return all;
  }

  /** Every group has committed something: a plan asks about one that has not. */
  async #atWork(): Promise<void> {
    const deadline = Date.now() + 120_000;
    for (const consumer of this.consumers.values())
      for (;;) {
        const { group, processed, uncommitted, problem } = await consumer.status();
        if (processed > uncommitted) break;
        if (Date.now() > deadline)
          throw new Error(`${group} has committed nothing in 120 s: ${problem ?? 'it says nothing'}`);
        await sleep(200);
      }
  }

  /** As fast as the source takes it; the ledger knows of every message. */
  async #writeHistory({ messages, say = () => undefined }: History): Promise<void> {
    const { lab, names, folder } = this;
    const historian = await startProducer({
      name: 'historian',
      folder,
      source: { connection: this.#connection(lab.source, 'orders-web'), topic: names.topic },
      target: { connection: this.#connection(lab.target, 'orders-web'), topic: names.newTopic },
      keys: 500,
      total: messages,
      batchSize: 5_000,
      headers: true,
      ...this.#values('historian'),
    });
    let told = 0;
    for (;;) {
      const { acknowledged, finished } = await historian.status();
      if (acknowledged - told >= messages / 4) {
        told = acknowledged;
        say(`  ${acknowledged} of ${messages} messages of history are written`);
      }
      if (finished) break;
      await sleep(200);
    }
    this.#acknowledged += (await historian.stop()).acknowledged;
    if (!lab.source.tiered) return;
    await untilRemote(lab.source, names.topic);
    say('  most of it is in the remote storage of the source now, and nowhere else');
  }

  async #createTopic(): Promise<void> {
    const { source } = this.lab;
    await createTopics(source, [
      {
        topic: this.names.topic,
        numPartitions: partitions,
        configEntries: [
          { name: 'retention.ms', value: String(14 * 86_400_000) },
          { name: 'max.message.bytes', value: '2000000' },
          ...(source.tiered && this.history ? tieredTopic : []),
        ],
      },
    ]);
    const { topic, group, transactionalId } = this.names;
    await source.allow('orders-web', { write: [topic] });
    await source.allow('orders-batch', { write: [topic], transactionalIds: [transactionalId] });
    for (const app of groupNames) await source.allow(app, { read: [topic], groups: [group(app)] });
  }

  #connection(cluster: LabCluster, app: string): Connection {
    const { sasl, tls } = cluster.clients[app] ?? {};
    return { bootstrap: cluster.bootstrap, ...(sasl && { sasl }), ...(tls && { tls }) };
  }

  #values(app: string): Pick<ProducerConfig, 'values'> {
    const { registries, names } = this;
    const format = formatOf(app);
    return registries ? { values: { format, subjects: subjectsOf(names, format), registries } } : {};
  }

  /** Starts a producer, or starts it again where its journal ends. */
  async startProducer(app: string, writes: 'source' | 'target' = 'source'): Promise<void> {
    const { lab, names, folder, rate } = this;
    const producer = await startProducer({
      name: app,
      folder,
      source: { connection: this.#connection(lab.source, app), topic: names.topic },
      target: { connection: this.#connection(lab.target, app), topic: names.newTopic },
      writes,
      keys: 500,
      rate,
      headers: app === 'orders-web',
      ...this.#values(app),
      ...(app === 'orders-batch' && {
        transactions: { share: 0.5, aborted: 0.2, id: names.transactionalId },
      }),
    });
    this.producers.set(app, producer);
  }

  async stopProducer(app: string): Promise<void> {
    const last = await this.producers.get(app)?.stop();
    this.#acknowledged += last?.acknowledged ?? 0;
    this.producers.delete(app);
  }

  /** Starts a group's only member, or starts it again where its journal ends. */
  async startConsumer(app: string, reads?: ConsumerConfig['reads'], fromBeginning = false): Promise<void> {
    const { lab, names, folder } = this;
    const consumer = await startConsumer({
      group: names.group(app),
      folder,
      source: { connection: this.#connection(lab.source, app), topics: [names.topic] },
      target: { connection: this.#connection(lab.target, app), topics: [names.newTopic] },
      readCommitted: names.readsCommitted(app),
      ...(reads && { reads }),
      ...(this.registries && { registries: this.registries }),
      fromBeginning,
    });
    this.consumers.set(app, consumer);
    this.#onTarget.delete(app);
    if (reads === 'target') this.#onTarget.add(app);
  }

  /** Whether a group was moved already. */
  readsTarget(app: string): boolean {
    return this.#onTarget.has(app);
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
    return counts.reduce((total, count) => total + count, this.#acknowledged);
  }

  /** Ends the producers, lets the groups process all that is left, and asks the ledger. */
  async verdict(strategy: Strategy): Promise<Verdict> {
    await Promise.all([...this.producers.values()].map((producer) => producer.stop()));
    this.producers.clear();
    const settled = () =>
      settledVerdict({
        quietMs: QUIET_MS,
        folder: this.folder,
        strategy,
        groups: groupNames.map(this.names.group),
      });
    const first = await settled();
    if (first.lost > 0) await this.#startAgain();
    const verdict = first.lost > 0 ? await settled() : first;
    await this.stop();
    return verdict;
  }

  /**
   * As people do with applications that read nothing any more. kafkajs forgets batches that arrive when its worker has just
   * found none to do, until others arrive, and leaves their partitions alone while it waits for that.
   */
  async #startAgain(): Promise<void> {
    for (const [app, consumer] of [...this.consumers]) {
      const { reads } = await consumer.status();
      const [one, other] = reads;
      if (one) await this.deployConsumer(app, other ? 'both' : one);
    }
  }

  async stop(): Promise<void> {
    const all = [...this.producers.values(), ...this.consumers.values()];
    await Promise.all(all.map((one) => one.kill()));
    this.producers.clear();
    this.consumers.clear();
  }
}
