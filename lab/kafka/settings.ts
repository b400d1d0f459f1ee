import type { Metadata } from './version.js';

/** A Kafka `.properties` file as key and value. */
export type Settings = Record<string, string | number | boolean>;

export function propertiesFile(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('');
}

/** The one broker of every cluster. */
export const BROKER_ID = 1;

export interface Listeners {
  /** Where the process binds: `127.0.0.1`, or `0.0.0.0` in a container. */
  bind: string;
  /** What clients are told to connect to. */
  advertised: string;
  client: number;
  controller: number;
  /** A listener more, for containers: what clients on this machine are told to connect to leads them to themselves. */
  network?: { host: string; port: number };
}

/** One process that is broker and controller: the smallest real cluster (KIP-500). */
export function combinedRole(listeners: Listeners, dataFolder: string): Settings {
  const { controller } = listeners;
  return {
    'process.roles': 'broker,controller',
    'node.id': BROKER_ID,
    'controller.quorum.voters': `${BROKER_ID}@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    // The controller's listener serves this process only, so it is on the loopback interface everywhere.
    listeners: [...boundTo(listeners), `CONTROLLER://127.0.0.1:${controller}`].join(),
    'advertised.listeners': advertisedAs(listeners),
    'inter.broker.listener.name': 'CLIENT',
    'log.dirs': dataFolder,
  };
}

/** A broker that keeps its metadata in ZooKeeper; the controller's port is ZooKeeper's. */
export function zooKeeperRole(listeners: Listeners, dataFolder: string): Settings {
  const { controller } = listeners;
  return {
    'broker.id': BROKER_ID,
    'zookeeper.connect': `127.0.0.1:${controller}`,
    // A killed broker cannot register again before its session is over (18 s by default).
    'zookeeper.session.timeout.ms': 6_000,
    listeners: boundTo(listeners).join(),
    'advertised.listeners': advertisedAs(listeners),
    'inter.broker.listener.name': 'CLIENT',
    'log.dirs': dataFolder,
  };
}

function boundTo({ bind, client, network }: Listeners): string[] {
  return [`CLIENT://${bind}:${client}`, ...(network ? [`NETWORK://${bind}:${network.port}`] : [])];
}

function advertisedAs({ advertised, client, network }: Listeners): string {
  const clients = `CLIENT://${advertised}:${client}`;
  return network ? `${clients},NETWORK://${network.host}:${network.port}` : clients;
}

const authorizers: Record<Metadata, string> = {
  controller: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  zooKeeper: 'kafka.security.authorizer.AclAuthorizer',
};

/** What is not an ACL is denied. */
export function authorizer(metadata: Metadata, superUsers: readonly string[]): Settings {
  return {
    'authorizer.class.name': authorizers[metadata],
    'allow.everyone.if.no.acl.found': false,
    'super.users': superUsers.join(';'),
  };
}

/**
 * Both group protocols, classic and consumer (KIP-848). From 4.0 on that is the default; 3.9 has the second as a
 * preview that must be asked for.
 */
export function groupProtocols(version: string): Settings {
  return version.startsWith('3.') ? { 'group.coordinator.rebalance.protocols': 'classic,consumer' } : {};
}

/** `ready.ts` asks the coordinator of each. */
const OFFSETS_PARTITIONS = 4;

/** Settings that make one broker on a small machine behave like a cluster, only sooner. */
export const labBehaviour: Settings = {
  // As on managed clusters: a forgotten client must not bring a deleted topic back unnoticed.
  'auto.create.topics.enable': false,
  'default.replication.factor': 1,
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  // The defaults of 50 partitions cost seconds at the first group and the first transaction.
  'offsets.topic.num.partitions': OFFSETS_PARTITIONS,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.num.partitions': 1,
  // The pause that lets more members arrive before the first rebalance; there are none to wait for.
  'group.initial.rebalance.delay.ms': 0,
  // Consumers may ask for short sessions, so that a killed one is out of its group within seconds.
  'group.min.session.timeout.ms': 1_000,
  'group.consumer.session.timeout.ms': 6_000,
  'group.consumer.min.session.timeout.ms': 6_000,
  'group.consumer.heartbeat.interval.ms': 1_000,
  'group.consumer.min.heartbeat.interval.ms': 1_000,
  // A transaction may be left hanging for as long as any test looks at it ...
  'transaction.max.timeout.ms': 3_600_000,
  // ... and one with a short timeout is aborted soon after it.
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
  // Retention, compaction and deletion happen while somebody is watching.
  'log.retention.check.interval.ms': 1_000,
  'log.cleaner.backoff.ms': 500,
  'log.cleaner.dedupe.buffer.size': 16_777_216,
  'log.initial.task.delay.ms': 1_000,
  // A killed broker cannot register again before its session is over (9 s by default). Not shorter: on a machine that
  // is busy for longer than that the controller would fence a broker that is well.
  'broker.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 3_000,
  // Two brokers and the tests share a small machine.
  'num.network.threads': 2,
  'num.io.threads': 4,
};
