import type { MetricMeter } from '@temporalio/common';
import { metrics } from '../../src/migration/metrics.js';

type Requests = Readonly<Record<string, Readonly<Record<string, number>>>>;

const everyMs = 5_000;

/** Counts what is asked of brokers, by what the clusters have counted themselves since it was asked last. */
export class RequestCounts {
  readonly #told = new Map<string, number>();

  constructor(
    private readonly meter: MetricMeter,
    /** By cluster and request, since they were opened. */
    private readonly requests: () => Requests,
  ) {}

  tell(): void {
    const { name, means } = metrics.requests;
    const counter = this.meter.createCounter(name, undefined, means);
    for (const [cluster, sent] of Object.entries(this.requests()))
      for (const [request, total] of Object.entries(sent)) {
        const key = `${request} ${cluster}`;
        const more = total - (this.#told.get(key) ?? 0);
        if (more > 0) counter.add(more, { cluster, request });
        this.#told.set(key, total);
      }
  }

  /** Until `signal`. */
  keep(signal: AbortSignal): void {
    const timer = setInterval(() => this.tell(), everyMs).unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }
}
