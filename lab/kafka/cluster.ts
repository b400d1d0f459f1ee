import kafkajs, { type Admin, type Kafka, type KafkaConfig } from 'kafkajs';
import { applicationAcls, createAcls, type Grant, grantAcls, type Grants } from '../acls.js';
import { ferryGrants } from '../ferry-acls.js';
import { LabError } from '../host/failure.js';
import { ADMIN, type ClusterName, FERRY, principalOf, users } from '../principals.js';
import { versions } from '../versions.js';
import { broker, format } from './broker.js';
import { clientsOf, connectionOf, issueClients, type LabClient, security } from './clients.js';
import type { JvmKind } from './jars.js';
import { type ClusterPorts, clusterPaths } from './layout.js';
import { servesClient } from './ready.js';
import { combinedRole, groupProtocols, labBehaviour, type Listeners, type Settings } from './settings.js';

export interface LabCluster {
  name: ClusterName;
  version: string;
  bootstrap: string[];
  /** By user: `admin`, `ferry` and every application. */
  clients: Record<string, LabClient>;
  /** The broker's log file. */
  log: string;
  isRunning(): boolean;
  /** SIGKILL to the broker; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port; resolves when it answers. */
  start(): Promise<void>;
  /** An orderly end. */
  stop(): Promise<void>;
  /** A kafkajs client that is this user. It logs nothing unless `overrides` says so. */
  kafkajs(user: string, overrides?: Partial<KafkaConfig>): Kafka;
  /** Grants made by `admin`; resolves when the broker decides by them. */
  allow(user: string, grants: Grants): Promise<void>;
}

export const kafkaVersion: Record<ClusterName, string> = {
  source: versions.sourceKafka,
  target: versions.targetKafka,
};

/** Makes credentials, settings and storage of a new cluster; starts nothing. */
export async function prepareCluster(folder: string, name: ClusterName, ports: ClusterPorts): Promise<void> {
  const { clients, data } = clusterPaths(folder, name);
  const listeners = { bind: '127.0.0.1', advertised: '127.0.0.1', ...ports };
  await issueClients(name, clients, `127.0.0.1:${ports.client}`);
  const settings = await brokerSettings(name, listeners, data, clients);
  await format(
    kafkaVersion[name],
    clusterPaths(folder, name),
    settings,
    await security[name].formatArguments(clients),
  );
}

/** Everything a broker of the lab is told. */
export async function brokerSettings(
  name: ClusterName,
  listeners: Listeners,
  dataFolder: string,
  clientsFolder: string,
): Promise<Settings> {
  return {
    ...combinedRole(listeners, dataFolder),
    ...labBehaviour,
    ...groupProtocols(kafkaVersion[name]),
    ...(await security[name].settings(clientsFolder)),
  };
}

/**
 * The cluster in this folder, whether it runs or not.
 * @param recordClasses where its broker writes the archive of loaded classes when it ends.
 * @param jvm what its broker is started as by this object: `small` unless told.
 */
export async function openCluster(
  folder: string,
  name: ClusterName,
  ports: ClusterPorts,
  recordClasses?: string,
  jvm?: JvmKind,
): Promise<LabCluster> {
  const paths = clusterPaths(folder, name);
  const bootstrap = [`127.0.0.1:${ports.client}`];
  const clients = await clientsOf(name, paths.clients);
  const connections = new Map<string, KafkaConfig>();
  for (const [user, client] of Object.entries(clients))
    connections.set(user, await connectionOf(bootstrap, client));

  const asUser = (user: string, overrides: Partial<KafkaConfig> = {}): Kafka => {
    const connection = connections.get(user);
    if (!connection) throw new LabError(`The lab has no user ${user}; it has ${users.join(', ')}.`, 2);
    return new kafkajs.Kafka({ clientId: user, ...connection, ...overrides });
  };
  const server = broker({
    title: `${name} Kafka ${kafkaVersion[name]}`,
    version: kafkaVersion[name],
    paths,
    recordClasses,
    jvm,
    ready: () => servesClient(asUser(ADMIN, { retry: { retries: 0 } }), ports.client),
  });
  return {
    name,
    version: kafkaVersion[name],
    bootstrap,
    clients,
    log: server.log,
    isRunning: () => server.isRunning(),
    kill: () => server.kill(),
    start: () => server.start(),
    stop: () => server.stop(),
    kafkajs: asUser,
    allow: (user, grants) =>
      asAdmin(asUser, (admin) => createAcls(admin, applicationAcls(principalOf(name, user), grants))),
  };
}

/** What the ferry may do, granted once when a cluster is new. */
export function grantFerry(cluster: LabCluster): Promise<void> {
  return grantAll(cluster, FERRY, ferryGrants[cluster.name]);
}

/** Grants made by `admin`; resolves when the broker decides by them. Granting again changes nothing. */
export async function grantAll(cluster: LabCluster, user: string, grants: readonly Grant[]): Promise<void> {
  const acls = grantAcls(principalOf(cluster.name, user), grants);
  await asAdmin(
    (user) => cluster.kafkajs(user),
    (admin) => createAcls(admin, acls),
  );
}

async function asAdmin(asUser: (user: string) => Kafka, use: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = asUser(ADMIN).admin();
  await admin.connect();
  await use(admin).finally(() => admin.disconnect());
}
