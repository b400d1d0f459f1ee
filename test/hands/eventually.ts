import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is as wanted, and answers it.
 * @throws Error with the last answer, when it is not within `withinMs`.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  withinMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(
        `It did not come true in ${withinMs} ms; last seen: ${JSON.stringify(answer, null, 1)}`,
      );
    await sleep(100);
  }
}
