import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import kafkajs, { type Admin, type Kafka, type KafkaConfig } from 'kafkajs';
import { applicationAcls, createAcls, ferryAcls, type Grants } from '../acls.js';
import { ferryGrants } from '../ferry-acls.js';
import { LabError } from '../host/failure.js';
import { ADMIN, type ClusterName, FERRY, principalOf, users } from '../principals.js';
import { versions } from '../versions.js';
import { broker, format } from './broker.js';
import { type ClusterPaths, type ClusterPorts, clusterPaths } from './layout.js';
import { servesClient } from './ready.js';
import type { ClusterSecurity, SaslCredentials, TlsFiles } from './security.js';
import { combinedRole, groupProtocols, labBehaviour, propertiesFile } from './settings.js';
import { sourceSecurity } from './source-security.js';
import { targetSecurity } from './target-security.js';

/** One principal of a cluster and everything a client needs to be it. */
export interface LabClient {
  /** As ACLs name it: `User:billing` on the source, `User:CN=billing` on the target. */
  principal: string;
  username: string;
  sasl?: SaslCredentials;
  tls?: TlsFiles;
  /** Paths of ready client settings: `--command-config` of Kafka's tools, `-F` of kcat. */
  files: { java: string; librdkafka: string };
}

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

const security: Record<ClusterName, ClusterSecurity> = { source: sourceSecurity, target: targetSecurity };

/** Makes credentials, settings and storage of a new cluster; starts nothing. */
export async function prepareCluster(folder: string, name: ClusterName, ports: ClusterPorts): Promise<void> {
  const paths = clusterPaths(folder, name);
  const secured = security[name];
  await secured.issue(paths.clients);
  const listeners = { bind: '127.0.0.1', advertised: '127.0.0.1', ...ports };
  const all = {
    ...combinedRole(listeners, paths.data),
    ...labBehaviour,
    ...groupProtocols(kafkaVersion[name]),
    ...(await secured.settings(paths.clients)),
  };
  await writeClientFiles(name, paths, `127.0.0.1:${ports.client}`);
  await format(kafkaVersion[name], paths, all, await secured.formatArguments(paths.clients));
}

/**
 * The cluster in this folder, whether it runs or not.
 * @param recordClasses where its broker writes the archive of loaded classes when it ends.
 */
export async function openCluster(
  folder: string,
  name: ClusterName,
  ports: ClusterPorts,
  recordClasses?: string,
): Promise<LabCluster> {
  const paths = clusterPaths(folder, name);
  const bootstrap = [`127.0.0.1:${ports.client}`];
  const known = await Promise.all(
    users.map(async (user) => {
      const client = await clientOf(name, paths, user);
      return { user, client, connection: await connectionOf(bootstrap, client) };
    }),
  );
  const asUser = (user: string, overrides: Partial<KafkaConfig> = {}): Kafka => {
    const found = known.find((one) => one.user === user);
    if (!found) throw new LabError(`The lab has no user ${user}; it has ${users.join(', ')}.`, 2);
    return new kafkajs.Kafka({ clientId: user, ...found.connection, ...overrides });
  };
  const server = await broker({
    title: `${name} Kafka ${kafkaVersion[name]}`,
    version: kafkaVersion[name],
    paths,
    recordClasses,
    ready: () => servesClient(asUser(ADMIN, { retry: { retries: 0 } }), ports.client),
  });
  return {
    name,
    version: kafkaVersion[name],
    bootstrap,
    clients: Object.fromEntries(known.map(({ user, client }) => [user, client])),
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
export async function grantFerry(cluster: LabCluster): Promise<void> {
  const acls = ferryAcls(principalOf(cluster.name, FERRY), ferryGrants[cluster.name]);
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

async function clientOf(name: ClusterName, paths: ClusterPaths, user: string): Promise<LabClient> {
  return {
    principal: principalOf(name, user),
    username: user,
    ...(await security[name].credentials(paths.clients, user)),
    files: clientFiles(paths, user),
  };
}

async function connectionOf(brokers: string[], { sasl, tls }: LabClient): Promise<KafkaConfig> {
  return {
    brokers,
    logLevel: kafkajs.logLevel.NOTHING,
    ...(sasl && { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password } }),
    ...(tls && {
      ssl: {
        ca: await readFile(tls.ca, 'utf8'),
        cert: await readFile(tls.certificate, 'utf8'),
        key: await readFile(tls.key, 'utf8'),
      },
    }),
  };
}

async function writeClientFiles(name: ClusterName, paths: ClusterPaths, bootstrap: string): Promise<void> {
  const secured = security[name];
  const server = { 'bootstrap.servers': bootstrap };
  for (const user of users) {
    const { java, librdkafka } = clientFiles(paths, user);
    const mode = 0o600;
    await writeFile(java, propertiesFile({ ...server, ...(await secured.javaClient(paths.clients, user)) }), {
      mode,
    });
    await writeFile(
      librdkafka,
      propertiesFile({ ...server, ...(await secured.librdkafkaClient(paths.clients, user)) }),
      {
        mode,
      },
    );
  }
}

function clientFiles(paths: ClusterPaths, user: string): LabClient['files'] {
  return {
    java: join(paths.clients, `${user}.java.properties`),
    librdkafka: join(paths.clients, `${user}.librdkafka.properties`),
  };
}
