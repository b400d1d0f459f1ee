/** A wait that is long enough to cost little, and short enough that nobody takes it for a stop, ms. */
const wantedWaitMs = 1_000;
const least = 16 * 1024;
/** More is nobody's request. */
const most = 64 * 1024 * 1024;

/** Without a wait for so long, more is tried: what a quota has let through just after a wait says little, ms. */
const growsAfterMs = 10_000;

/**
 * How many bytes to ask for, or to write, at once under a quota that nobody tells: a broker that is to let `bytes` through
 * at a rate holds back for about `bytes / rate` (`QuotaUtils.throttleTime`). So the portion shrinks by as much as was
 * waited for longer than a second, and grows when nothing is held back any more.
 *
 * A quota of request time never holds back for longer than one window, a second by default, whatever the bytes are.
 */
export class Portion {
  private bytes = Infinity;
  private changedAt = 0;

  of(wanted: number): number {
    return Math.min(wanted, this.bytes);
  }

  /** @param asked bytes of a request; @param throttleMs what its answer said */
  answered(asked: number, throttleMs: number, now = Date.now()): void {
    if (throttleMs > 0) this.changedAt = now + throttleMs;
    if (throttleMs > wantedWaitMs)
      this.bytes = Math.max(least, Math.floor((Math.min(asked, most) * wantedWaitMs) / throttleMs));
    else if (throttleMs === 0 && 2 * asked >= this.bytes && now - this.changedAt >= growsAfterMs) {
      this.bytes = 2 * this.bytes > most ? Infinity : 2 * this.bytes;
      this.changedAt = now;
    }
  }
}
