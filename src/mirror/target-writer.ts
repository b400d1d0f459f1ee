import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster, type TopicPartition, type WriteOutcome } from '../kafka/cluster.js';
import { TakenOver } from '../kafka/taken-over.js';
import { letGo } from '../kafka/wire/slabs.js';
import { FerryError } from '../migration/errors.js';
import type { MetId } from '../registry/record-ids.js';
import type { OffsetMap } from './offset-map.js';
import type { MirroredIds } from './schema-ids.js';
import { shape, type Shaped } from './shaping.js';
import type { SourceQueue } from './source-queue.js';
import type { Trouble } from './trouble.js';
import { TranslatedQueue } from './translated-queue.js';

/** Batches of one partition that may be unanswered: brokers recognise the last five of a producer when they come again. */
const inFlightBatches = 5;
/** Before batches that were not acknowledged are sent again. */
const retryPauseMs = 250;

/** What all partitions of one attempt have in common. */
export interface WriterEpoch {
  readonly target: Cluster;
  /** Names the connections. */
  readonly lane: string;
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Something was written, or will never be: whoever waits for room looks again. */
  moved(): void;
  /** How long a partition may stay without a leader, or short of replicas, before a person is told. */
  readonly trouble: Trouble;
  /** The attempt is over. */
  fail(error: unknown): void;
  /** Comes when the attempt is over or is to end. */
  readonly ending: AbortSignal;
  /** For records that are written with other ids of schemas than they were read. */
  readonly ids?: MirroredIds | undefined;
  readonly counts: Counts;
}

export interface Counts {
  records: bigint;
  bytes: bigint;
  whole: bigint;
  anew: bigint;
}

interface Sent {
  readonly shaped: Shaped;
  readonly parts: readonly Buffer[];
  /** How often it was sent. */
  times: number;
  outcome?: WriteOutcome | undefined;
}

/**
 * Writes what a queue holds to one partition of the target, in order, each batch with the sequence number that follows.
 * Whatever becomes of a request, the same batches are sent again with the same numbers until each is known to be stored.
 * Every batch must be stored right behind the one before it, else somebody else has written there.
 */
export class TargetWriter {
  /** Source offset after the last record that was handed to a request. */
  private handed: number;
  private sequence = 0;
  private expected: number;
  private ready: Shaped[] = [];
  private unanswered: Sent[] = [];
  private mending = false;
  private stopped = false;
  private abandoned = false;
  private lastProgress = Date.now();
  /** Of a mirror that translates ids: the queue with those of the target. */
  private readonly translated: TranslatedQueue | undefined;
  private learning = false;
  /** Bytes that were taken from the queue and are not acknowledged. */
  heldBytes = 0;
  /** Leader epoch of the source for the position that is stored. */
  sourceEpoch: number;

  /** @param end where the target's log ends: the offset that the next record written gets */
  constructor(
    private readonly epoch: WriterEpoch,
    readonly partition: TopicPartition,
    readonly queue: SourceQueue,
    readonly map: OffsetMap,
    end: number,
    private readonly largest: number,
    private readonly source: TopicPartition,
  ) {
    if (epoch.ids) this.translated = new TranslatedQueue(queue, epoch.ids.of(source.topic));
    this.expected = end;
    this.handed = Number(map.sourceNext);
    this.sourceEpoch = queue.epoch;
  }

  /** The offset that the next record written here gets, if nobody else writes. */
  get targetEnd(): number {
    return this.expected;
  }

  get idle(): boolean {
    return this.unanswered.length === 0 && this.ready.length === 0;
  }

  /** Sends as much as may be unanswered. Called whenever the queue was fed. */
  pump(): void {
    while (!this.mending && !this.stopped && this.unanswered.length < inFlightBatches) {
      const shaped = this.next();
      if (!shaped) break;
      const { producerId, producerEpoch } = this.epoch;
      const parts = shaped.stamp({ producerId, producerEpoch, baseSequence: this.sequence });
      this.sequence = (this.sequence + shaped.count) % 2 ** 31;
      this.handed = shaped.sourceNext;
      if (this.unanswered.length === 0) this.lastProgress = Date.now();
      const sent: Sent = { shaped, parts, times: 0 };
      this.unanswered.push(sent);
      this.send(sent);
    }
    if (this.idle && this.queue.empty) this.pass();
  }

  /** Takes nothing more from the queue; what is unanswered is still seen to. */
  stop(): void {
    this.stopped = true;
    for (const { bytes } of this.ready) this.heldBytes -= bytes;
    this.ready = [];
  }

  /** The attempt is over: what is unanswered is left for the next one to find out about. */
  abandon(): void {
    this.stop();
    this.abandoned = true;
  }

  private next(): Shaped | undefined {
    while (this.ready.length === 0 && !this.queue.empty) {
      if (this.learning) return undefined;
      this.ready = shape(this.translated ?? this.queue, this.handed, this.largest);
      for (const { bytes } of this.ready) this.heldBytes += bytes;
      if (this.ready.length === 0 && this.translated?.unknown) this.learn(this.translated.unknown);
    }
    return this.ready.shift();
  }

  /** The head of the queue waits until its id is known, or nobody is found to know it. */
  private learn(met: MetId): void {
    const { partition, topic } = this.source;
    this.learning = true;
    const { epoch } = this;
    epoch.ids?.learn({ ...met, topic, partition }).then(
      () => {
        this.learning = false;
        this.answered();
      },
      (error: unknown) => {
        if (!epoch.ending.aborted) epoch.fail(error);
      },
    );
  }

  /** Up to where everything was fetched there is nothing that is not written. */
  private pass(): void {
    this.map.advance(this.queue.position, Number(this.map.targetNext));
    this.handed = Math.max(this.handed, this.queue.position);
    this.sourceEpoch = this.queue.epoch;
  }

  private send(sent: Sent): void {
    sent.outcome = undefined;
    sent.times++;
    this.epoch.target
      .produce(this.epoch.lane, { ...this.partition, parts: sent.parts })
      .then((outcome) => {
        sent.outcome = outcome;
        this.answered();
      })
      .catch((error: unknown) => this.epoch.fail(error));
  }

  private answered(): void {
    if (this.abandoned) return;
    try {
      this.acknowledge();
    } catch (error) {
      this.stopped = true;
      this.epoch.fail(error);
      return;
    }
    const failed = this.unanswered.some(({ outcome }) => outcome && outcome.kind !== 'written');
    if (failed && !this.mending) {
      this.mending = true;
      this.mend().catch((error: unknown) => {
        this.stopped = true;
        this.epoch.fail(error);
      });
    }
    this.epoch.moved();
    this.pump();
  }

  /** Enters into the map what is stored, as far as it is known without a gap. */
  private acknowledge(): void {
    const { counts } = this.epoch;
    for (;;) {
      const [first] = this.unanswered;
      if (first?.outcome?.kind !== 'written') return;
      const { shaped, outcome } = first;
      const base = Number(outcome.baseOffset);
      if (base !== this.expected) throw this.strangerAt(this.expected, base);
      this.unanswered.shift();
      let target = base;
      for (let i = 0; i < shaped.origins.length; i += 2) {
        this.map.append(shaped.origins[i]!, target, shaped.origins[i + 1]!);
        target += shaped.origins[i + 1]!;
      }
      this.map.advance(shaped.sourceNext, target);
      this.sourceEpoch = shaped.sourceEpoch;
      this.expected = target;
      this.heldBytes -= shaped.bytes;
      if (shaped.held) letGo(shaped.held);
      this.lastProgress = Date.now();
      this.epoch.trouble.over(this.partition);
      counts.records += BigInt(shaped.count);
      counts.bytes += BigInt(shaped.bytes);
      if (shaped.whole) counts.whole++;
      else counts.anew++;
    }
  }

  /** Waits until every answer is there, then sends what is not stored once more, in order. */
  private async mend(): Promise<void> {
    while (!this.abandoned && this.unanswered.some(({ outcome }) => outcome?.kind !== 'written')) {
      if (this.unanswered.some(({ outcome }) => !outcome)) {
        await sleep(10);
        continue;
      }
      const [first] = this.unanswered;
      const outcome = first?.outcome;
      switch (outcome?.kind) {
        case 'fenced':
          throw new TakenOver(this.epoch.target.name, this.epoch.transactionalId);
        case 'refused':
          throw outcome.error;
        case 'duplicate':
          // Stored when it was sent before, and too long ago for the broker to say where: the next batch shows.
          first!.outcome = { kind: 'written', baseOffset: BigInt(this.expected) };
          this.acknowledge();
          continue;
        case 'again':
          this.epoch.trouble.with(this.partition, outcome.error);
          if (Date.now() - this.lastProgress > this.epoch.trouble.patienceMs)
            throw this.epoch.trouble.inVain(outcome.error);
          break;
        case 'out-of-sequence':
          // Sent again it was the first to arrive, so it is not for one that was refused before it.
          if (first!.times > 1) await this.explainLoss();
          break;
        default:
      }
      await sleep(retryPauseMs);
      if (this.abandoned) return;
      for (const sent of this.unanswered) if (sent.outcome?.kind !== 'written') this.send(sent);
    }
    this.mending = false;
    if (!this.abandoned) this.pump();
  }

  /** The broker misses what it has acknowledged: its end says why. */
  private async explainLoss(): Promise<void> {
    const end = await this.endOfTarget();
    if (end === undefined) return;
    if (end < this.expected) throw this.truncatedAt(end);
    if (end > this.expected) throw this.strangerAt(this.expected, end);
    throw new FerryError(
      'Unreachable',
      `The broker of partition ${partitionKey(this.partition)} on cluster "${this.epoch.target.name}" has forgotten the mirror's sequence: a new attempt begins a new one.`,
    );
  }

  private async endOfTarget(): Promise<number | undefined> {
    const row = (await this.epoch.target.watermarks([this.partition])).get(partitionKey(this.partition));
    return row?.value ? Number(row.value.highWatermark) : undefined;
  }

  /** Compares where the target ends with where it must, while nothing is under way. */
  verify(end: number, expectedBefore: number): void {
    if (!this.idle || this.expected !== expectedBefore) return;
    if (end > this.expected) throw this.strangerAt(this.expected, end);
    if (end < this.expected) throw this.truncatedAt(end);
  }

  private strangerAt(expected: number, seen: number): FerryError {
    return new FerryError(
      'Conflict',
      `Another writer appeared on partition ${partitionKey(this.partition)} of cluster "${this.epoch.target.name}": the mirror's next record belongs at offset ${expected} and the log goes on to ${seen}; stop that writer, remove what the mirror made and start it anew.`,
    );
  }

  private truncatedAt(end: number): FerryError {
    return new FerryError(
      'Changed',
      `Partition ${partitionKey(this.partition)} of cluster "${this.epoch.target.name}" ends at offset ${end} and had acknowledged records up to ${this.expected}: ${this.expected - end} are missing there, so the mirror has to start anew.`,
    );
  }
}
