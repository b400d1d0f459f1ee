import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { LabError, silent } from '../host/failure.js';
import { runTool } from '../host/tool.js';
import { javaCommand } from '../host/toolchain.js';
import { ADMIN } from '../principals.js';
import { withAdmin } from './admin.js';
import type { LabCluster } from './cluster.js';
import { archiveOptions, classPath, jvmOptions, kafkaJars } from './jars.js';
import { tieredTopic } from './tiered-storage.js';
import { createTopics } from './topics.js';

const REMOTE_WITHIN_MS = 120_000;
const POLL_MS = 500;
/** Of a topic's records. What is in the segment that is being written to stays on the broker. */
const MOST = 0.5;

/** Records that are written in one request. */
const BATCH = 500;

/**
 * Makes a topic of a cluster with tiered storage, fills it, and resolves when most of it is remote and nowhere else.
 * @param records in each partition; `valueBytes` each, at least 3 MB of them, so that there are segments to be moved.
 */
export async function createTieredHistory(
  cluster: LabCluster,
  { topic, partitions = 1, records = 20_000, valueBytes = 500 }: TieredHistory,
): Promise<void> {
  await createTopics(cluster, [{ topic, numPartitions: partitions, configEntries: tieredTopic }]);
  const producer = cluster
    .kafkajs(ADMIN)
    .producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    for (let partition = 0; partition < partitions; partition++)
      for (let from = 0; from < records; from += BATCH) {
        const messages = Array.from({ length: Math.min(BATCH, records - from) }, (_, index) => ({
          partition,
          key: String(from + index),
          value: String(from + index).padEnd(valueBytes, '.'),
        }));
        await producer.send({ topic, acks: -1, messages });
      }
  } finally {
    await producer.disconnect();
  }
  await untilRemote(cluster, topic);
}

export interface TieredHistory {
  topic: string;
  partitions?: number;
  records?: number;
  valueBytes?: number;
}

/** Resolves when most of every partition of a topic is remote alone: its start is no longer on the broker. */
export async function untilRemote(cluster: LabCluster, topic: string): Promise<void> {
  if (!cluster.tiered)
    throw new LabError(`The ${cluster.name} has no tiered storage: start it with --tiered.`);
  const deadline = Date.now() + REMOTE_WITHIN_MS;
  for (;;) {
    const ends = await withAdmin(cluster.kafkajs(ADMIN), (admin) => admin.fetchTopicOffsets(topic));
    const local = await earliestLocal(cluster, topic);
    const behind = ends.filter(({ partition, low, high }) => {
      const gone = Number(local.get(partition) ?? low) - Number(low);
      return gone < MOST * (Number(high) - Number(low));
    });
    if (behind.length === 0) return;
    if (Date.now() > deadline)
      throw new LabError(
        `${behind.length} partitions of ${topic} are not remote after ${REMOTE_WITHIN_MS / 1000} s: is there more than a segment in each?`,
      );
    await sleep(POLL_MS);
  }
}

/** By partition: the first offset that the broker itself still has (ListOffsets, timestamp −4). */
export async function earliestLocal(
  { version, bootstrap, clients }: LabCluster,
  topic: string,
): Promise<Map<number, bigint>> {
  const settings = clients[ADMIN]?.files.java ?? '';
  // prettier-ignore
  const args = [
    ...jvmOptions(version), ...(await archiveOptions(version)), '-cp', classPath(await kafkaJars(version, silent)),
    'org.apache.kafka.tools.GetOffsetShell', '--bootstrap-server', bootstrap.join(), '--command-config', settings,
    '--topic', topic, '--time', 'earliest-local',
  ];
  const printed = await runTool(javaCommand(), args, {
    label: `asking where ${topic} is`,
    missing: 'No Java found.',
    progress: silent,
  });
  const rows = printed.split('\n').flatMap((line) => {
    const [name, partition, offset] = line.split(':');
    return name === topic && offset !== undefined ? [[Number(partition), BigInt(offset)] as const] : [];
  });
  return new Map(rows);
}
