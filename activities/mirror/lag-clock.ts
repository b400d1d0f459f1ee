/** One end of the source, and since when it has been known. */
interface Seen {
  end: bigint;
  at: number;
}

interface Standing {
  key: string;
  /** Everything below it is copied. */
  next: bigint;
  end: bigint;
}

/** Ends that are remembered of one partition: times are right to an eighth. */
const most = 16;

/**
 * Since when the oldest record that is not copied has been there, by what was seen of the ends of the source: times that
 * producers write into records may be anything.
 */
export class LagClock {
  readonly #seen = new Map<string, Seen[]>();

  /**
   * @param now ms of a clock that nobody sets
   * @returns ms, over all partitions; as long as this clock has run at most. 0 where nothing is left.
   */
  saw(partitions: readonly Standing[], now = performance.now()): number {
    let oldest = now;
    for (const { key, next, end } of partitions) {
      const ends = (this.#seen.get(key) ?? []).filter((one) => one.end > next);
      if (end > next && end > (ends.at(-1)?.end ?? next)) ends.push({ end, at: now });
      const kept = ends.length > most ? halved(ends) : ends;
      this.#seen.set(key, kept);
      if (kept[0]) oldest = Math.min(oldest, kept[0].at);
    }
    return now - oldest;
  }
}

/** Two neighbours become one that was known when the first was: rather too long than too short. */
function halved(ends: readonly Seen[]): Seen[] {
  return ends.flatMap((one, index) =>
    index % 2 === 0 ? [{ end: (ends[index + 1] ?? one).end, at: one.at }] : [],
  );
}
