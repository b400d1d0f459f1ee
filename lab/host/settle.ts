/**
 * Like `Promise.all`, but rejects only when all of it has ended: what still runs would go on making files and
 * processes while the failure is being cleaned up.
 */
export async function settleAll<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
