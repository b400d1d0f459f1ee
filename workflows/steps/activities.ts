import {
  ActivityCancellationType,
  proxyActivities,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import { mirrorQueue, watchQueue } from '../../src/migration/queues.js';
import { bytesOf, mostBytes, tooLarge } from '../../src/migration/size.js';
import type { Activities } from '../../src/migration/work/activities.js';
import type { FleetActivities } from '../../src/migration/work/fleet.js';
import type { RegistryActivities } from '../../src/migration/work/schemas.js';
import type { SurveyActivities } from '../../src/migration/work/survey.js';
import { Blocked } from './turns.js';

type AllActivities = Activities & RegistryActivities & SurveyActivities & FleetActivities;

/** Temporal ends a run that asks for an activity with an input that is too large: a person is told before that. */
function activities(options: ActivityOptions): AllActivities {
  const asked = proxyActivities<AllActivities>(options);
  return new Proxy(asked, {
    get: (_, name) => (input: unknown) => {
      const bytes = bytesOf(input);
      if (bytes > mostBytes)
        throw new Blocked(tooLarge(`What ${String(name)} has to be given`, bytes), [], 'Refused');
      return (asked[name as keyof typeof asked] as (input: unknown) => unknown)(input);
    },
  });
}

/** One call of a watching activity: long enough that a wait costs fewer than ten events an hour. */
export const sliceMs = 55 * 60_000;

/**
 * Reads and changes. Only what is transient is tried again (the activities mark the rest), for some three minutes:
 * after that a person is asked. An abort waits until a change has really stopped before it takes things back.
 */
export const change = () =>
  activities({
    ...triedForMinutes,
    startToCloseTimeout: '10 minutes',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

/**
 * One look at everything, tried again as a change is. It may read whole logs, where other long reading is done, and changes
 * nothing, so nobody waits for it to stop.
 */
export const look = () =>
  activities({
    ...triedForMinutes,
    taskQueue: watchQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '7 days',
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  });

const triedForMinutes = {
  heartbeatTimeout: '15 seconds',
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    maximumAttempts: 10,
  },
} as const;

/** One look of a survey. It is given up after a while, since the next one comes; it changes nothing, so nobody waits for it. */
export const looking = (summary: string): SurveyActivities =>
  activities({
    summary,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 5 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  });

/**
 * Watches. They tolerate an unreachable cluster themselves, so an attempt ends early only when its worker does: the
 * heartbeat timeout is how soon another worker goes on. They change nothing, so nobody waits for one to stop.
 */
export const watch = () =>
  activities({
    ...watchOptions(),
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  });

/**
 * Watches that read whole logs. What cannot be handed on in its middle is ended when a slice is over, however long that
 * takes: an attempt that was cut off there would begin it anew for ever.
 */
export const watchWhole = () =>
  activities({
    ...watchOptions(),
    startToCloseTimeout: sliceMs + 7 * 24 * 60 * 60_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  });

const watchOptions = () => ({
  taskQueue: watchQueue(workflowInfo().taskQueue),
  startToCloseTimeout: sliceMs + 10 * 60_000,
  heartbeatTimeout: '15 seconds' as const,
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
  } as const,
});

/** Watches, and changes something at the end: an abort waits until that has really stopped before it takes things back. */
export const watchThenChange = () =>
  activities({
    ...watchOptions(),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

/**
 * Tells people, and writes reports: where watches are done, so that a target that hangs keeps no change from its slot. Tried
 * again for minutes and not longer, and given up without harm.
 */
export const outside = () =>
  activities({
    taskQueue: watchQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '2 minutes',
    scheduleToCloseTimeout: '5 minutes',
    heartbeatTimeout: '15 seconds',
    retry: {
      initialInterval: '5 seconds',
      backoffCoefficient: 3,
      maximumInterval: '2 minutes',
      maximumAttempts: 6,
    },
  });

/** One call of one share of a mirror, ms: long, and longer with many shares, so that all together cost few events. */
export const mirrorSliceMs = (shares: number): number => Math.max(12, shares) * 60 * 60_000;

/**
 * Copies records in the background, on a queue of its own. A share that is stopped is waited for: until it has ended,
 * the target has a writer. What is transient is tried again for ever, since a mirror that waits harms nobody.
 */
export const mirroring = (sliceMs: number) =>
  activities({
    taskQueue: mirrorQueue(workflowInfo().taskQueue),
    startToCloseTimeout: sliceMs + 60 * 60_000,
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
