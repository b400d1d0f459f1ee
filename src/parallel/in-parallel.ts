/** Requests under way at once for one piece of work, unless told. */
export const atOnce = 10;

/**
 * Runs the work for each item, at most `limit` at a time, and answers in their order. After a failure nothing more is
 * started, and it is thrown when what was under way has ended.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  limit: number = atOnce,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  for (const one of lanes) if (one.status === 'rejected') throw one.reason;
  return results;
}
