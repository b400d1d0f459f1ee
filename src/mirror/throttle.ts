import { setTimeout as sleep } from 'node:timers/promises';

/** Lets so many bytes a second through, on average; what a burst took too much is waited for. */
export class Throttle {
  private credit: number;
  private at = Date.now();

  /** @param perSecond bytes; unlimited when absent */
  constructor(private readonly perSecond: number | undefined) {
    this.credit = perSecond ?? 0;
  }

  /** Resolves when something may be taken. */
  async open(signal: AbortSignal): Promise<void> {
    if (this.perSecond === undefined) return;
    for (;;) {
      const now = Date.now();
      this.credit = Math.min(this.perSecond, this.credit + ((now - this.at) / 1000) * this.perSecond);
      this.at = now;
      if (this.credit > 0) return;
      await sleep(Math.ceil((-this.credit / this.perSecond) * 1000) + 1, undefined, { signal });
    }
  }

  /** How much may be taken at once without waiting long afterwards. */
  get burst(): number {
    return this.perSecond === undefined ? Infinity : Math.max(64 * 1024, this.perSecond / 4);
  }

  took(bytes: number): void {
    this.credit -= bytes;
  }
}
