import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';

/**
 * Does this until something else matters more: then it is cancelled, and what `interrupted` says is answered, or thrown.
 *
 * @param matters asked whenever something has happened
 */
export async function interruptible<T, Other>(
  work: () => Promise<T>,
  matters: () => boolean,
  interrupted: () => Other,
): Promise<T | Other> {
  const scope = new CancellationScope();
  const bell = new CancellationScope();
  let rung = false;
  const listening = bell.run(async () => {
    await condition(matters);
    rung = true;
    scope.cancel();
  });
  try {
    return await scope.run(work);
  } catch (error) {
    if (!rung || !isCancellation(error)) throw error;
    return interrupted();
  } finally {
    bell.cancel();
    await listening.catch(() => undefined);
  }
}
