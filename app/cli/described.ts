import { WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import type { Temporal } from './temporal.js';

/** What Temporal says of the last migration of a name; undefined when there is none. */
export function described(
  temporal: Temporal,
  name: string,
): Promise<WorkflowExecutionDescription | undefined> {
  return temporal
    .migration(name)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
}
