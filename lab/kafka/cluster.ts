import kafkajs, { type AclEntry, type Kafka, type KafkaConfig } from 'kafkajs';
import { applicationAcls, type Grant, grantAcls, type Grants, untilVisible } from '../acls.js';
import { ferryGrants } from '../ferry-acls.js';
import { LabError } from '../host/failure.js';
import { settleAll } from '../host/settle.js';
import {
  type LoginListener,
  loginHost,
  loginJvmOptions,
  loginSection,
  loginSettings,
} from '../login/listener.js';
import { ADMIN, type ClusterName, FERRY, principalOf, users } from '../principals.js';
import { withAdmin } from './admin.js';
import { broker, format, formatLike, type LabBroker, writeSettings } from './broker.js';
import { clientsOf, connectionOf, issueClients, type LabClient, security } from './clients.js';
import { untilInSync } from './in-sync.js';
import type { JvmKind } from './jars.js';
import { type BrokerPorts, clusterPaths } from './layout.js';
import { pinnedTo } from './pinned.js';
import { servesClient } from './ready.js';
import {
  combinedRole,
  FIRST_BROKER,
  groupProtocols,
  labBehaviour,
  type Listeners,
  type Place,
  replication,
  type Settings,
  zooKeeperRole,
} from './settings.js';
import { tieredStorage } from './tiered-storage.js';
import { metadataOf } from './version.js';
import { withZooKeeper } from './zookeeper.js';

/** One broker or three; what is done to a cluster is done to all of its brokers. */
export interface LabCluster {
  name: ClusterName;
  version: string;
  /** The addresses of all brokers. */
  bootstrap: string[];
  /** By user: `admin`, `ferry` and every application. */
  clients: Record<string, LabClient>;
  /** In the order of their ids. */
  brokers: readonly LabBroker[];
  /** Whether it has tiered storage (KIP-405). */
  tiered: boolean;
  /** How the ferry logs in where it brings a token or a ticket: another listener's addresses, and its section of `ferry.yaml`. */
  ferryLogin?: { bootstrap: string[]; sasl: ReturnType<typeof loginSection>; tls?: { ca: string } };
  /** The first broker's log file. */
  log: string;
  /** Whether every broker runs. */
  isRunning(): boolean;
  /** SIGKILL to every broker; resolves when all are gone. */
  kill(): Promise<void>;
  /** Starts those that do not run, on the same data and ports; resolves when all answer. */
  start(): Promise<void>;
  /** An orderly end of all. */
  stop(): Promise<void>;
  /** Resolves when every partition has a leader and all of its replicas are in sync. */
  inSync(): Promise<void>;
  /** A kafkajs client that is this user. It logs nothing unless `overrides` says so. */
  kafkajs(user: string, overrides?: Partial<KafkaConfig>): Kafka;
  /** Grants made by `admin`; resolves when every broker that runs decides by them. */
  allow(user: string, grants: Grants): Promise<void>;
}

/** Which cluster of the lab, what it runs, and where it answers. */
export interface ClusterPlan {
  name: ClusterName;
  version: string;
  /** Of each broker, in the order of their ids. */
  brokers: readonly BrokerPorts[];
  /** With tiered storage. */
  tiered?: boolean;
  /** With a listener more, for those who bring a token or a ticket; its ports are among those of the brokers. */
  login?: LoginListener;
  /** As a service at Aiven: who may do what there is up to the stand-in for Aiven's API. */
  aiven?: boolean;
  /** What its brokers are started as; as small as their number asks for unless told. */
  jvm?: JvmKind;
}

/** Makes credentials, settings and storage of a new cluster; starts nothing. */
export async function prepareCluster(folder: string, plan: ClusterPlan): Promise<void> {
  const { name, version, brokers, tiered, login } = plan;
  const { clients } = clusterPaths(folder, name);
  await issueClients(name, clients, addressesOf(brokers).join());
  const controllers = brokers.map(({ controller }) => controller);
  const prepared = brokers.map(async (ports, index) => {
    const place = { id: FIRST_BROKER + index, controllers };
    const paths = clusterPaths(folder, name, place.id);
    const listeners = {
      bind: '127.0.0.1',
      advertised: '127.0.0.1',
      ...ports,
      ...(login && { loginHost: loginHost(login) }),
    };
    const settings = await brokerSettings({ name, version, login }, listeners, paths.data, clients, place);
    const remote = tiered
      ? await tieredStorage(version, paths.remote, place, await security[name].javaClient(clients, ADMIN))
      : {};
    await writeSettings(paths, { ...settings, ...remote });
    return { id: place.id, paths };
  });
  const [first, ...others] = await Promise.all(prepared);
  if (!first || metadataOf(version) !== 'controller') return;
  await format(version, first.paths, await security[name].formatArguments(clients));
  for (const { id, paths } of others) await formatLike(first.paths, paths, id);
}

/**
 * Everything a broker of the lab is told.
 * @param place the only one of its cluster unless told.
 */
export async function brokerSettings(
  { name, version, login }: Pick<ClusterPlan, 'name' | 'version' | 'login'>,
  listeners: Listeners,
  dataFolder: string,
  clientsFolder: string,
  place: Place = { id: FIRST_BROKER, controllers: [listeners.controller] },
): Promise<Settings> {
  const metadata = metadataOf(version);
  const role = metadata === 'controller' ? combinedRole : zooKeeperRole;
  const settings = {
    ...role(listeners, dataFolder, place),
    ...replication(place),
    ...labBehaviour,
    ...groupProtocols(version),
    ...(await security[name].settings(clientsFolder, metadata)),
  };
  return { ...settings, ...(login && loginSettings(name, login, settings)) };
}

/**
 * The cluster in this folder, whether it runs or not.
 * @param recordClasses where its broker writes the archive of loaded classes when it ends.
 */
export async function openCluster(
  folder: string,
  plan: ClusterPlan,
  recordClasses?: string,
): Promise<LabCluster> {
  const { name, version } = plan;
  const paths = clusterPaths(folder, name);
  const bootstrap = addressesOf(plan.brokers);
  const clients = await clientsOf(name, paths.clients);
  const connections = new Map<string, KafkaConfig>();
  for (const [user, client] of Object.entries(clients))
    connections.set(user, await connectionOf(bootstrap, client));

  const asUser = (user: string, overrides: Partial<KafkaConfig> = {}): Kafka => {
    const connection = connections.get(user);
    if (!connection) throw new LabError(`The lab has no user ${user}; it has ${users.join(', ')}.`, 2);
    return new kafkajs.Kafka({ clientId: user, ...connection, ...overrides });
  };
  const openBroker = ({ client: port, controller }: BrokerPorts, index: number): LabBroker => {
    const id = FIRST_BROKER + index;
    const server = broker({
      title: `${name} Kafka ${version}${plan.brokers.length > 1 ? `, broker ${id},` : ''}`,
      version,
      paths: clusterPaths(folder, name, id),
      recordClasses,
      ...(plan.login && { options: loginJvmOptions(plan.login) }),
      jvm: plan.jvm ?? (plan.brokers.length > 1 ? 'smallest' : 'small'),
      ready: () =>
        servesClient((overrides) => asUser(ADMIN, { ...overrides, retry: { retries: 0 } }), { id, port }),
    });
    const processes =
      metadataOf(version) === 'controller'
        ? server
        : withZooKeeper(server, { name, version, paths, port: controller, passwords: passwordsOf(clients) });
    return {
      id,
      address: `127.0.0.1:${port}`,
      log: server.log,
      isRunning: () => processes.isRunning(),
      kill: () => processes.kill(),
      start: () => processes.start(),
      stop: () => processes.stop(),
    };
  };
  const brokers = plan.brokers.map(openBroker);
  const all = async (what: 'kill' | 'start' | 'stop') => {
    await settleAll(brokers.map((one) => one[what]()));
  };
  const cluster: LabCluster = {
    name,
    version,
    bootstrap,
    clients,
    brokers,
    tiered: plan.tiered ?? false,
    ...(plan.login && { ferryLogin: ferryLoginOf(plan, plan.login, clients) }),
    log: brokers[0]?.log ?? '',
    isRunning: () => brokers.every((one) => one.isRunning()),
    kill: () => all('kill'),
    start: () => all('start'),
    stop: () => all('stop'),
    inSync: () => untilInSync(asUser(ADMIN), name),
    kafkajs: asUser,
    allow: (user, grants) => addAcls(cluster, applicationAcls(principalOf(name, user), grants)),
  };
  return cluster;
}

/** Makes and starts a new cluster; resolves when it answers and the ferry has its grants. */
export async function startCluster(folder: string, plan: ClusterPlan): Promise<LabCluster> {
  await prepareCluster(folder, plan);
  const cluster = await openCluster(folder, plan);
  await cluster.start();
  if (!plan.aiven) await grantFerry(cluster);
  return cluster;
}

/** What the ferry may do, granted once when a cluster is new. */
export async function grantFerry(cluster: LabCluster): Promise<void> {
  await grantAll(cluster, FERRY, ferryGrants[cluster.name]);
  // The principal of a token is the name of the client that got it; that of a ticket has the realm after it.
  if (cluster.ferryLogin) await addAcls(cluster, grantAcls(`User:${FERRY}`, ferryGrants[cluster.name]));
}

/** Grants made by `admin`, as `allow` makes them. Granting again changes nothing. */
export function grantAll(cluster: LabCluster, user: string, grants: readonly Grant[]): Promise<void> {
  return addAcls(cluster, grantAcls(principalOf(cluster.name, user), grants));
}

async function addAcls(cluster: LabCluster, acl: AclEntry[]): Promise<void> {
  if (acl.length === 0) return;
  await withAdmin(cluster.kafkajs(ADMIN), (admin) => admin.createAcls({ acl }));
  for (const { address } of cluster.brokers.filter((one) => one.isRunning()))
    await withAdmin(cluster.kafkajs(ADMIN, pinnedTo(address)), (admin) => untilVisible(admin, acl));
}

function ferryLoginOf(
  { name, brokers }: ClusterPlan,
  listener: LoginListener,
  clients: Record<string, LabClient>,
): NonNullable<LabCluster['ferryLogin']> {
  const ca = clients[FERRY]?.tls?.ca;
  return {
    bootstrap: brokers.flatMap(({ login }) =>
      login === undefined ? [] : [`${loginHost(listener)}:${login}`],
    ),
    sasl: loginSection(listener),
    ...(name === 'target' && ca !== undefined && { tls: { ca } }),
  };
}

function addressesOf(brokers: readonly BrokerPorts[]): string[] {
  return brokers.map(({ client }) => `127.0.0.1:${client}`);
}

function passwordsOf(clients: Record<string, LabClient>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(clients).flatMap(([user, { sasl }]) => (sasl ? [[user, sasl.password] as const] : [])),
  );
}
