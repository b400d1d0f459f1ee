import { join } from 'node:path';
import { type Progress, silent } from '../host/failure.js';
import { cacheFolder } from '../host/folders.js';
import { fetchJar } from '../host/maven.js';
import type { Place, Settings } from './settings.js';

/**
 * Tiered storage (KIP-405) with a folder as the remote storage: `LocalTieredStorage`, which Kafka's own tests use and
 * which comes in a test jar of its own.
 */
export async function tieredStorageJar(version: string, progress: Progress): Promise<string> {
  return fetchJar(
    cacheFolder(`kafka-${version}-tiered`),
    `tiered storage of Kafka ${version}`,
    `org.apache.kafka:kafka-storage:${version}:jar:test`,
    progress,
  );
}

const ROUND_MS = 500;

/**
 * What a broker is told so that segments become remote within seconds, and remote reads are late at random.
 * @param folder the remote storage, the same for all brokers of a cluster.
 * @param client how a client logs in: what is remote is written down in a topic, by clients of the broker itself.
 */
export async function tieredStorage(
  version: string,
  folder: string,
  { controllers }: Place,
  client: Settings,
): Promise<Settings> {
  const own = Object.entries(client).map(([key, value]) => [
    `rlmm.config.remote.log.metadata.common.client.${key}`,
    value,
  ]);
  return {
    'remote.log.storage.system.enable': true,
    'remote.log.storage.manager.class.name': 'org.apache.kafka.server.log.remote.storage.LocalTieredStorage',
    'remote.log.storage.manager.class.path': join(await tieredStorageJar(version, silent), '*'),
    'rsm.config.dir': folder,
    'remote.log.metadata.manager.listener.name': 'CLIENT',
    'rlmm.config.remote.log.metadata.topic.replication.factor': controllers.length,
    'rlmm.config.remote.log.metadata.topic.num.partitions': 1,
    ...(Object.fromEntries(own) as Settings),
    'remote.log.manager.task.interval.ms': ROUND_MS,
    // 500 ms in life: a read that is late is answered with nothing, and here many are.
    'remote.fetch.max.wait.ms': 1,
  };
}

/** Configuration of a topic whose history is remote as soon as there is a segment of it. */
export const tieredTopic = [
  { name: 'remote.storage.enable', value: 'true' },
  { name: 'local.retention.ms', value: '1000' },
  { name: 'segment.bytes', value: String(1 << 20) },
];
