/** Versions that each registry of a copy shows. */
export interface ShownVersions {
  readonly source: number;
  readonly target: number;
}

/** As long as a registry shows less than before, ms, it may be reading its own log: not all of them tell. */
const believedAfterMs = 60_000;

/** A registry that shows fewer versions than it did is not believed at once, and is once it has said so for a minute. */
export class Doubt {
  private since: number | undefined;

  /**
   * @param at ms since the epoch
   * @returns who is doubted; `undefined`: nobody
   */
  of({
    before,
    now,
    at,
  }: {
    before: ShownVersions | undefined;
    now: ShownVersions;
    at: number;
  }): keyof ShownVersions | undefined {
    const less = before && (['source', 'target'] as const).find((side) => now[side] < before[side]);
    if (less === undefined) {
      this.since = undefined;
      return undefined;
    }
    this.since ??= at;
    if (at - this.since < believedAfterMs) return less;
    this.since = undefined;
    return undefined;
  }
}
