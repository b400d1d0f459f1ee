import { CancelledFailure, type Context } from '@temporalio/activity';
import { FerryError } from '../../src/migration/errors.js';
import type { Heartbeat } from '../../src/migration/work/work.js';

/**
 * A heartbeat that is with the server when this resolves: `context.heartbeat` is throttled and answers nothing.
 *
 * @throws CancelledFailure when the server says that this attempt is not wanted any more: it was cancelled, paused or
 * reset, or its time is over.
 * @throws FerryError `Unreachable` when the server did not take it.
 */
export async function note(context: Context, details: Heartbeat): Promise<void> {
  try {
    await context.client.activity.heartbeat(context.info.taskToken, details);
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    const named = error instanceof Error ? error.name : '';
    if (named === 'ActivityCompletionError')
      throw new FerryError(
        'Unreachable',
        'Temporal did not take a note that has to be with it before a change.',
      );
    if (!unwanted.includes(named)) throw error;
    // Only the worker knows how to report it: it is told the same in answer to its own next heartbeat.
    context.heartbeat(details);
    await context.cancelled;
  }
}

/** Names of errors of Temporal's client by which the server says so; activities use that client as they find it. */
const unwanted = [
  'ActivityCancelledError',
  'ActivityNotFoundError',
  'ActivityPausedError',
  'ActivityResetError',
];
