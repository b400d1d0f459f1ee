import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, silent } from '../host/failure.js';
import { runTool } from '../host/tool.js';
import { javaCommand } from '../host/toolchain.js';
import { ADMIN } from '../principals.js';
import { withAdmin } from './admin.js';
import type { LabBroker } from './broker.js';
import type { LabCluster } from './cluster.js';
import { archiveOptions, classPath, jvmOptions, kafkaJars } from './jars.js';
import { OFFSETS_PARTITIONS, TRANSACTIONS_PARTITIONS } from './settings.js';

/** What happens to several brokers in life: each of these is done to a cluster under load by tests and by the demo. */

const SETTLED_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** The broker that leads a partition. Waits for one to be elected. */
export async function leaderOf(cluster: LabCluster, topic: string, partition: number): Promise<LabBroker> {
  return withAdmin(cluster.kafkajs(ADMIN), (admin) =>
    eventually(`${topic}-${partition} has no leader`, async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const leader = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader;
      // What metadata names as the leader may have ended a moment ago.
      return cluster.brokers.find((broker) => broker.id === leader && broker.isRunning());
    }),
  );
}

/**
 * The broker that leads the first partition of the first of these topics that is there; `undefined` when none is. What is being
 * deleted meanwhile makes kafkajs fail at every look, and is looked for again.
 */
export async function leaderOfFirst(
  cluster: LabCluster,
  names: readonly string[],
): Promise<LabBroker | undefined> {
  const found = await withAdmin(cluster.kafkajs(ADMIN), (admin) =>
    eventually(`none of ${names.join(', ')} has a leader`, async () => {
      const { topics } = await admin.fetchTopicMetadata();
      const topic = names.flatMap((name) => topics.find((one) => one.name === name) ?? [])[0];
      if (!topic) return { broker: undefined };
      const leader = topic.partitions.find(({ partitionId }) => partitionId === 0)?.leader;
      const broker = cluster.brokers.find((one) => one.id === leader && one.isRunning());
      return broker && { broker };
    }),
  );
  return found.broker;
}

/** Its topics, once they can be listed. */
export function topicsOf(cluster: LabCluster): Promise<string[]> {
  return withAdmin(cluster.kafkajs(ADMIN), (admin) =>
    eventually(`the ${cluster.name} does not list its topics`, () => admin.listTopics()),
  );
}

/** The coordinator of a group: the leader of its partition of the offsets topic (`GroupCoordinator.partitionFor`). */
export function coordinatorOf(cluster: LabCluster, group: string): Promise<LabBroker> {
  return leaderOf(cluster, '__consumer_offsets', javaHash(group) % OFFSETS_PARTITIONS);
}

/** The coordinator of a transactional id, likewise. There is none before the cluster's first transaction. */
export function transactionCoordinatorOf(cluster: LabCluster, transactionalId: string): Promise<LabBroker> {
  return leaderOf(cluster, '__transaction_state', javaHash(transactionalId) % TRANSACTIONS_PARTITIONS);
}

/**
 * Moves the replicas of partitions, as `kafka-reassign-partitions --execute` does, and resolves when they have moved.
 * @param replicas by partition: ids of brokers, the preferred leader first.
 */
export async function moveReplicas(
  cluster: LabCluster,
  topic: string,
  replicas: ReadonlyMap<number, readonly number[]>,
): Promise<void> {
  await withAdmin(cluster.kafkajs(ADMIN), async (admin) => {
    const partitionAssignment = [...replicas].map(([partition, ids]) => ({ partition, replicas: [...ids] }));
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    await eventually(`replicas of ${topic} are still moving`, async () => {
      const { topics } = await admin.listPartitionReassignments({});
      return topics.every((moving) => moving.topic !== topic) || undefined;
    });
  });
}

/** Gives every partition back to its preferred leader, as `kafka-leader-election` does. */
export async function electPreferred(cluster: LabCluster): Promise<void> {
  const { version, bootstrap, clients } = cluster;
  const settings = clients[ADMIN]?.files.java ?? '';
  // prettier-ignore
  const args = [
    ...jvmOptions(version), ...(await archiveOptions(version)), '-cp', classPath(await kafkaJars(version, silent)),
    'org.apache.kafka.tools.LeaderElectionCommand', '--bootstrap-server', bootstrap.join(), '--admin.config', settings,
    '--election-type', 'preferred', '--all-topic-partitions',
  ];
  await runTool(javaCommand(), args, {
    label: `electing preferred leaders of the ${cluster.name}`,
    missing: 'No Java found.',
    progress: silent,
  });
}

/**
 * Ends and starts every broker in its turn (SIGTERM), each only when all replicas are in sync again, as those who run a
 * cluster upgrade it.
 */
export async function rollingRestart(cluster: LabCluster): Promise<void> {
  for (const broker of cluster.brokers) {
    await broker.stop();
    await broker.start();
    await cluster.inSync();
  }
}

/**
 * SIGKILL to a broker that does not come back; resolves when others lead everything, so every topic has to have copies.
 * `start` of the broker brings it back all the same.
 */
export async function lose(cluster: LabCluster, broker: LabBroker): Promise<void> {
  await broker.kill();
  await withAdmin(cluster.kafkajs(ADMIN), (admin) =>
    eventually(`broker ${broker.id} of the ${cluster.name} is gone, and leads still`, async () => {
      const { topics } = await admin.fetchTopicMetadata();
      const leaders = topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
      return (!leaders.includes(broker.id) && !leaders.includes(-1)) || undefined;
    }),
  );
}

/** Asks until the answer is there; an error is no answer, since brokers are being ended. */
async function eventually<Answer>(not: string, ask: () => Promise<Answer | undefined>): Promise<Answer> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new LabError(`After ${SETTLED_WITHIN_MS / 1000} s: ${not}.`);
    await sleep(POLL_MS);
  }
}

/** `Utils.abs(text.hashCode())` of Java. */
function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash & 0x7fffffff;
}
