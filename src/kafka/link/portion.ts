/** A wait that is long enough to cost little, and short enough that nobody takes it for a stop, ms. */
const wantedWaitMs = 1_000;
const least = 16 * 1024;
/** More is nobody's request. */
const most = 64 * 1024 * 1024;

/**
 * How many bytes to ask for, or to write, at once under a quota that nobody tells: a broker that is to let `bytes` through
 * at a rate holds back for about `bytes / rate` (`QuotaUtils.throttleTime`). So the portion shrinks with what was waited
 * for longer than a second and grows while nothing is held back.
 *
 * A quota of request time never holds back for longer than one window, a second by default, whatever the bytes are.
 */
export class Portion {
  private bytes = Infinity;

  of(wanted: number): number {
    return Math.min(wanted, this.bytes);
  }

  /** @param asked bytes of a request; @param throttleMs what its answer said */
  answered(asked: number, throttleMs: number): void {
    if (throttleMs > wantedWaitMs)
      this.bytes = Math.max(least, Math.floor((Math.min(asked, most) * wantedWaitMs) / throttleMs));
    else if (throttleMs === 0 && 2 * asked >= this.bytes) this.bytes *= 2;
    if (this.bytes > most) this.bytes = Infinity;
  }
}
