import { setTimeout as sleep } from 'node:timers/promises';
import type { ITopicConfig } from 'kafkajs';
import { LabError } from '../host/failure.js';
import { ADMIN } from '../principals.js';
import { withAdmin } from './admin.js';
import type { LabCluster } from './cluster.js';
import { pinnedTo } from './pinned.js';

const KNOWN_WITHIN_MS = 30_000;
const POLL_MS = 20;

/**
 * Creates topics as `admin`, replicated as the cluster does by itself unless told, and resolves when every broker that
 * runs knows a leader for each partition. (`waitForLeaders` of kafkajs fails when it asks a broker that has not heard of
 * the topic yet.)
 */
export async function createTopics(cluster: LabCluster, topics: ITopicConfig[]): Promise<void> {
  await withAdmin(cluster.kafkajs(ADMIN), (admin) => admin.createTopics({ topics, waitForLeaders: false }));
  for (const { address } of cluster.brokers.filter((broker) => broker.isRunning()))
    await untilKnown(
      cluster,
      address,
      topics.map(({ topic }) => topic),
    );
}

async function untilKnown(cluster: LabCluster, address: string, names: string[]): Promise<void> {
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  await withAdmin(cluster.kafkajs(ADMIN, pinnedTo(address)), async (admin) => {
    for (;;) {
      // Refused while the broker does not know one of them.
      const { topics } = await admin
        .fetchTopicMetadata({ topics: names })
        .catch(() => ({ topics: undefined }));
      if (topics?.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
      if (Date.now() > deadline)
        throw new LabError(
          `${names.join(', ')} were created, but the broker at ${address} does not know them.`,
        );
      await sleep(POLL_MS);
    }
  });
}
