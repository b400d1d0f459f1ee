import type { Silence } from './silence.js';

/**
 * Of many partitions that are fetched together, those that were given nothing although their logs go on. Each is asked
 * alone, in turns with all others: what one partition lacks holds back no other.
 */
export class SilentTurns<T> {
  private readonly silent = new Map<T, { readonly silence: Silence; askAt: number }>();
  private turn = false;

  constructor(private readonly silenceOf: (one: T) => Silence) {}

  get any(): boolean {
    return this.silent.size > 0;
  }

  has(one: T): boolean {
    return this.silent.has(one);
  }

  /** Which one is to be asked alone now, of those that are ready; every other turn belongs to those that are not silent. */
  next(ready: readonly T[]): T | undefined {
    this.turn = !this.turn;
    if (!this.turn && ready.some((one) => !this.silent.has(one))) return undefined;
    const now = Date.now();
    let [first, soonest] = [undefined as T | undefined, now];
    for (const one of ready) {
      const at = this.silent.get(one)?.askAt ?? Infinity;
      if (at <= soonest) [first, soonest] = [one, at - 1];
    }
    return first;
  }

  /** It was given something, or told that there is nothing. */
  answered(one: T): void {
    this.silent.delete(one);
  }

  /** @throws FerryError as `Silence.heard` */
  nothing(one: T, alone: boolean, position: bigint, end: bigint): void {
    const known = this.silent.get(one);
    if (!known) this.silent.set(one, { silence: this.silenceOf(one), askAt: Date.now() });
    else if (alone) {
      known.silence.heard(position, end);
      known.askAt = Date.now() + known.silence.pauseMs;
    }
  }

  /** About one that has been silent for long, if there is one. */
  get says(): string | undefined {
    for (const { silence } of this.silent.values()) if (silence.says) return silence.says;
    return undefined;
  }

  /** What a Fetch for it alone may wait at the broker, ms. */
  waitMs(one: T): number | undefined {
    return this.silent.get(one)?.silence.waitMs;
  }

  /** Until one may be asked again, at most so long; ms. */
  pauseMs(atMost: number): number {
    const next = Math.min(...[...this.silent.values()].map(({ askAt }) => askAt - Date.now()));
    return Math.max(1, Math.min(atMost, next));
  }
}
