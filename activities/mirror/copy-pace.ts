/** How many offsets were left to copy at some moment, in ms of watching. */
export interface Left {
  offsets: number;
  atMs: number;
}

/** Offsets a second between two moments that are a second apart or more; nothing where it cannot be told, or none was copied. */
export function copyPace(before: Left | null, now: Left): number | undefined {
  const seconds = before ? (now.atMs - before.atMs) / 1000 : 0;
  const rate = before && seconds >= 1 ? (before.offsets - now.offsets) / seconds : 0;
  return rate > 0 ? rate : undefined;
}

/** Of the time that the rest takes, one part in so many goes by until it is looked at again. */
const partOfRest = 10;
const mostMs = 10_000;

/** How long a mirror that is so far behind need not be asked where it is: hundreds of them may copy for days. */
export function restWhileFar(before: Left | null, now: Left): number {
  const pace = copyPace(before, now);
  return pace === undefined ? 0 : Math.min(mostMs, ((now.offsets / pace) * 1000) / partOfRest);
}
