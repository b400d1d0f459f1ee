import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silent } from '../host/failure.js';
import { Server } from '../host/server.js';
import { runTool } from '../host/tool.js';
import { javaCommand } from '../host/toolchain.js';
import { archiveOptions, classPath, type JvmKind, jvmOptions, kafkaJars } from './jars.js';
import type { ClusterPaths } from './layout.js';
import { propertiesFile, type Settings } from './settings.js';

/** One broker of a cluster. */
export interface LabBroker {
  /** As replicas and leaders are named: 1, 2, 3. */
  id: number;
  /** `host:port` for clients. */
  address: string;
  log: string;
  isRunning(): boolean;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /**
   * Starts it again on the same data and port; resolves when it answers, for which most of the cluster's brokers have to
   * run. Its replicas may still have to catch up: see `inSync` of the cluster.
   */
  start(): Promise<void>;
  /** SIGTERM, upon which it hands its leaderships to others first; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface BrokerOptions {
  title: string;
  version: string;
  paths: ClusterPaths;
  ready: () => Promise<void>;
  /** Write the archive of loaded classes when the broker ends, instead of using it. */
  recordClasses?: string;
  /** `small` unless told. */
  jvm?: JvmKind;
  /** More options for it. */
  options?: readonly string[];
}

/** The process of a broker that finds what it needs: a formatted storage as its own controller, or ZooKeeper. */
export function broker({
  title,
  version,
  paths,
  ready,
  recordClasses,
  jvm,
  options = [],
}: BrokerOptions): Server {
  const commandLine = async () => {
    const libs = await kafkaJars(version, silent);
    const classes = recordClasses
      ? [`-XX:ArchiveClassesAtExit=${recordClasses}`]
      : await archiveOptions(version);
    const args = [
      ...jvmOptions(version, jvm),
      ...classes,
      ...options,
      '-cp',
      classPath(libs),
      'kafka.Kafka',
      paths.settings,
    ];
    return { command: javaCommand(), args };
  };
  return new Server({ title, folder: paths.server, commandLine, ready });
}

export async function writeSettings(paths: ClusterPaths, settings: Settings): Promise<void> {
  await mkdir(paths.server, { recursive: true, mode: 0o700 });
  await writeFile(paths.settings, propertiesFile(settings), { mode: 0o600 });
}

/**
 * Formats the storage of the first broker of a new cluster with an id of its own.
 * @param extra arguments for `StorageTool format`, such as the first SCRAM credentials.
 */
export async function format(version: string, paths: ClusterPaths, extra: readonly string[]): Promise<void> {
  const libs = await kafkaJars(version, silent);
  // prettier-ignore
  const args = [
    ...jvmOptions(version), ...(await archiveOptions(version)), '-cp', classPath(libs),
    'kafka.tools.StorageTool', 'format', '--cluster-id', newKafkaId(), '--config', paths.settings, ...extra,
  ];
  await runTool(javaCommand(), args, {
    label: `formatting the storage of Kafka ${version}`,
    missing: 'No Java found.',
    progress: silent,
    rememberedIn: paths.server,
  });
}

/**
 * Formats the storage of another broker of that cluster: the same but for the ids of the broker and of its folder
 * (`meta.properties`, KIP-858). Kafka's tool does it too, and takes seconds for each.
 */
export async function formatLike(first: ClusterPaths, paths: ClusterPaths, id: number): Promise<void> {
  await cp(first.data, paths.data, { recursive: true });
  const file = join(paths.data, 'meta.properties');
  const own: Settings = { 'node.id': id, 'directory.id': newKafkaId() };
  const lines = (await readFile(file, 'utf8')).split('\n');
  const kept = lines.filter((line) => !Object.keys(own).some((key) => line.startsWith(`${key}=`)));
  await writeFile(file, `${kept.join('\n')}${propertiesFile(own)}`);
}

/** A Kafka `Uuid`: 16 bytes in URL-safe base64. Kafka's own never start with a hyphen, since tools take it as an option. */
export function newKafkaId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newKafkaId() : id;
}
