import type { Manner } from './outlet.js';
import type { ProducerConfig } from './settings.js';

const TICK_MS = 50;

/** When how many messages are due, and which batches go in a transaction. No chance in it: a run can be repeated. */
export class Pace {
  readonly pauseMs = TICK_MS;
  private sent = 0;
  private batches = 0;
  private transactions = 0;
  private readonly began = Date.now();

  constructor(
    private readonly config: Pick<ProducerConfig, 'rate' | 'total' | 'batchSize' | 'transactions'>,
  ) {}

  isFinished(): boolean {
    return this.sent >= this.total();
  }

  /** Messages of the next batch; 0 when it is too early for one. */
  due(now = Date.now()): number {
    const { rate = 0, batchSize = 500 } = this.config;
    const most = Math.min(batchSize, this.total() - this.sent);
    if (rate === 0) return most;
    const allowed = Math.floor(((now - this.began) * rate) / 1000) - this.sent;
    const worthSending = Math.min(most, Math.max(1, (rate * TICK_MS) / 1000));
    return allowed >= worthSending ? Math.min(allowed, most) : 0;
  }

  manner(): Manner {
    const { share, aborted } = this.config.transactions ?? { share: 0, aborted: 0 };
    this.batches += 1;
    if (!isTurn(this.batches, share)) return 'plain';
    this.transactions += 1;
    return isTurn(this.transactions, aborted) ? 'abort' : 'transaction';
  }

  written(messages: number): void {
    this.sent += messages;
  }

  private total(): number {
    return this.config.total ?? Infinity;
  }
}

/** Spreads a share evenly: with 0.25 it is every fourth. */
function isTurn(count: number, share: number): boolean {
  return Math.floor(count * share) > Math.floor((count - 1) * share);
}
