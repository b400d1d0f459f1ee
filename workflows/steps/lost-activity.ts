import { TimeoutFailure, type ActivityFailure } from '@temporalio/workflow';
import type { ErrorType } from '../../src/migration/error-types.js';

/** Why an activity ended without an answer of its own: nobody finished it, or Temporal did not take what was answered. */
export function lostActivity({ cause, activityType }: ActivityFailure): {
  type: ErrorType;
  sentence: string;
} {
  return cause === undefined || cause instanceof TimeoutFailure
    ? {
        type: 'Unreachable',
        sentence: `No worker finished ${activityType} in time: see that one is running, then retry.`,
      }
    : {
        type: 'Refused',
        sentence: `Temporal did not take what ${activityType} answered; it takes 2 MB: see the history of the workflow for its reason. A migration of too many topics and groups is divided into several.`,
      };
}
