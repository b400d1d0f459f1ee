import { setTimeout as sleep } from 'node:timers/promises';

const AGAIN_AFTER_MS = 300;

/**
 * Tries until it succeeds: brokers die and come back.
 *
 * @param failed is told of every failure.
 * @param hopeless an error for which it is true is thrown at once.
 * @param withinMs after so long the last error is thrown; without it, never.
 */
export async function patiently<Result>(
  attempt: () => Promise<Result>,
  options: {
    failed: (error: unknown) => void;
    hopeless?: (error: unknown) => boolean;
    withinMs?: number | undefined;
  },
): Promise<Result> {
  const deadline = Date.now() + (options.withinMs ?? Infinity);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      options.failed(error);
      if (options.hopeless?.(error) || Date.now() > deadline) throw error;
      await sleep(AGAIN_AFTER_MS);
    }
  }
}
