const day = 24 * 60 * 60_000;

/**
 * How often a step that waits for a person looks after what it prepared, ms: once a day, well inside a week's offset
 * retention, or twice within a shorter one.
 *
 * @param offsetsKeptMs for how long the target keeps the offsets of a group without members, where it shows that
 */
export function upkeepEveryMs(offsetsKeptMs = Infinity): number {
  return Math.min(day, Math.floor(offsetsKeptMs / 2));
}
