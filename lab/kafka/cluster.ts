import kafkajs, { type Admin, type Kafka, type KafkaConfig } from 'kafkajs';
import { applicationAcls, createAcls, type Grant, grantAcls, type Grants } from '../acls.js';
import { ferryGrants } from '../ferry-acls.js';
import { LabError } from '../host/failure.js';
import { ADMIN, type ClusterName, FERRY, principalOf, users } from '../principals.js';
import { broker, format, writeSettings } from './broker.js';
import { clientsOf, connectionOf, issueClients, type LabClient, security } from './clients.js';
import type { JvmKind } from './jars.js';
import { type ClusterPorts, clusterPaths } from './layout.js';
import { servesClient } from './ready.js';
import {
  combinedRole,
  groupProtocols,
  labBehaviour,
  type Listeners,
  type Settings,
  zooKeeperRole,
} from './settings.js';
import { metadataOf } from './version.js';
import { withZooKeeper } from './zookeeper.js';

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

/** Which cluster of the lab, what it runs, and where it answers. */
export interface ClusterPlan {
  name: ClusterName;
  version: string;
  ports: ClusterPorts;
  /** What its broker is started as; `small` unless told. */
  jvm?: JvmKind;
}

/** Makes credentials, settings and storage of a new cluster; starts nothing. */
export async function prepareCluster(folder: string, { name, version, ports }: ClusterPlan): Promise<void> {
  const paths = clusterPaths(folder, name);
  const listeners = { bind: '127.0.0.1', advertised: '127.0.0.1', ...ports };
  await issueClients(name, paths.clients, `127.0.0.1:${ports.client}`);
  await writeSettings(paths, await brokerSettings({ name, version }, listeners, paths.data, paths.clients));
  if (metadataOf(version) === 'controller')
    await format(version, paths, await security[name].formatArguments(paths.clients));
}

/** Everything a broker of the lab is told. */
export async function brokerSettings(
  { name, version }: Pick<ClusterPlan, 'name' | 'version'>,
  listeners: Listeners,
  dataFolder: string,
  clientsFolder: string,
): Promise<Settings> {
  const metadata = metadataOf(version);
  const role = metadata === 'controller' ? combinedRole : zooKeeperRole;
  return {
    ...role(listeners, dataFolder),
    ...labBehaviour,
    ...groupProtocols(version),
    ...(await security[name].settings(clientsFolder, metadata)),
  };
}

/**
 * The cluster in this folder, whether it runs or not.
 * @param recordClasses where its broker writes the archive of loaded classes when it ends.
 */
export async function openCluster(
  folder: string,
  { name, version, ports, jvm }: ClusterPlan,
  recordClasses?: string,
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
    title: `${name} Kafka ${version}`,
    version,
    paths,
    recordClasses,
    jvm,
    ready: () => servesClient(asUser(ADMIN, { retry: { retries: 0 } }), ports.client),
  });
  const processes =
    metadataOf(version) === 'controller'
      ? server
      : withZooKeeper(server, {
          name,
          version,
          paths,
          port: ports.controller,
          passwords: passwordsOf(clients),
        });
  return {
    name,
    version,
    bootstrap,
    clients,
    log: server.log,
    isRunning: () => processes.isRunning(),
    kill: () => processes.kill(),
    start: () => processes.start(),
    stop: () => processes.stop(),
    kafkajs: asUser,
    allow: (user, grants) =>
      asAdmin(asUser, (admin) => createAcls(admin, applicationAcls(principalOf(name, user), grants))),
  };
}

/** Makes and starts a new cluster; resolves when it answers and the ferry has its grants. */
export async function startCluster(folder: string, plan: ClusterPlan): Promise<LabCluster> {
  await prepareCluster(folder, plan);
  const cluster = await openCluster(folder, plan);
  await cluster.start();
  await grantFerry(cluster);
  return cluster;
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

function passwordsOf(clients: Record<string, LabClient>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(clients).flatMap(([user, { sasl }]) => (sasl ? [[user, sasl.password] as const] : [])),
  );
}

async function asAdmin(asUser: (user: string) => Kafka, use: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = asUser(ADMIN).admin();
  await admin.connect();
  await use(admin).finally(() => admin.disconnect());
}
