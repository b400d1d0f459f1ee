const windowMs = 20_000;

/** How fast it went, over the last seconds. */
export class Pace {
  private readonly seen: { at: number; offsets: number; bytes: number }[] = [];

  at(offsets: number, bytes: number): { offsetsPerSecond: number; bytesPerSecond: number } {
    const at = performance.now();
    this.seen.push({ at, offsets, bytes });
    while (this.seen.length > 2 && at - this.seen[0]!.at > windowMs) this.seen.shift();
    const first = this.seen[0]!;
    const seconds = (at - first.at) / 1000;
    if (seconds <= 0) return { offsetsPerSecond: 0, bytesPerSecond: 0 };
    return {
      offsetsPerSecond: (offsets - first.offsets) / seconds,
      bytesPerSecond: (bytes - first.bytes) / seconds,
    };
  }
}
