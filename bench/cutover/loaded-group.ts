import { join } from 'node:path';
import type { Lab, LabCluster } from '../../lab/lab.js';
import { type ConsumerEntry, journalName } from '../../lab/ledger/entries.js';
import { readJournal } from '../../lab/ledger/journal.js';
import {
  type Connection,
  type LedgerConsumer,
  type LedgerProducer,
  settledVerdict,
  type Side,
  startConsumer,
  startProducer,
} from '../../lab/ledger/ledger.js';

export interface Names {
  topic: string;
  /** The topic on the target. */
  copy: string;
  group: string;
}

export const partitions = 6;

/** Principals of the lab. */
const producerApp = 'orders-web';
export const consumerApp = 'billing';

/** A group of one member that keeps up with a producer, and stays under load while it moves. */
export class LoadedGroup {
  private constructor(
    private readonly lab: Lab,
    private readonly names: Names,
    private readonly folder: string,
    private readonly producer: LedgerProducer,
    private consumer: LedgerConsumer,
  ) {}

  static async start(
    lab: Lab,
    names: Names,
    { folder, messagesPerSecond }: { folder: string; messagesPerSecond: number },
  ): Promise<LoadedGroup> {
    await lab.source.allow(producerApp, { write: [names.topic] });
    await lab.source.allow(consumerApp, { read: [names.topic], groups: [names.group] });
    const consumer = await consume(lab, names, folder, 'source');
    const producer = await startProducer({
      ...{ name: producerApp, folder, keys: 500, rate: messagesPerSecond },
      source: { connection: connectionOf(lab.source, producerApp), topic: names.topic },
    });
    return new LoadedGroup(lab, names, folder, producer, consumer);
  }

  /** As an application does that is shut down: it commits what it has processed. */
  async leaveSource(): Promise<void> {
    await this.consumer.stop();
  }

  async startOnTarget(): Promise<void> {
    this.consumer = await consume(this.lab, this.names, this.folder, 'target');
  }

  /** Ends the producer, lets the group process what is left, and asks the ledger. */
  async account(): Promise<{ lost: number; twice: number }> {
    if (this.producer.isRunning()) await this.producer.stop();
    const { lost, duplicates } = await settledVerdict({
      folder: this.folder,
      strategy: 'advancedMirroring',
      groups: [this.names.group],
    });
    return { lost, twice: duplicates };
  }

  /** `undefined` when it has processed nothing on one of the clusters. */
  async pauseSeconds(): Promise<number | undefined> {
    const path = join(this.folder, journalName('consumer', this.names.group, '1'));
    let last: number | undefined;
    let first: number | undefined;
    for await (const entry of readJournal<ConsumerEntry>(path)) {
      if (entry.is !== 'read') continue;
      if (entry.side === 'source') last = entry.at;
      else first ??= entry.at;
    }
    return last === undefined || first === undefined ? undefined : (first - last) / 1000;
  }

  async stop(): Promise<void> {
    await Promise.all([this.producer, this.consumer].map((one) => one.kill()));
  }
}

function consume(
  lab: Lab,
  { topic, copy, group }: Names,
  folder: string,
  reads: Side,
): Promise<LedgerConsumer> {
  return startConsumer({
    ...{ group, folder, reads },
    source: { connection: connectionOf(lab.source, consumerApp), topics: [topic] },
    target: { connection: connectionOf(lab.target, consumerApp), topics: [copy] },
  });
}

function connectionOf(cluster: LabCluster, app: string): Connection {
  const { sasl, tls } = cluster.clients[app] ?? {};
  return { bootstrap: cluster.bootstrap, ...(sasl && { sasl }), ...(tls && { tls }) };
}
