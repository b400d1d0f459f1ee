import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ferryConfig } from './ferry-config.js';
import { ferryGrants } from './ferry-acls.js';
import { labFolder } from './host/folders.js';
import { newClusterId } from './kafka/broker.js';
import { clientsOf, issueClients, security } from './kafka/clients.js';
import { brokerSettings } from './kafka/cluster.js';
import { clusterPaths } from './kafka/layout.js';
import { propertiesFile } from './kafka/settings.js';
import { kafkaVersion } from './kafka/version.js';
import { ADMIN, type ClusterName, FERRY, principalOf } from './principals.js';
import { NAMESPACE } from './temporal-server.js';

/** What `docker-compose.yml` publishes on this machine; a test holds the two together. */
export const dockerPorts = {
  source: { client: 19092, controller: 19093 },
  target: { client: 29092, controller: 29093 },
  temporal: { frontend: 7233, ui: 8233 },
} as const;

/** Where a container finds the lab's folder, and where it keeps its data. */
const MOUNT = '/lab';
const DATA = '/data';

/**
 * Writes what `docker-compose.yml` mounts: the same credentials, broker settings and grants as the lab without
 * Docker, and a `ferry.yaml` for a worker on this machine. Answers the folder.
 */
export async function writeDockerFiles(folder = labFolder('docker')): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  for (const name of ['source', 'target'] as const) await writeCluster(folder, name);
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
  // Inside the container the published port leads to the broker too, so one address serves both sides.
  const listeners = { bind: '0.0.0.0', advertised: 'localhost', ...dockerPorts[name] };
  const inContainer = (text: string) => text.replaceAll(folder, MOUNT);
  const mode = 0o600;
  const settings = await brokerSettings(
    { name, version: kafkaVersion[name] },
    listeners,
    DATA,
    paths.clients,
  );
  await writeFile(paths.settings, inContainer(propertiesFile(settings)), { mode });
  const admin = await security[name].javaClient(paths.clients, ADMIN);
  await writeFile(join(paths.server, 'admin.properties'), inContainer(propertiesFile(admin)), { mode });
  const format = (await security[name].formatArguments(paths.clients))
    .map((argument) => `'${argument}'`)
    .join(' ');
  await writeFile(join(paths.server, 'start.sh'), startScript(name, format), { mode });
}

// The image's own entry point cannot give users their first SCRAM credentials, hence a script in its place.
function startScript(name: ClusterName, formatArguments: string): string {
  return `#!/bin/bash
set -e
cd /opt/kafka/bin
if [ ! -e ${DATA}/meta.properties ]; then
  ./kafka-storage.sh format --cluster-id ${newClusterId()} --config ${MOUNT}/${name}/server.properties ${formatArguments}
fi
grant() {
  until ./kafka-acls.sh --bootstrap-server ${bootstrapOf(name)} --command-config ${MOUNT}/${name}/admin.properties \\
    --add --allow-principal '${principalOf(name, FERRY)}' "$@" > /dev/null 2>&1; do sleep 1; done
}
(
${grants(name)}
) &
exec ./kafka-server-start.sh ${MOUNT}/${name}/server.properties
`;
}

function grants(name: ClusterName): string {
  const flags = {
    cluster: '--cluster',
    topic: "--topic '*'",
    group: "--group '*'",
    transactionalId: "--transactional-id '*'",
  };
  return Object.entries(flags)
    .map(([resource, flag]) => {
      const operations = ferryGrants[name].filter((grant) => grant.resource === resource);
      const wanted = operations.map(({ operation }) => `--operation ${capitalised(operation)}`);
      return `  grant ${flag} ${wanted.join(' ')}`;
    })
    .join('\n');
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function bootstrapOf(name: ClusterName): string {
  return `localhost:${dockerPorts[name].client}`;
}
