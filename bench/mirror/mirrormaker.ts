import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { runningIn } from '../../lab/host/remembered.js';
import { Server } from '../../lab/host/server.js';
import { silent } from '../../lab/host/failure.js';
import { javaCommand } from '../../lab/host/toolchain.js';
import { classPath, jvmOptions, kafkaJars } from '../../lab/kafka/jars.js';
import { propertiesFile, type Settings } from '../../lab/kafka/settings.js';
import { type Lab, type LabCluster, LabError } from '../../lab/lab.js';
import { ADMIN } from '../../lab/principals.js';
import type { Codec } from '../../src/kafka/records/codecs.js';
import type { Running } from './engine.js';

export interface MirrorMakerTask {
  /** What it calls the source: its own topics and the copies begin with it, so that one run knows nothing of another. */
  alias: string;
  topics: readonly string[];
  /** What the copies are compressed with: as the source is, since it compresses everything anew. */
  codec: Extract<Codec, 'none' | 'lz4'>;
  /** Beside those of throughput, by their names in its file. */
  settings?: Settings;
}

/** `DefaultReplicationPolicy`: what it copies a topic to. */
export const copyOf = (alias: string, topic: string) => `${alias}.${topic}`;

/**
 * MirrorMaker 2 of the target's release, in dedicated mode, with the JVM options of its start script
 * (`bin/connect-mirror-maker.sh`).
 */
export async function startMirrorMaker(lab: Lab, task: MirrorMakerTask): Promise<Running> {
  const folder = join(lab.folder, `mirrormaker-${task.alias}`);
  const file = join(folder, 'mm2.properties');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, propertiesFile(await settings(lab, task)), { mode: 0o600 });
  const { version } = lab.target;
  const server = new Server({
    title: 'MirrorMaker 2',
    folder,
    commandLine: async () => ({
      command: javaCommand(),
      args: [
        ...jvmOptions(version, 'fast'),
        // The last one counts.
        ...['-Xms256m', '-Xmx2g'],
        ...['-cp', classPath(await kafkaJars(version, silent))],
        ...['org.apache.kafka.connect.mirror.MirrorMaker', file],
      ],
    }),
    ready: async () => undefined,
  });
  await server.start();
  const { pid } = runningIn(folder) ?? {};
  if (pid === undefined) throw new LabError(`MirrorMaker ended while starting: see ${server.log}.`);
  // It has copied nothing for the seconds that a JVM takes to start.
  return { pid, begin: () => undefined, stop: () => server.kill() };
}

async function settings(
  { source, target }: Lab,
  { alias, topics, codec, settings }: MirrorMakerTask,
): Promise<Settings> {
  return {
    clusters: `${alias},target`,
    ...(await connectionSettings(alias, source)),
    ...(await connectionSettings('target', target)),
    [`${alias}->target.enabled`]: true,
    [`target->${alias}.enabled`]: false,
    [`${alias}->target.topics`]: topics.join(','),
    'sync.topic.configs.enabled': false,
    'sync.topic.acls.enabled': false,
    'emit.heartbeats.enabled': false,
    // As the clusters replicate by themselves.
    'replication.factor': -1,
    'offset-syncs.topic.replication.factor': -1,
    'checkpoints.topic.replication.factor': -1,
    'heartbeats.topic.replication.factor': -1,
    'config.storage.replication.factor': -1,
    'offset.storage.replication.factor': -1,
    'offset.storage.partitions': 1,
    'status.storage.replication.factor': -1,
    'status.storage.partitions': 1,
    ...throughput(alias, codec),
    ...settings,
  };
}

/** What its users raise when it is too slow: larger fetches and batches, time to fill them, as many tasks as help. */
function throughput(alias: string, codec: MirrorMakerTask['codec']): Settings {
  return {
    'tasks.max': 2,
    [`${alias}.consumer.isolation.level`]: 'read_committed',
    [`${alias}.consumer.max.poll.records`]: 20_000,
    [`${alias}.consumer.fetch.min.bytes`]: 1,
    [`${alias}.consumer.fetch.max.bytes`]: 52_428_800,
    [`${alias}.consumer.max.partition.fetch.bytes`]: 10_485_760,
    [`${alias}.consumer.receive.buffer.bytes`]: 1_048_576,
    'target.producer.acks': 'all',
    'target.producer.batch.size': 524_288,
    'target.producer.linger.ms': 50,
    'target.producer.buffer.memory': 134_217_728,
    'target.producer.max.request.size': 10_485_760,
    'target.producer.send.buffer.bytes': 1_048_576,
    'target.producer.compression.type': codec,
  };
}

/** The lab's own file of client settings, each for this cluster. */
async function connectionSettings(alias: string, { clients }: LabCluster): Promise<Settings> {
  const file = await readFile(clients[ADMIN]?.files.java ?? '', 'utf8');
  return Object.fromEntries(
    file
      .trim()
      .split('\n')
      .map((line) => [`${alias}.${line.slice(0, line.indexOf('='))}`, line.slice(line.indexOf('=') + 1)]),
  );
}
