import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaClient, retry } from './client.js';
import { needsPerson, sentence } from './problem.js';
import type { ConsumerConfig, Left, Side } from './settings.js';
import { ValueReader } from './values.js';

const AGAIN_AFTER_MS = 1_000;
const START_WITHIN_MS = 60_000;
const LAST_COMMIT_WITHIN_MS = 30_000;
const DISCONNECT_WITHIN_MS = 15_000;
/**
 * A consumer fetches all the time, so one that has not for so long never will: kafkajs may never answer a commit whose
 * coordinator moves meanwhile, nor a fetch. People restart such applications too. It has a fetcher for each broker, and one
 * that stands still keeps its partitions from the others, which fetch them all the time and throw away what they get.
 */
const STANDS_STILL_MS = 20_000;

/** What a consumer does with what it reads; nothing in it may wait, so that a batch is processed whole or not at all. */
export interface Processor {
  /** Processes the messages of one partition in their order, and answers the number of this batch. */
  process(messages: KafkaMessage[]): number;
  /** Everything up to this batch is committed. */
  committed(batch: number): void;
  /** Positions start again at what was committed. */
  joined(): void;
  /** One sentence each time something fails, null when it works. */
  report(problem: string | null): void;
}

/** One member of a consumer group on one cluster; offsets are committed only for what was processed. */
export class Reading {
  private consumer: Consumer | undefined;
  private stopping = false;
  private hasJoined = false;
  /** Per topic and partition the offset after the last processed message; a new map for each generation of the group. */
  private positions = new Map<
    string,
    { topic: string; partition: number; next: bigint; committed: bigint }
  >();
  private uncommitted = 0;
  private abandoned = 0;
  private lastBatch = 0;
  private lastCommitAt = 0;
  /** By the node that was asked; since the consumer began. */
  private fetchedAt = new Map<number, number>();
  private lastBatchAt = 0;
  private confirmations = 0;
  private committing: Promise<void> = Promise.resolve();
  private readonly values: ValueReader | undefined;
  private readonly timer: NodeJS.Timeout;
  /** Has a new consumer take the place of the present one, once. */
  private replace: (why: string) => void = () => undefined;
  private settle: { started: () => void; failed: (error: Error) => void } | undefined;

  constructor(
    private readonly side: Side,
    private readonly config: ConsumerConfig,
    private readonly processor: Processor,
  ) {
    const registry = config.registries?.[side];
    if (registry !== undefined) this.values = new ValueReader(registry);
    this.timer = setInterval(() => {
      void this.commit().catch(this.failed);
      if (this.standsStill()) this.replace('kafkajs fetches nothing any more');
    }, this.commitEveryMs());
  }

  /**
   * Resolves when it has joined the group and knows where to read.
   * @throws Error one sentence when it is not allowed to, or 60 s have passed; it goes on trying.
   */
  async start(): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      this.settle = { started: resolve, failed: reject };
    });
    const tooLong = setTimeout(
      () => this.settle?.failed(new Error(this.sentence(new Error('no answer within 60 s')))),
      START_WITHIN_MS,
    );
    void this.launch();
    await started.finally(() => clearTimeout(tooLong));
  }

  /** Processes nothing more, commits what it has processed, leaves the group. */
  async stop(): Promise<Left> {
    this.stopping = true;
    this.abandoned = 0;
    clearInterval(this.timer);
    const deadline = Date.now() + LAST_COMMIT_WITHIN_MS;
    while (this.uncommitted > 0 && Date.now() < deadline) {
      // A commit whose coordinator moves meanwhile may never be answered by kafkajs.
      await Promise.race([this.commit().catch(this.failed), sleep(deadline - Date.now())]);
      if (this.uncommitted > 0) await sleep(100);
    }
    // A broker that is down must not keep the application from stopping.
    await Promise.race([disconnect(this.consumer), sleep(DISCONNECT_WITHIN_MS)]);
    return { uncommitted: this.uncommitted + this.abandoned };
  }

  uncommittedMessages(): number {
    return this.uncommitted;
  }

  private async launch(): Promise<void> {
    const { group, readCommitted = true, fromBeginning = false, registries } = this.config;
    const consumer = kafkaClient(`ledger-${group}`, this.place().connection).consumer({
      groupId: group,
      readUncommitted: !readCommitted,
      allowAutoTopicCreation: false,
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
      heartbeatInterval: 1_000,
      maxWaitTimeInMs: 200,
      // What was compressed is many times as long, and every value is read before the group hears of its member again.
      ...(registries && { maxBytesPerPartition: 65_536, maxBytes: 262_144 }),
      // One that starts itself again may do so after it was given up: a member that nobody stops, with partitions that nobody
      // reads. Its successor is started here alone.
      retry: { ...retry, restartOnFailure: async () => false },
    });
    this.consumer = consumer;
    const { GROUP_JOIN, FETCH, END_BATCH_PROCESS, COMMIT_OFFSETS, CRASH } = consumer.events;
    const isPresent = () => this.consumer === consumer && !succeeded;
    consumer.on(GROUP_JOIN, () => {
      if (isPresent()) this.startGeneration();
    });
    consumer.on(FETCH, ({ payload }) => {
      if (!isPresent()) return;
      this.fetchedAt.set(payload.nodeId, Date.now());
      this.works();
    });
    consumer.on(END_BATCH_PROCESS, () => {
      if (isPresent()) this.lastBatchAt = Date.now();
    });
    consumer.on(COMMIT_OFFSETS, () => {
      if (isPresent()) this.confirmations += 1;
    });
    // A crash can be told twice, as an event and by `run`: a second successor would be a member that nobody can stop.
    let succeeded = false;
    const succeed = async (): Promise<void> => {
      if (succeeded) return;
      succeeded = true;
      await this.launchAgain(consumer);
    };
    this.lastBatchAt = Date.now();
    this.fetchedAt = new Map();
    this.replace = (why) => {
      if (succeeded) return;
      this.failed(new Error(why));
      void succeed();
    };
    consumer.on(CRASH, ({ payload }) => {
      this.failed(payload.error);
      void succeed();
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...this.place().topics], fromBeginning });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        // One that was given up for standing still is not to process beside its successor.
        eachBatch: async (payload) => {
          if (isPresent()) await this.process(payload);
        },
      });
    } catch (error) {
      this.failed(error);
      await succeed();
    }
  }

  private async launchAgain(predecessor: Consumer): Promise<void> {
    await Promise.race([disconnect(predecessor), sleep(DISCONNECT_WITHIN_MS)]);
    await sleep(AGAIN_AFTER_MS);
    if (!this.stopping) await this.launch();
  }

  private startGeneration(): void {
    this.hasJoined = true;
    this.positions = new Map();
    this.abandoned += this.uncommitted;
    this.uncommitted = 0;
    this.processor.joined();
  }

  /** Nothing has gone through it for long, and there is a broker that it no longer asks. */
  private standsStill(): boolean {
    const asked = [...this.fetchedAt.values()];
    const since = Math.max(this.lastBatchAt, asked.length > 0 ? Math.min(...asked) : 0);
    return Date.now() - since > STANDS_STILL_MS;
  }

  private works(): void {
    if (!this.hasJoined) return;
    this.settle?.started();
    this.processor.report(null);
  }

  private async process(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    if (this.stopping || !payload.isRunning() || payload.isStale()) return;
    const { topic, partition } = batch;
    const name = `${partition}/${topic}`;
    const position = this.positions.get(name) ?? { topic, partition, next: -1n, committed: -1n };
    // kafkajs may hand over what it fetched before a rebalance after it: that is no second processing.
    const read = batch.messages.filter(({ offset }) => BigInt(offset) >= position.next);
    const messages = this.values ? await Promise.all(read.map((message) => this.valueOf(message))) : read;
    // Reading what ids stand for takes a while, in which the group may have changed.
    if (this.stopping || !payload.isRunning() || payload.isStale()) return;
    const last = batch.messages.at(-1);
    if (!last) return;
    if (messages.length > 0) {
      this.lastBatch = this.processor.process(messages);
      this.uncommitted += messages.length;
      position.next = BigInt(last.offset) + 1n;
      this.positions.set(name, position);
    }
    payload.resolveOffset(last.offset);
    if (Date.now() - this.lastCommitAt >= this.commitEveryMs()) await this.commit().catch(this.failed);
  }

  private async valueOf(message: KafkaMessage): Promise<KafkaMessage> {
    const { values } = this;
    return values && message.value ? { ...message, value: await values.read(message.value) } : message;
  }

  private commit(): Promise<void> {
    this.committing = this.committing.catch(() => undefined).then(() => this.commitNow());
    return this.committing;
  }

  private async commitNow(): Promise<void> {
    const { positions, uncommitted, lastBatch, consumer } = this;
    const moved = [...positions.values()].filter(({ next, committed }) => next > committed);
    if (moved.length === 0 || !consumer) return;
    this.lastCommitAt = Date.now();
    const offsets = moved.map(({ topic, partition, next }) => ({ topic, partition, offset: next }));
    const before = this.confirmations;
    const answered = consumer
      .commitOffsets(offsets.map((each) => ({ ...each, offset: String(each.offset) })))
      .then(() => true);
    if (!(await Promise.race([answered, sleep(STANDS_STILL_MS, false)]))) {
      answered.catch(() => undefined);
      const why = `a commit was not answered in ${STANDS_STILL_MS / 1000} s`;
      this.replace(why);
      throw new Error(why);
    }
    // kafkajs also resolves when it gave up because the consumer is about to restart; only the event is a confirmation.
    if (this.confirmations === before) throw new Error('the commit was not confirmed');
    moved.forEach((position, index) => {
      position.committed = offsets[index]?.offset ?? position.committed;
    });
    if (positions !== this.positions) return;
    this.uncommitted -= uncommitted;
    this.processor.committed(lastBatch);
  }

  private readonly failed = (error: unknown): void => {
    const problem = this.sentence(error);
    this.processor.report(problem);
    if (needsPerson(error)) this.settle?.failed(new Error(problem));
  };

  private sentence(error: unknown): string {
    const { connection, topics } = this.place();
    const attempt = `read ${topics.join(', ')} as the group ${this.config.group}`;
    return sentence(error, { side: this.side, connection, attempt });
  }

  private commitEveryMs(): number {
    return this.config.commitEveryMs ?? 200;
  }

  private place() {
    const place = this.config[this.side];
    if (!place)
      throw new Error(`The group ${this.config.group} has no ${this.side}: give its connection and topics.`);
    return place;
  }
}

async function disconnect(consumer: Consumer | undefined): Promise<void> {
  await consumer?.disconnect().catch(() => undefined);
}
