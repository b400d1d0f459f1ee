import { atOnce } from './in-parallel.js';
import { Turns } from './turns.js';

/**
 * Runs the work for each item when that for all it needs is done; those that may run start in the given order, at most
 * `atOnce` at a time. After a failure nothing more is started, and it is thrown when what was under way has ended.
 *
 * @param needs of an item, all of which stand before it in the order; what is not in the order counts as done.
 */
export async function afterNeeds<T>(
  order: readonly T[],
  needs: (item: T) => readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const under = new Map<T, Promise<void>>();
  const turns = new Turns(atOnce);
  let failed = false;
  const run = async (item: T): Promise<void> => {
    await Promise.all(needs(item).map(async (needed) => under.get(needed)));
    await turns.run(async () => {
      try {
        if (!failed) await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    });
  };
  for (const item of order) under.set(item, run(item));
  const all = await Promise.allSettled(under.values());
  for (const one of all) if (one.status === 'rejected') throw one.reason;
}
