import { setTimeout as sleep } from 'node:timers/promises';
import { FerryError, isFerryError } from '../migration/errors.js';
import type { Brokers } from './link/brokers.js';
import type { Cluster, NewBatch, TopicPartition, WriteOutcome } from './cluster.js';
import { partitionKey } from './cluster.js';
import type { Leaders } from './link/leaders.js';
import { Portion } from './link/portion.js';
import { isMoved, isPassing, noAnswer, ok, refusal, unknownTopicOrPartition } from './link/refusal.js';
import { produceV9 } from './wire/produce-v9.js';

/**
 * Requests to one broker that may be unanswered at a time, which is also how many batches of a partition: an idempotent
 * producer's batches are recognised when they come again as long as they are among its last five (KIP-98).
 */
const requestsInFlight = 5;
/** Of a request that holds more than one batch. */
const requestBytes = 2 * 1024 * 1024;
/** How long a broker waits for its replicas; less than a request may take. */
const replicationTimeoutMs = 20_000;
const pauseWithoutLeaderMs = 100;

const outOfOrderSequence = 45;
const duplicateSequence = 46;
const unknownProducerId = 59;
const fencedCodes = [47, 90];

interface Pending {
  batch: NewBatch;
  bytes: number;
  settle(outcome: WriteOutcome): void;
}

interface BrokerQueue {
  queue: Pending[];
  inFlight: number;
  /** A request was answered and none has failed since. What waits for a new connection may overtake, so one goes ahead. */
  connected: boolean;
  /** How much goes at once under a quota. */
  portion: Portion;
  /** The last answer was throttled: what is sent on top would only wait at the broker. */
  throttled: boolean;
}

type WritingCalls = Pick<Cluster, 'produce' | 'closeMirror'>;

export function writingCalls(brokers: Brokers, leaders: Leaders): WritingCalls {
  const outboxes = new Map<string, Outbox>();
  return {
    produce: (mirror, batch) => {
      let outbox = outboxes.get(mirror);
      if (!outbox) outboxes.set(mirror, (outbox = new Outbox(brokers, leaders, mirror)));
      return outbox.send(batch);
    },
    closeMirror: async (mirror) => {
      outboxes.get(mirror)?.close();
      outboxes.delete(mirror);
      await Promise.all([
        brokers.closeLane(`records of ${mirror}`),
        brokers.closeLane(`writes of ${mirror}`),
      ]);
    },
  };
}

/**
 * What one mirror has to write, gathered into requests: each takes the next batch of every partition of its broker that
 * has one, since a request may hold one batch of a partition only. Batches of a partition leave in the order given.
 */
class Outbox {
  private waiting: Pending[] = [];
  private sorting = false;
  private stale = false;
  private closed = false;
  private readonly perBroker = new Map<number, BrokerQueue>();

  constructor(
    private readonly brokers: Brokers,
    private readonly leaders: Leaders,
    private readonly mirror: string,
  ) {}

  send(batch: NewBatch): Promise<WriteOutcome> {
    return new Promise((settle) => {
      const bytes = batch.parts.reduce((sum, { length }) => sum + length, 0);
      this.waiting.push({ batch, bytes, settle });
      if (this.sorting) return;
      this.sorting = true;
      // What else is made in this turn travels along.
      setImmediate(() => void this.sort());
    });
  }

  /** Nothing is sent any more. */
  close(): void {
    this.closed = true;
    for (const { queue } of this.perBroker.values())
      for (const pending of queue.splice(0)) pending.settle(failed(this.gone()));
  }

  private gone(): FerryError {
    return new FerryError(
      'Unreachable',
      `The connections of mirror "${this.mirror}" are closed: begin anew.`,
    );
  }

  /** To the queue of each batch's broker, one round at a time so that none overtakes another. */
  private async sort(): Promise<void> {
    while (this.waiting.length > 0) {
      const round = this.waiting.splice(0);
      try {
        if (this.closed) throw this.gone();
        const anew = this.stale;
        this.stale = false;
        const located = await this.leaders.locate(distinct(round), anew);
        for (const pending of round) {
          const leader = located.get(partitionKey(pending.batch));
          if (leader !== undefined && 'value' in leader) this.queueOf(leader.value).queue.push(pending);
          else {
            this.stale = true;
            settleLater(pending, this.outcome(pending.batch, leader?.code ?? unknownTopicOrPartition));
          }
        }
      } catch (error) {
        this.stale = true;
        for (const pending of round) settleLater(pending, failed(error));
      }
      for (const broker of this.perBroker.keys()) this.flush(broker);
    }
    this.sorting = false;
  }

  private queueOf(broker: number): BrokerQueue {
    let state = this.perBroker.get(broker);
    if (!state) {
      state = { queue: [], inFlight: 0, connected: false, portion: new Portion(), throttled: false };
      this.perBroker.set(broker, state);
    }
    return state;
  }

  private flush(broker: number): void {
    const state = this.queueOf(broker);
    while (
      !this.closed &&
      state.queue.length > 0 &&
      state.inFlight < (state.connected && !state.throttled ? requestsInFlight : 1)
    ) {
      const { request, rest } = nextRequest(state.queue, state.portion.of(requestBytes));
      state.queue = rest;
      state.inFlight++;
      void this.write(broker, request).finally(() => {
        state.inFlight--;
        this.flush(broker);
      });
    }
  }

  private async write(broker: number, request: readonly Pending[]): Promise<void> {
    try {
      const { partitions, throttleMs } = await this.brokers.ask(
        broker,
        produceV9,
        { timeoutMs: replicationTimeoutMs, batches: request.map(({ batch }) => batch) },
        `writes of ${this.mirror}`,
      );
      const bytes = request.reduce((sum, pending) => sum + pending.bytes, 0);
      this.brokers.restraint.through(produceV9.name, bytes);
      const state = this.queueOf(broker);
      state.connected = true;
      state.throttled = throttleMs > 0;
      state.portion.answered(bytes, throttleMs);
      const answers = new Map(partitions.map((row) => [partitionKey(row), row]));
      for (const pending of request) {
        const answer = answers.get(partitionKey(pending.batch));
        pending.settle(
          answer?.code === ok
            ? { kind: 'written', baseOffset: answer.baseOffset }
            : this.outcome(pending.batch, answer?.code ?? noAnswer),
        );
      }
    } catch (error) {
      this.stale = true;
      this.queueOf(broker).connected = false;
      for (const pending of request) pending.settle(failed(error));
    }
  }

  private outcome(batch: NewBatch, code: number): WriteOutcome {
    if (fencedCodes.includes(code)) return { kind: 'fenced' };
    if (code === duplicateSequence) return { kind: 'duplicate' };
    if (code === outOfOrderSequence || code === unknownProducerId) return { kind: 'out-of-sequence' };
    this.stale ||= isMoved(code) || code === unknownTopicOrPartition;
    const error = refusal(code, {
      cluster: this.brokers.cluster,
      about: `partition ${partitionKey(batch)}`,
      needs: `WRITE on topic "${batch.topic}"`,
    });
    return isPassing(code) || code === unknownTopicOrPartition
      ? { kind: 'again', error }
      : { kind: 'refused', error };
  }
}

/** The first batch of every partition, in order, as far as a request holds them; at least one. */
function nextRequest(queue: readonly Pending[], most: number): { request: Pending[]; rest: Pending[] } {
  const taken = new Set<string>();
  const request: Pending[] = [];
  const rest: Pending[] = [];
  let bytes = 0;
  for (const pending of queue) {
    const key = partitionKey(pending.batch);
    const fits = request.length === 0 || bytes + pending.bytes <= most;
    if (fits && !taken.has(key)) {
      request.push(pending);
      bytes += pending.bytes;
    } else rest.push(pending);
    taken.add(key);
  }
  return { request, rest };
}

function distinct(round: readonly Pending[]): TopicPartition[] {
  return [...new Map(round.map(({ batch }) => [partitionKey(batch), batch])).values()];
}

/** An answer that cost no round trip must not make the caller spin. */
function settleLater(pending: Pending, outcome: WriteOutcome): void {
  void sleep(pauseWithoutLeaderMs).then(() => pending.settle(outcome));
}

function failed(error: unknown): WriteOutcome {
  const known = isFerryError(error)
    ? error
    : new FerryError('Unexpected', 'A write failed in a way that no rule covers: report it.', {
        cause: error,
      });
  return known.type === 'Unreachable' ? { kind: 'again', error: known } : { kind: 'refused', error: known };
}
