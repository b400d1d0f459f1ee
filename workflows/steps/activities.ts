import { ActivityCancellationType, proxyActivities, workflowInfo } from '@temporalio/workflow';
import { watchQueue } from '../../src/migration/queues.js';
import type { Activities } from '../../src/migration/work.js';

/** One call of a watching activity: long enough that a wait costs fewer than ten events an hour. */
export const sliceMs = 55 * 60_000;

/**
 * Reads and changes. Only what is transient is tried again (the activities mark the rest), for some three minutes:
 * after that a person is asked. An abort waits until a change has really stopped before it takes things back.
 */
export const change = () =>
  proxyActivities<Activities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30 seconds',
    retry: {
      initialInterval: '1 second',
      backoffCoefficient: 2,
      maximumInterval: '30 seconds',
      maximumAttempts: 10,
    },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

/**
 * Watches. They tolerate an unreachable cluster themselves, so an attempt ends early only when its worker does: the
 * heartbeat timeout is how soon another worker goes on. They change nothing, so nobody waits for one to stop.
 */
export const watch = () =>
  proxyActivities<Activities>({
    taskQueue: watchQueue(workflowInfo().taskQueue),
    startToCloseTimeout: sliceMs + 10 * 60_000,
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  });
