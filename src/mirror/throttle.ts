import { setTimeout as sleep } from 'node:timers/promises';

/** How long it is waited at most before it is asked again how much may be taken, ms. */
const askAgainMs = 500;

/** Lets so many bytes a second through, on average; what a burst took too much is waited for. The rate may change at any time. */
export class Throttle {
  private credit: number;
  private at = Date.now();
  private readonly rate: () => number | undefined;

  /** @param rate bytes a second, or what answers them now; unlimited when absent */
  constructor(rate: number | undefined | (() => number | undefined)) {
    this.rate = typeof rate === 'function' ? rate : () => rate;
    this.credit = this.rate() ?? 0;
  }

  /** Resolves when something may be taken. */
  async open(signal: AbortSignal): Promise<void> {
    for (;;) {
      const perSecond = this.rate();
      const now = Date.now();
      const passed = (now - this.at) / 1000;
      this.at = now;
      if (perSecond === undefined) {
        this.credit = 0;
        return;
      }
      this.credit = Math.min(perSecond, this.credit + passed * perSecond);
      if (this.credit > 0) return;
      const waitMs = Math.ceil((-this.credit / perSecond) * 1000) + 1;
      await sleep(Math.min(waitMs, askAgainMs), undefined, { signal });
    }
  }

  /** How much may be taken at once without waiting long afterwards. */
  get burst(): number {
    const perSecond = this.rate();
    return perSecond === undefined ? Infinity : Math.max(64 * 1024, perSecond / 4);
  }

  took(bytes: number): void {
    this.credit -= bytes;
  }
}
