/** How quotas of a cluster hold the ferry back at the moment. Times are milliseconds. */
export interface HeldBack {
  /** Names of the requests that were throttled, as the protocol guide has them; the one that was held longest first. */
  readonly requests: readonly string[];
  /** When it began: since then, no `windowMs` have passed without. */
  readonly since: number;
  /** Until when nothing more is asked, as far as is known; it may have passed. */
  readonly until: number;
  /** Of the last `windowMs`. */
  readonly heldMs: number;
  /** What came through meanwhile of records that were read, or written, whichever is held back longer. */
  readonly bytesPerSecond?: number;
}

/** As long as a broker looks back by default (`quota.window.num` − 1 windows of `quota.window.size.seconds`). */
export const windowMs = 10_000;
/** Shorter is nothing to tell a person: it costs less than a tenth of the time. */
const leastHeldMs = 1_000;

interface Hold {
  readonly request: string;
  readonly from: number;
  readonly to: number;
}

/** What a cluster's answers say of its quotas (KIP-13, KIP-124, KIP-599), put together over all connections. */
export class Restraint {
  /** None begins before another ends. */
  private holds: Hold[] = [];
  private passed: { request: string; at: number; bytes: number }[] = [];
  private since = 0;

  throttled(request: string, ms: number, now = Date.now()): void {
    const last = this.holds.at(-1);
    if (!last || last.to < now - windowMs) this.since = now;
    const from = Math.max(now, last?.to ?? now);
    const to = now + ms;
    if (to > from) this.holds.push({ request, from, to });
    this.forget(now);
  }

  /** So many bytes of records came, or went, with a request of this name. */
  through(request: string, bytes: number, now = Date.now()): void {
    this.passed.push({ request, at: now, bytes });
    this.forget(now);
  }

  /** `undefined`: nothing that a person would notice. */
  held(now = Date.now()): HeldBack | undefined {
    const byRequest = new Map<string, number>();
    let heldMs = 0;
    for (const { request, from, to } of this.holds) {
      const ms = Math.min(to, now) - Math.max(from, now - windowMs);
      if (ms < 0) continue;
      heldMs += ms;
      byRequest.set(request, (byRequest.get(request) ?? 0) + ms);
    }
    const until = this.holds.at(-1)?.to ?? 0;
    if (heldMs < leastHeldMs && until - now < leastHeldMs) return undefined;
    const requests = [...byRequest].sort(([, a], [, b]) => b - a).map(([request]) => request);
    const overMs = Math.min(windowMs, now - this.since);
    const bytes = this.passed
      .filter(({ request, at }) => request === requests[0] && at > now - overMs)
      .reduce((sum, one) => sum + one.bytes, 0);
    const told = bytes > 0 && overMs >= leastHeldMs;
    return {
      ...{ requests, since: this.since, until, heldMs },
      ...(told && { bytesPerSecond: Math.round((bytes * 1000) / overMs) }),
    };
  }

  private forget(now: number): void {
    while ((this.holds[0]?.to ?? now) < now - windowMs && this.holds.length > 1) this.holds.shift();
    while ((this.passed[0]?.at ?? now) < now - windowMs) this.passed.shift();
  }
}
