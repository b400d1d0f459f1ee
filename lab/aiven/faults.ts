import { ApiError } from './api-error.js';
import type { Kept } from './state.js';

const every = { tooMany: 9, unavailable: 14 } as const;

/**
 * What Aiven answers now and then although nothing is wrong: 429 and 503, in an order that every run has. Whether the
 * request comes again is up to who asked.
 */
export class Faults {
  private requests = 0;

  now(): void {
    this.requests += 1;
    if (this.requests % every.tooMany === 0)
      throw new ApiError(429, 'Too many requests', undefined, { 'retry-after': '1' });
    if (this.requests % every.unavailable === 0)
      throw new ApiError(503, 'Service is experiencing high load', 'kafka_service_unavailable');
  }

  /** The first request for a new topic comes too early. */
  tooEarly(kept: Kept, topic: string): void {
    if (kept.now.asked.includes(topic)) return;
    kept.change((state) => state.asked.push(topic));
    throw new ApiError(501, 'Not enough live brokers for the topic yet');
  }
}
