import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Producer } from 'kafkajs';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { MigrationFile } from '../../src/migration/file.js';
import { eventually } from '../eventually.js';

const readers = ['billing', 'shipping'] as const;
type Reader = (typeof readers)[number];

const writeEveryMs = 50;

/** A topic on the source with one application that writes to it and two that read it; each moves when it is told to. */
export class Shop {
  private writing: Writing | undefined;
  private readonly reading = new Map<Reader, Consumer>();

  private constructor(
    private readonly lab: Lab,
    readonly topic: string,
  ) {}

  static async open(lab: Lab, topic: string): Promise<Shop> {
    const shop = new Shop(lab, topic);
    const admin = lab.source.kafkajs('admin').admin();
    await admin.connect();
    await admin
      .createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 1 }], waitForLeaders: true })
      .finally(() => admin.disconnect());
    await lab.source.allow('orders-web', { write: [topic] });
    for (const reader of readers)
      await lab.source.allow(reader, { read: [topic], groups: [shop.group(reader)] });
    await shop.produceTo(lab.source);
    await Promise.all(readers.map((reader) => shop.consumeFrom(lab.source, reader)));
    return shop;
  }

  group(reader: Reader): string {
    return `${this.topic}-${reader}`;
  }

  /**
   * Waits are short.
   * @param patience after so long a claim that is not true is contradicted, and one that is true on a slow machine, too.
   */
  migration({ patience = '60s' } = {}): MigrationFile {
    return {
      name: this.topic,
      strategy: 'simplestCase',
      source: this.lab.source.name,
      target: this.lab.target.name,
      topics: [{ name: this.topic }],
      producers: [{ name: 'orders-web' }],
      consumers: readers.map((reader) => ({ group: this.group(reader) })),
      principals: Object.fromEntries(
        ['orders-web', ...readers].map((user) => [
          this.lab.source.clients[user]?.principal ?? '',
          this.lab.target.clients[user]?.principal ?? '',
        ]),
      ),
      leaveBehind: {
        // Whoever runs Connect in this lab has rights on every topic, also when it has ended.
        principals: [this.lab.source.clients['ferry']?.principal ?? '', 'User:connect'],
      },
      waits: { quiet: '3s', probe: '250ms', patience, soak: '1s' },
    };
  }

  async stopProducer(): Promise<void> {
    await this.writing?.stop();
    this.writing = undefined;
  }

  /** Resolves when the producer has written a message that it began with after this call. */
  async wroteOneMore(): Promise<void> {
    const { writing } = this;
    if (!writing) throw new Error('nobody writes');
    const before = writing.written;
    // The first of these may have been on its way.
    await eventually(
      async () => writing.written,
      (written) => written >= before + 2,
    );
  }

  async switchProducer(): Promise<void> {
    await this.stopProducer();
    await this.produceTo(this.lab.target);
  }

  async stopConsumer(reader: Reader): Promise<void> {
    await this.reading.get(reader)?.disconnect();
    this.reading.delete(reader);
  }

  startConsumer(reader: Reader): Promise<void> {
    return this.consumeFrom(this.lab.source, reader);
  }

  async switchConsumers(): Promise<void> {
    await Promise.all(
      readers.map(async (reader) => {
        await this.stopConsumer(reader);
        await this.consumeFrom(this.lab.target, reader);
      }),
    );
  }

  /** Whether a cluster has the topic. */
  async isOn(cluster: LabCluster): Promise<boolean> {
    const admin = cluster.kafkajs('admin').admin();
    await admin.connect();
    return admin
      .listTopics()
      .then((topics) => topics.includes(this.topic))
      .finally(() => admin.disconnect());
  }

  async close(): Promise<void> {
    await this.stopProducer();
    await Promise.all(readers.map((reader) => this.stopConsumer(reader)));
  }

  private async produceTo(cluster: LabCluster): Promise<void> {
    const producer = cluster.kafkajs('orders-web').producer();
    await producer.connect();
    this.writing = new Writing(producer, this.topic);
  }

  private async consumeFrom(cluster: LabCluster, reader: Reader): Promise<void> {
    const consumer = cluster
      .kafkajs(reader)
      .consumer({ groupId: this.group(reader), heartbeatInterval: 500, sessionTimeout: 10_000 });
    this.reading.set(reader, consumer);
    await consumer.connect();
    await consumer.subscribe({ topic: this.topic, fromBeginning: true });
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.run({ autoCommitInterval: 250, eachMessage: () => Promise.resolve() });
    await joined;
  }
}

/** Writes until it is stopped. */
class Writing {
  /** Messages that the broker has acknowledged. */
  written = 0;
  private stopping = false;
  private readonly loop: Promise<void>;

  constructor(
    private readonly producer: Producer,
    topic: string,
  ) {
    this.loop = this.write(topic);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop;
    await this.producer.disconnect();
  }

  private async write(topic: string): Promise<void> {
    for (let number = 1; !this.stopping; number++) {
      await this.producer.send({
        topic,
        messages: [{ key: `k${number % 10}`, value: `order ${number}` }],
      });
      this.written = number;
      await sleep(writeEveryMs);
    }
  }
}
