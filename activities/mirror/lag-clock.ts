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

/** What is remembered of one partition, oldest first, and how far apart in time, ms. */
interface Memory {
  ends: readonly Seen[];
  apartMs: number;
}

/** Ends that are remembered of one partition: times are right to an eighth. */
const most = 16;
const fewest = 4;

/**
 * Since when the oldest record that is not copied has been there, by what was seen of the ends of the source: times that
 * producers write into records may be anything.
 */
export class LagClock {
  readonly #memory = new Map<string, Memory>();

  /**
   * @param now ms of the same clock at each call
   * @returns ms, over all partitions; as long as this clock has run at most. 0 where nothing is left.
   */
  saw(partitions: readonly Standing[], now: number): number {
    let oldest = now;
    for (const { key, next, end } of partitions) {
      const memory = remembered(this.#memory.get(key) ?? { ends: [], apartMs: 0 }, next, end, now);
      this.#memory.set(key, memory);
      oldest = Math.min(oldest, memory.ends[0]?.at ?? now);
    }
    return Math.max(0, now - oldest);
  }
}

function remembered({ ends: before, apartMs }: Memory, next: bigint, end: bigint, now: number): Memory {
  const ends = before.filter((one) => one.end > next);
  if (end > next && end > (ends.at(-1)?.end ?? next)) ends.push({ end, at: now });
  const farther = ends.length > most ? Math.max(1, (now - (ends[0]?.at ?? now)) / (most / 2)) : apartMs;
  const apart = ends.length < fewest ? farther / 2 : farther;
  return { ends: thinned(ends, apart), apartMs: apart };
}

/** Of what came close together the first time and the last end: rather too long than too short. */
function thinned(ends: readonly Seen[], apartMs: number): Seen[] {
  const kept: Seen[] = [];
  for (const one of ends) {
    const last = kept.at(-1);
    if (last && one.at - last.at < apartMs) last.end = one.end;
    else kept.push({ ...one });
  }
  return kept;
}
