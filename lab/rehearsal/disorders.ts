import { setTimeout as sleep } from 'node:timers/promises';
import { withAdmin } from '../kafka/admin.js';
import type { LabBroker } from '../kafka/broker.js';
import {
  coordinatorOf,
  electPreferred,
  leaderOfFirst,
  lose,
  moveReplicas,
  rollingRestart,
  topicsOf,
  transactionCoordinatorOf,
} from '../kafka/disorder.js';
import type { LabCluster } from '../lab.js';
import { ADMIN } from '../principals.js';

const GONE_WITHIN_MS = 10_000;

/**
 * What happens to a cluster of several brokers in life:
 * - `leaders`, `coordinators`: SIGKILL to the broker that leads what is copied, to those that coordinate its groups and writers
 * - `restart`: all brokers in turn, by SIGTERM
 * - `move`: replicas of the topic move, and leaders go where they are preferred
 * - `lose`: a leader is gone for good: until `heal`
 * - `starve`: two of three brokers are killed, so that no write has its copies, and come back
 */
export const disorders = ['leaders', 'coordinators', 'restart', 'move', 'lose', 'starve'] as const;
export type Disorder = (typeof disorders)[number];

/** Whom it shall hit; a topic that is not there yet is hit where groups keep their offsets. */
export interface Concerned {
  topic: string;
  group: string;
  transactionalId: string;
}

/** @returns how many brokers were ended */
export async function disturb(what: Disorder, cluster: LabCluster, concerned: Concerned): Promise<number> {
  const { topic, group, transactionalId } = concerned;
  const leader = async (): Promise<LabBroker> =>
    (await leaderOfFirst(cluster, [topic, '__consumer_offsets'])) ?? cluster.brokers[0]!;
  switch (what) {
    case 'leaders':
      return killed([await leader()]);
    case 'coordinators': {
      const topics = await topicsOf(cluster);
      const brokers = new Set<LabBroker>();
      if (topics.includes('__consumer_offsets')) brokers.add(await coordinatorOf(cluster, group));
      if (topics.includes('__transaction_state'))
        brokers.add(await transactionCoordinatorOf(cluster, transactionalId));
      return killed([...brokers]);
    }
    case 'restart':
      await rollingRestart(cluster);
      return cluster.brokers.length;
    case 'move':
      await moveRound(cluster, topic);
      await electPreferred(cluster);
      return 0;
    case 'lose':
      await lose(cluster, await leader());
      return 1;
    case 'starve':
      return killed(cluster.brokers.slice(0, 2));
  }
}

/** Brings back what is gone, and resolves when all copies are there again. */
export async function heal(cluster: LabCluster): Promise<void> {
  await cluster.start();
  await cluster.inSync();
}

/** All at once, and then back. */
async function killed(brokers: readonly LabBroker[]): Promise<number> {
  await Promise.all(brokers.map((broker) => broker.kill()));
  await Promise.all(brokers.map((broker) => broker.start()));
  return brokers.length;
}

/** Every partition gets another preferred leader. The topic may not be there yet, or be deleted meanwhile. */
async function moveRound(cluster: LabCluster, topic: string): Promise<void> {
  const isThere = async () => (await topicsOf(cluster)).includes(topic);
  if (!(await isThere())) return;
  try {
    const { topics } = await withAdmin(cluster.kafkajs(ADMIN), (admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    const turned = (topics[0]?.partitions ?? []).map(
      ({ partitionId, replicas: [first = 0, ...others] }) => [partitionId, [...others, first]] as const,
    );
    await moveReplicas(cluster, topic, new Map(turned));
  } catch (error) {
    // The controller knows of a deletion before all brokers do.
    for (const deadline = Date.now() + GONE_WITHIN_MS; await isThere(); await sleep(100))
      if (Date.now() > deadline) throw error;
  }
}
