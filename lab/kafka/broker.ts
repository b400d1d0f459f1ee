import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { silent } from '../host/failure.js';
import { Server } from '../host/server.js';
import { runTool } from '../host/tool.js';
import { javaCommand } from '../host/toolchain.js';
import { archiveOptions, classPath, type JvmKind, jvmOptions, kafkaJars } from './jars.js';
import type { ClusterPaths } from './layout.js';
import { propertiesFile, type Settings } from './settings.js';

export interface BrokerOptions {
  title: string;
  version: string;
  paths: ClusterPaths;
  ready: () => Promise<void>;
  /** Write the archive of loaded classes when the broker ends, instead of using it. */
  recordClasses?: string;
  /** `small` unless told. */
  jvm?: JvmKind;
}

/** The process of a broker that finds what it needs: a formatted storage as its own controller, or ZooKeeper. */
export function broker({ title, version, paths, ready, recordClasses, jvm }: BrokerOptions): Server {
  const commandLine = async () => {
    const libs = await kafkaJars(version, silent);
    const classes = recordClasses
      ? [`-XX:ArchiveClassesAtExit=${recordClasses}`]
      : await archiveOptions(version);
    const args = [
      ...jvmOptions(version, jvm),
      ...classes,
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
 * Formats the storage of a new cluster with an id of its own.
 * @param extra arguments for `StorageTool format`, such as the first SCRAM credentials.
 */
export async function format(version: string, paths: ClusterPaths, extra: readonly string[]): Promise<void> {
  const libs = await kafkaJars(version, silent);
  // prettier-ignore
  const args = [
    ...jvmOptions(version), ...(await archiveOptions(version)), '-cp', classPath(libs),
    'kafka.tools.StorageTool', 'format', '--cluster-id', newClusterId(), '--config', paths.settings, ...extra,
  ];
  await runTool(javaCommand(), args, {
    label: `formatting the storage of Kafka ${version}`,
    missing: 'No Java found.',
    progress: silent,
    rememberedIn: paths.server,
  });
}

/** A Kafka `Uuid`: 16 bytes in URL-safe base64. Kafka's own never start with a hyphen, since tools take it as an option. */
export function newClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newClusterId() : id;
}
