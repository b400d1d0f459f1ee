import kafkajs, {
  type Kafka,
  type Message as KafkaMessage,
  type PartitionMetadata,
  type Producer,
  type Transaction,
} from 'kafkajs';
import { withAdmin } from '../kafka/admin.js';
import { kafkaClient, retry } from './client.js';
import type { Outcome } from './entries.js';
import type { Encoded } from './message.js';
import { patiently } from './patience.js';
import { endsProducerId, needsPerson, sentence } from './problem.js';
import type { ProducerConfig, Side } from './settings.js';
import { ValueWriter } from './values.js';

/** How a batch is sent: by itself, in a transaction, or in one that is aborted on purpose. */
export type Manner = 'plain' | 'transaction' | 'abort';

const CONNECT_WITHIN_MS = 60_000;

/** What a producer says to one cluster. One batch at a time, so that order per key is the producer's own. */
export class Outlet {
  private producer: Producer | undefined;
  private values: ValueWriter | undefined;
  private readonly topic: string;
  private readonly partitionOf = kafkajs.Partitioners.DefaultPartitioner();
  private partitionMetadata: PartitionMetadata[] = [];

  /** @param report one sentence each time an attempt fails, null when one succeeded. */
  constructor(
    private readonly side: Side,
    private readonly config: ProducerConfig,
    private readonly report: (problem: string | null) => void,
  ) {
    this.topic = this.place().topic;
  }

  /** @throws the last error when the cluster does not let it in. */
  async open(): Promise<void> {
    await patiently(() => this.connect(), {
      failed: this.failed,
      hopeless: needsPerson,
      withinMs: CONNECT_WITHIN_MS,
    });
    const { values } = this.config;
    if (values)
      this.values = await patiently(
        () => ValueWriter.open(values.registries[this.side], values.format, values.subjects),
        { failed: this.failed, withinMs: CONNECT_WITHIN_MS },
      );
    this.report(null);
  }

  async close(): Promise<void> {
    await this.producer?.disconnect().catch(() => undefined);
    this.producer = undefined;
  }

  /** Resolves when the cluster has answered, or when it can no longer be known. */
  async deliver(encoded: Encoded[], manner: Manner): Promise<Outcome> {
    const { values } = this;
    const messages: KafkaMessage[] = values
      ? await Promise.all(encoded.map((message) => values.write(message)))
      : encoded;
    const outcome = await (manner === 'plain'
      ? this.sendPlain(messages)
      : this.sendInTransaction(messages, manner));
    if (outcome !== 'uncertain') this.report(null);
    return outcome;
  }

  sentence(error: unknown): string {
    return sentence(error, { ...this.place(), side: this.side, attempt: `write to ${this.topic}` });
  }

  private readonly failed = (error: unknown): void => this.report(this.sentence(error));

  private async sendPlain(messages: KafkaMessage[]): Promise<Outcome> {
    try {
      await this.sendUntilAnswered((batch) => this.current().send(batch), messages);
      return 'committed';
    } catch {
      if (this.isIdempotent()) await this.reopen();
      return 'uncertain';
    }
  }

  private async sendInTransaction(
    messages: KafkaMessage[],
    manner: 'transaction' | 'abort',
  ): Promise<Outcome> {
    const transaction = await this.begin();
    try {
      await this.sendUntilAnswered((batch) => transaction.send(batch), messages);
    } catch {
      await this.settle();
      return 'aborted';
    }
    try {
      await (manner === 'abort' ? transaction.abort() : transaction.commit());
    } catch (error) {
      this.failed(error);
      await this.settle();
      return manner === 'abort' ? 'aborted' : 'uncertain';
    }
    return manner === 'abort' ? 'aborted' : 'committed';
  }

  /**
   * The same messages of one partition by the same kafkajs producer carry the same sequence numbers, so sending again doubles
   * nothing. Each partition is sent by itself: of one call for several, kafkajs remembers which brokers have answered, not
   * which partitions. When a leader moves meanwhile, what it leads is doubled, or dropped and called sent.
   * @throws when the producer id is lost, or there is none that would keep a second attempt from doubling.
   */
  private async sendUntilAnswered(
    send: (batch: { topic: string; messages: KafkaMessage[] }) => Promise<unknown>,
    messages: KafkaMessage[],
  ): Promise<void> {
    const sent = await Promise.allSettled(
      this.byPartition(messages).map((share) =>
        patiently(() => send({ topic: this.topic, messages: share }), {
          failed: this.failed,
          hopeless: (error) => (this.isIdempotent() ? endsProducerId(error) : !needsPerson(error)),
        }),
      ),
    );
    for (const one of sent) if (one.status === 'rejected') throw one.reason;
  }

  /** As kafkajs would spread them. */
  private byPartition(messages: KafkaMessage[]): KafkaMessage[][] {
    const { topic, partitionMetadata } = this;
    const shares = new Map<number, KafkaMessage[]>();
    for (const message of messages) {
      const partition = this.partitionOf({ topic, partitionMetadata, message });
      const share = shares.get(partition) ?? [];
      share.push({ ...message, partition });
      shares.set(partition, share);
    }
    return [...shares.values()];
  }

  private begin(): Promise<Transaction> {
    return patiently(
      async () => {
        try {
          return await this.current().transaction();
        } catch (error) {
          if (endsProducerId(error)) await this.connect();
          throw error;
        }
      },
      { failed: this.failed },
    );
  }

  /**
   * kafkajs cannot end a transaction a second time. A new producer with the same transactional id makes the coordinator
   * finish what was being committed and abort what was not (InitProducerId, KIP-98), so nothing is left open.
   */
  private async settle(): Promise<void> {
    await this.reopen();
    const transaction = await this.begin();
    await transaction.abort();
  }

  private async reopen(): Promise<void> {
    await this.close();
    await patiently(() => this.connect(), { failed: this.failed });
  }

  private async connect(): Promise<void> {
    await this.close();
    const { transactions, name } = this.config;
    const idempotent = this.isIdempotent();
    const client = kafkaClient(`ledger-${name}`, this.place().connection);
    this.partitionMetadata = await partitionsOf(client, this.topic);
    const producer = client.producer({
      allowAutoTopicCreation: false,
      idempotent,
      maxInFlightRequests: 1,
      retry: idempotent ? { ...retry, retries: Number.MAX_SAFE_INTEGER } : { ...retry, retries: 0 },
      ...(transactions && {
        transactionalId: transactions.id ?? `ledger-${name}`,
        transactionTimeout: transactions.timeoutMs ?? 60_000,
      }),
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
    this.producer = producer;
  }

  private current(): Producer {
    if (!this.producer) throw new Error(`not connected to the ${this.side}`);
    return this.producer;
  }

  private isIdempotent(): boolean {
    return this.config.idempotent ?? true;
  }

  private place() {
    const place = this.config[this.side];
    if (!place)
      throw new Error(`The producer ${this.config.name} has no ${this.side}: give its connection and topic.`);
    return place;
  }
}

async function partitionsOf(client: Kafka, topic: string): Promise<PartitionMetadata[]> {
  return withAdmin(client, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions ?? [];
  });
}
