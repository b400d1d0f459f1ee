import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silent } from '../host/failure.js';
import { Server } from '../host/server.js';
import { javaCommand } from '../host/toolchain.js';
import { security } from '../kafka/clients.js';
import { grantAll, type LabCluster } from '../kafka/cluster.js';
import { archiveOptions, classPath, jvmOptions, kafkaJars } from '../kafka/jars.js';
import { clusterPaths } from '../kafka/layout.js';
import { propertiesFile, type Settings } from '../kafka/settings.js';
import { type ClusterName, CONNECT } from '../principals.js';
import { versions } from '../versions.js';
import { connectGrants } from './grants.js';
import { clientReferences, workerSettings } from './settings.js';

/** A distributed worker of Kafka Connect with MirrorMaker 2, on the target cluster. */
export interface LabConnect {
  version: string;
  /** Address of its REST interface. */
  url: string;
  log: string;
  isRunning(): boolean;
  /** SIGKILL; resolves when it is gone. Connectors stay: their configuration and offsets are on the target cluster. */
  kill(): Promise<void>;
  /** Starts it again on the same port; resolves when it leads its group and answers. */
  start(): Promise<void>;
  /** An orderly end. */
  stop(): Promise<void>;
  /**
   * By cluster: the client properties that make a connector the principal `connect` there, without a prefix. Each is a
   * reference to one of the worker's config providers (`${file:<path>:<key>}`), so that no configuration holds a secret.
   */
  clientProperties: Record<ClusterName, Record<string, string>>;
}

/** The clusters that a worker moves records between; it lives on the target. */
export type ConnectClusters = Record<ClusterName, LabCluster>;

/** Makes what a new worker needs: its rights on both clusters and its settings; starts nothing. */
export async function prepareConnect(folder: string, port: number, clusters: ConnectClusters): Promise<void> {
  const { source, target } = clusters;
  const readable = [source, target].map(({ name }) => clusterPaths(folder, name).clients);
  const settings = workerSettings(`127.0.0.1:${port}`, await javaClient(folder, target), readable);
  await mkdir(serverFolder(folder), { recursive: true, mode: 0o700 });
  await writeFile(settingsFile(folder), propertiesFile(settings), { mode: 0o600 });
  for (const cluster of [source, target]) await grantAll(cluster, CONNECT, connectGrants[cluster.name]);
}

/** The worker in this lab's folder, whether it runs or not. */
export async function openConnect(
  folder: string,
  port: number,
  clusters: ConnectClusters,
): Promise<LabConnect> {
  const version = versions.targetKafka;
  const url = `http://127.0.0.1:${port}`;
  const server = new Server({
    title: `Kafka Connect ${version}`,
    folder: serverFolder(folder),
    commandLine: async () => {
      const libs = await kafkaJars(version, silent);
      // prettier-ignore
      const args = [
        ...jvmOptions(version), ...(await archiveOptions(version)), '-cp', classPath(libs),
        'org.apache.kafka.connect.cli.ConnectDistributed', settingsFile(folder),
      ];
      return { command: javaCommand(), args };
    },
    ready: () => leads(url),
  });
  const references = async (cluster: LabCluster) =>
    clientReferences(
      cluster.clients[CONNECT]?.files.java ?? '',
      Object.keys(await javaClient(folder, cluster)),
    );
  return {
    version,
    url,
    log: server.log,
    isRunning: () => server.isRunning(),
    kill: () => server.kill(),
    start: () => server.start(),
    stop: () => server.stop(),
    clientProperties: {
      source: await references(clusters.source),
      target: await references(clusters.target),
    },
  };
}

// While the group of workers is being formed every question about connectors is answered by 409.
async function leads(url: string): Promise<void> {
  for (const path of ['/health', '/connectors']) {
    const answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
  }
}

async function javaClient(folder: string, { name, bootstrap }: LabCluster): Promise<Settings> {
  const credentials = await security[name].javaClient(clusterPaths(folder, name).clients, CONNECT);
  return { 'bootstrap.servers': bootstrap.join(), ...credentials };
}

function serverFolder(folder: string): string {
  return join(folder, 'connect');
}

function settingsFile(folder: string): string {
  return join(serverFolder(folder), 'worker.properties');
}
