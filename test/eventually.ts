import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is as wanted, and answers it.
 * @throws Error with the last answer, when it is not within `withinMs`.
 */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  wanted: (answer: T) => boolean,
  withinMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(`It did not come true in ${withinMs} ms; last seen: ${shown(answer)}`);
    await sleep(25);
  }
}

/** JSON alone knows neither offsets nor maps. */
function shown(answer: unknown): string {
  return JSON.stringify(
    answer,
    (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value.entries()] : value,
    1,
  );
}
