import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grant } from './acls.js';
import { connectGrants } from './connect/grants.js';
import { workerSettings } from './connect/settings.js';
import { ferryConfig } from './ferry-config.js';
import { ferryGrants } from './ferry-acls.js';
import { labFolder } from './host/folders.js';
import { newKafkaId } from './kafka/broker.js';
import { clientsOf, issueClients, security } from './kafka/clients.js';
import { brokerSettings } from './kafka/cluster.js';
import { clusterPaths } from './kafka/layout.js';
import { propertiesFile, type Settings } from './kafka/settings.js';
import { kafkaVersion } from './kafka/version.js';
import { ADMIN, type ClusterName, CONNECT, FERRY, principalOf, REGISTRY } from './principals.js';
import { NAMESPACE } from './temporal-server.js';

/** What `docker-compose.yml` publishes on this machine; a test holds the two together. */
export const dockerPorts = {
  source: { client: 19092, controller: 19093 },
  target: { client: 29092, controller: 29093 },
  temporal: { frontend: 7233, ui: 8233 },
  connect: 8083,
  registries: { source: 18081, target: 28081 },
} as const;

/** How containers reach the clusters: by the name of the service, on a port that is not published. */
export const dockerNetwork = {
  source: { host: 'source', port: 19094 },
  target: { host: 'target', port: 29094 },
} as const;

/** Where a container finds the lab's folder, and where it keeps its data. */
const MOUNT = '/lab';
const DATA = '/data';

/** The one topic of Karapace, and its group: see `docker-compose.yml`. */
export const karapace = { topic: '_schemas', group: 'karapace' } as const;

/**
 * Writes what `docker-compose.yml` mounts: the same credentials, broker settings and grants as the lab without
 * Docker, and a `ferry.yaml` for a worker on this machine. Answers the folder.
 */
export async function writeDockerFiles(folder = labFolder('docker')): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  for (const name of ['source', 'target'] as const) await writeCluster(folder, name);
  await writeConnect(folder);
  const described = (['source', 'target'] as const).map(async (name) => ({
    name,
    bootstrap: [bootstrapOf(name)],
    clients: await clientsOf(name, clusterPaths(folder, name).clients),
  }));
  const { frontend, ui } = dockerPorts.temporal;
  const temporal = {
    address: `127.0.0.1:${frontend}`,
    namespace: NAMESPACE,
    ui: `http://127.0.0.1:${ui}`,
  };
  await writeFile(join(folder, 'ferry.yaml'), ferryConfig(temporal, await Promise.all(described)), {
    mode: 0o600,
  });
  return folder;
}

async function writeCluster(folder: string, name: ClusterName): Promise<void> {
  const paths = clusterPaths(folder, name);
  await issueClients(name, paths.clients, bootstrapOf(name));
  await mkdir(paths.server, { recursive: true, mode: 0o700 });
  const listeners = {
    bind: '0.0.0.0',
    // Inside its own container the published port leads to the broker too, so one address serves both sides.
    advertised: 'localhost',
    ...dockerPorts[name],
    network: dockerNetwork[name],
  };
  const settings = await brokerSettings(
    { name, version: kafkaVersion[name] },
    listeners,
    DATA,
    paths.clients,
  );
  await write(folder, paths.settings, propertiesFile(settings));
  const admin = await security[name].javaClient(paths.clients, ADMIN);
  await write(folder, join(paths.server, 'admin.properties'), propertiesFile(admin));
  const format = (await security[name].formatArguments(paths.clients))
    .map((argument) => `'${argument}'`)
    .join(' ');
  await write(folder, join(paths.server, 'start.sh'), startScript(name, format));
}

/** The worker's settings, and the files that the configuration of a connector refers to: one for each cluster. */
async function writeConnect(folder: string): Promise<void> {
  const server = join(folder, 'connect');
  await mkdir(server, { recursive: true, mode: 0o700 });
  const client = async (name: ClusterName): Promise<Settings> => ({
    'bootstrap.servers': `${dockerNetwork[name].host}:${dockerNetwork[name].port}`,
    ...(await security[name].javaClient(clusterPaths(folder, name).clients, CONNECT)),
  });
  for (const name of ['source', 'target'] as const)
    await write(folder, join(server, `${name}.properties`), propertiesFile(await client(name)));
  const settings = workerSettings(`0.0.0.0:${dockerPorts.connect}`, await client('target'), [server]);
  await write(folder, join(server, 'worker.properties'), propertiesFile(settings));
}

/** Writes a file that names the folder as a container sees it. */
async function write(folder: string, file: string, text: string): Promise<void> {
  await writeFile(file, text.replaceAll(folder, MOUNT), { mode: 0o600 });
}

// The image's own entry point cannot give users their first SCRAM credentials, hence a script in its place.
function startScript(name: ClusterName, formatArguments: string): string {
  return `#!/bin/bash
set -e
cd /opt/kafka/bin
if [ ! -e ${DATA}/meta.properties ]; then
  ./kafka-storage.sh format --cluster-id ${newKafkaId()} --config ${MOUNT}/${name}/server.properties ${formatArguments}
fi
grant() {
  until ./kafka-acls.sh --bootstrap-server ${bootstrapOf(name)} --command-config ${MOUNT}/${name}/admin.properties \\
    --add --allow-principal "$@" > /dev/null 2>&1; do sleep 1; done
}
(
${grants(name)}
) &
exec ./kafka-server-start.sh ${MOUNT}/${name}/server.properties
`;
}

function grants(name: ClusterName): string {
  const lines = [
    ...grantsOf(name, FERRY, ferryGrants[name]),
    ...grantsOf(name, CONNECT, connectGrants[name]),
    ...(name === 'target' ? karapaceGrants() : []),
  ];
  return lines.map((line) => `  ${line}`).join('\n');
}

const grantFlags = {
  cluster: '--cluster',
  topic: '--topic',
  group: '--group',
  transactionalId: '--transactional-id',
} as const;

/** One line for each pattern of a resource. */
function grantsOf(name: ClusterName, user: string, wanted: readonly Grant[]): string[] {
  const operations = new Map<string, string[]>();
  for (const { resource, operation, prefix } of wanted) {
    const pattern = prefix === undefined ? `'*'` : `'${prefix}' --resource-pattern-type prefixed`;
    const flag = resource === 'cluster' ? grantFlags.cluster : `${grantFlags[resource]} ${pattern}`;
    operations.set(flag, [...(operations.get(flag) ?? []), capitalised(operation)]);
  }
  return [...operations].map(([flag, names]) => grantLine(name, user, flag, names));
}

function karapaceGrants(): string[] {
  const topic = ['Create', 'Read', 'Write', 'DescribeConfigs'];
  return [
    grantLine('target', REGISTRY, `--topic ${karapace.topic}`, topic),
    grantLine('target', REGISTRY, `--group ${karapace.group}`, ['Read']),
  ];
}

function grantLine(name: ClusterName, user: string, resource: string, operations: readonly string[]): string {
  const wanted = operations.map((operation) => `--operation ${operation}`).join(' ');
  return `grant '${principalOf(name, user)}' ${resource} ${wanted}`;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function bootstrapOf(name: ClusterName): string {
  return `localhost:${dockerPorts[name].client}`;
}
