import kafkajs, {
  type Message as KafkaMessage,
  type PartitionMetadata,
  type Producer,
  type Transaction,
} from 'kafkajs';
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
  private partitions: PartitionMetadata[] | undefined;
  private values: ValueWriter | undefined;
  private readonly topic: string;

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
   * The same messages by the same kafkajs producer carry the same sequence numbers, so sending again doubles nothing.
   *
   * One partition in each request: when kafkajs sends to several brokers at once, one of them fails, and leaders move
   * before its second attempt, it leaves out what is now led by a broker that has answered already, and tells nobody
   * (`sendMessages.js` remembers answers by broker).
   *
   * @throws when the producer id is lost, or there is none that would keep a second attempt from doubling.
   */
  private async sendUntilAnswered(
    send: (batch: { topic: string; messages: KafkaMessage[] }) => Promise<unknown>,
    messages: KafkaMessage[],
  ): Promise<void> {
    const hopeless = (error: unknown) => (this.isIdempotent() ? endsProducerId(error) : !needsPerson(error));
    const untilAnswered = <Answer>(ask: () => Promise<Answer>) =>
      patiently(ask, { failed: this.failed, hopeless });
    this.partitions ??= await untilAnswered(() => this.knownPartitions());
    for (const part of byPartition(this.topic, this.partitions, messages))
      await untilAnswered(() => send({ topic: this.topic, messages: part }));
  }

  private async knownPartitions(): Promise<PartitionMetadata[]> {
    const admin = kafkaClient(`ledger-${this.config.name}`, this.place().connection).admin();
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [this.topic] });
      return topics[0]?.partitions ?? [];
    } finally {
      await admin.disconnect();
    }
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
    const producer = kafkaClient(`ledger-${name}`, this.place().connection).producer({
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

const choosePartition = kafkajs.Partitioners.DefaultPartitioner();

/** As kafkajs would share them out by itself. */
function byPartition(
  topic: string,
  partitionMetadata: PartitionMetadata[],
  messages: KafkaMessage[],
): Iterable<KafkaMessage[]> {
  const parts = new Map<number, KafkaMessage[]>();
  for (const message of messages) {
    const partition = choosePartition({ topic, partitionMetadata, message });
    const part = parts.get(partition) ?? [];
    part.push({ ...message, partition });
    parts.set(partition, part);
  }
  return parts.values();
}
