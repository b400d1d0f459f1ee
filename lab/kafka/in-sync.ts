import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka } from 'kafkajs';
import { LabError } from '../host/failure.js';
import { withAdmin } from './admin.js';

const IN_SYNC_WITHIN_MS = 120_000;
const POLL_MS = 100;

/**
 * Resolves when every partition of every topic has a leader and all of its replicas are in sync, internal topics
 * included.
 * @throws LabError when that takes longer than two minutes.
 */
export async function untilInSync(kafka: Kafka, title: string): Promise<void> {
  const deadline = Date.now() + IN_SYNC_WITHIN_MS;
  await withAdmin(kafka, async (admin) => {
    for (;;) {
      // Refused while a partition has no leader.
      const { topics } = await admin.fetchTopicMetadata().catch(() => ({ topics: undefined }));
      const lacking = topics?.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ leader, isr, replicas }) => leader < 0 || isr.length < replicas.length)
          .map(({ partitionId }) => `${name}-${partitionId}`),
      );
      if (lacking?.length === 0) return;
      if (Date.now() > deadline)
        throw new LabError(
          `Not all replicas of the ${title} were in sync within ${IN_SYNC_WITHIN_MS / 1000} s: ` +
            `${lacking?.slice(0, 5).join(', ') ?? 'some partitions have no leader'}.`,
        );
      await sleep(POLL_MS);
    }
  });
}
