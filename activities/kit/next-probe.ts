/** Confirming probes come this much quicker than usual, so that an answer is not late by whole intervals. */
const confirmingMs = 250;

/** Where nothing has changed for this long, every second probe is left out: hundreds of migrations wait so for days. */
const restingAfterMs = 60_000;
const restingTimes = 2;

export const rests = (unchangedMs: number): boolean => unchangedMs >= restingAfterMs;

/**
 * The next multiple of the interval on the clock: watches of many migrations then probe at the same time, and what they
 * ask of one cluster can travel together.
 *
 * @param usualMs `waits.probe`
 * @param seen `confirming` when what was seen would be the answer if more probes agree; `unchangedMs`: for how long every
 * probe has seen the same
 */
export function nextProbe(
  now: number,
  usualMs: number,
  { confirming, unchangedMs }: { confirming: boolean; unchangedMs: number },
): number {
  const usual = Math.max(1, usualMs);
  const resting = rests(unchangedMs) ? restingTimes * usual : usual;
  const interval = confirming ? Math.min(usual, confirmingMs) : resting;
  return (Math.floor(now / interval) + 1) * interval;
}
