import { Context } from '@temporalio/activity';

/** What Temporal says of the activity that runs; undefined where none does, as in `ferry drain`. */
export function currentContext(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined;
  }
}
