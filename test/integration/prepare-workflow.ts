import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../src/migration/work/activities.js';
import type { Work } from '../../src/migration/work/work.js';

/** One step of a migration alone. */
export async function createTopicsOnce(work: Work): Promise<Awaited<ReturnType<Activities['createTopics']>>> {
  const { createTopics } = proxyActivities<Activities>({
    startToCloseTimeout: '2 minutes',
    retry: { initialInterval: '100 milliseconds', maximumAttempts: 3 },
  });
  return createTopics(work);
}
