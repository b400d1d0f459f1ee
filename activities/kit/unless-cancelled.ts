import { setTimeout as timer } from 'node:timers/promises';
import type { Context } from '@temporalio/activity';

/** What an activity that lasts for hours races with its cancellation, again and again. */
export interface UnlessCancelled {
  /** Settles as the work does, or is rejected with the `CancelledFailure` at once. */
  run: <T>(work: Promise<T>) => Promise<T>;
  sleep: (ms: number) => Promise<void>;
}

/**
 * Waits for the cancellation once. `Promise.race` with `context.cancelled`, and `context.sleep`, which does the same, hang on that
 * promise what stays until the activity has ended: in an hour of looks each second some ten megabytes.
 */
export function unlessCancelled({ cancelled, cancellationSignal: signal }: Context): UnlessCancelled {
  const waiting = new Set<(error: unknown) => void>();
  cancelled.catch((error: unknown) => {
    for (const reject of waiting) reject(error);
  });
  const run = <T>(work: Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.add(reject);
      work.then(resolve, reject).finally(() => waiting.delete(reject));
      if (signal.aborted) cancelled.catch(reject);
    });
  return {
    run,
    sleep: (ms) => run(timer(Math.max(0, ms), undefined, { signal }).catch(() => cancelled)),
  };
}
