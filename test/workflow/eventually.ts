import { setTimeout as pause } from 'node:timers/promises';

/**
 * Reads until what was read holds, and answers it.
 * @throws when it has not held within `withinMs`; the message shows what was read last.
 */
export async function eventually<T>(
  read: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  withinMs = 20_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await read();
    if (holds(seen)) return seen;
    if (Date.now() >= end)
      throw new Error(`It did not come true in ${withinMs} ms; last seen: ${JSON.stringify(seen, null, 1)}`);
    await pause(15);
  }
}
