import { join } from 'node:path';
import type { KafkaMessage } from 'kafkajs';
import { type ConsumerEntry, journalName } from './entries.js';
import { Journal } from './journal.js';
import { decode } from './message.js';
import { Reading } from './reading.js';
import {
  type ConsumerConfig,
  type ConsumerStatus,
  type Left,
  otherSide,
  type Side,
  sides,
} from './settings.js';

type Read = Extract<ConsumerEntry, { is: 'read' }>;

/** The consuming application of a ledger: what runs in `consumer.ts`. */
export class Consuming {
  private readonly readings = new Map<Side, Reading>();
  private readonly processedFrom = { source: 0, target: 0 };
  private readonly problems: Record<Side, string | null> = { source: null, target: null };
  private foreign = 0;
  private batch = 0;
  private lastProcessedAt: number | null = null;
  private readonly member: string;
  private readonly journal: Journal<ConsumerEntry>;

  private constructor(private readonly config: ConsumerConfig) {
    const { group, member = '1', folder, readCommitted = true, source, target } = config;
    this.member = member;
    this.journal = new Journal(join(folder, journalName('consumer', group, member)));
    const topics = { ...(source && { source: source.topics }), ...(target && { target: target.topics }) };
    this.journal.append({ is: 'consumer', at: Date.now(), group, member, readCommitted, topics });
  }

  /** @throws Error one sentence when it cannot read. */
  static async start(config: ConsumerConfig): Promise<Consuming> {
    const consuming = new Consuming(config);
    const { reads = 'source' } = config;
    await consuming.read(reads === 'both' ? sides : [reads]);
    return consuming;
  }

  /** Commits and stops on one cluster, then starts on the other with the same group. */
  async switch(): Promise<Left> {
    const [from, second] = this.readings.keys();
    if (!from || second) throw new Error(`The group ${this.config.group} reads both clusters: use stopOld.`);
    const left = await this.leave([from]);
    await this.read([otherSide(from)]);
    return left;
  }

  readBoth(): Promise<void> {
    return this.read(sides);
  }

  async stopOld(): Promise<Left> {
    await this.read(['target']);
    return this.leave(['source']);
  }

  async stop(): Promise<ConsumerStatus> {
    const { uncommitted } = await this.leave(sides);
    this.journal.close();
    return { ...this.status(), uncommitted };
  }

  status(): ConsumerStatus {
    const { source, target } = this.processedFrom;
    return {
      group: this.config.group,
      member: this.member,
      reads: [...this.readings.keys()],
      processed: source + target,
      processedFrom: { source, target },
      foreign: this.foreign,
      uncommitted: [...this.readings.values()].reduce(
        (sum, reading) => sum + reading.uncommittedMessages(),
        0,
      ),
      lastProcessedAt: this.lastProcessedAt,
      problem: this.problems.source ?? this.problems.target,
    };
  }

  private async read(which: readonly Side[]): Promise<void> {
    const added = which.filter((side) => !this.readings.has(side));
    await Promise.all(
      added.map((side) => {
        const reading = new Reading(side, this.config, {
          process: (messages) => this.process(side, messages),
          committed: (batch) => this.journal.append({ is: 'committed', at: Date.now(), side, batch }),
          joined: () => this.journal.append({ is: 'joined', at: Date.now(), side }),
          report: (problem) => {
            this.problems[side] = problem;
          },
        });
        this.readings.set(side, reading);
        return reading.start();
      }),
    );
  }

  private async leave(which: readonly Side[]): Promise<Left> {
    let uncommitted = 0;
    for (const side of which) {
      const reading = this.readings.get(side);
      if (!reading) continue;
      uncommitted += (await reading.stop()).uncommitted;
      this.journal.append({ is: 'left', at: Date.now(), side });
      this.readings.delete(side);
      this.problems[side] = null;
    }
    return { uncommitted };
  }

  private process(side: Side, records: KafkaMessage[]): number {
    this.batch += 1;
    const at = Date.now();
    const reads = new Map<string, Read>();
    let foreign = 0;
    for (const record of records) {
      const message = decode(record);
      if (!message) {
        foreign += 1;
        continue;
      }
      const { producer, number, key, sequence } = message;
      let read = reads.get(producer);
      if (!read) {
        read = { is: 'read', at, batch: this.batch, side, producer, numbers: [], keys: [], sequences: [] };
        reads.set(producer, read);
      }
      read.numbers.push(number);
      read.keys.push(key);
      read.sequences.push(sequence);
    }
    for (const read of reads.values()) this.journal.append(read);
    if (foreign > 0) this.journal.append({ is: 'foreign', at, side, count: foreign });
    this.foreign += foreign;
    this.processedFrom[side] += records.length - foreign;
    this.lastProcessedAt = at;
    return this.batch;
  }
}
