import type { Metadata } from './version.js';

/** A Kafka `.properties` file as key and value. */
export type Settings = Record<string, string | number | boolean>;

export function propertiesFile(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('');
}

/** The id of the one broker that every cluster has; further ones count on from it. */
export const FIRST_BROKER = 1;

/** One broker among those of its cluster. */
export interface Place {
  id: number;
  /** The controllers' ports of all brokers, in the order of their ids. */
  controllers: readonly number[];
}

export interface Listeners {
  /** Where the process binds: `127.0.0.1`, or `0.0.0.0` in a container. */
  bind: string;
  /** What clients are told to connect to. */
  advertised: string;
  client: number;
  controller: number;
  /** A listener more, for containers: what clients on this machine are told to connect to leads them to themselves. */
  network?: { host: string; port: number };
  /** The port of a listener more, for another way to log in. */
  login?: number;
  /** What clients of that are told to connect to, where not to the same as others. */
  loginHost?: string;
}

/**
 * Processes that are broker and controller each (KIP-500): one is the smallest real cluster, and of three any one may
 * be gone, since the other two are still most of the voters.
 */
export function combinedRole(listeners: Listeners, dataFolder: string, { id, controllers }: Place): Settings {
  const { controller } = listeners;
  const voters = controllers.map((port, index) => `${FIRST_BROKER + index}@127.0.0.1:${port}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': voters.join(),
    'controller.listener.names': 'CONTROLLER',
    // The controller's listener serves processes of one machine only, so it is on the loopback interface everywhere.
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
    'broker.id': FIRST_BROKER,
    'zookeeper.connect': `127.0.0.1:${controller}`,
    // A killed broker cannot register again before its session is over (18 s by default).
    'zookeeper.session.timeout.ms': 6_000,
    listeners: boundTo(listeners).join(),
    'advertised.listeners': advertisedAs(listeners),
    'inter.broker.listener.name': 'CLIENT',
    'log.dirs': dataFolder,
  };
}

function boundTo({ bind, client, network, login }: Listeners): string[] {
  return [
    `CLIENT://${bind}:${client}`,
    ...(network ? [`NETWORK://${bind}:${network.port}`] : []),
    ...(login === undefined ? [] : [`LOGIN://${bind}:${login}`]),
  ];
}

function advertisedAs({ advertised, client, network, login, loginHost = advertised }: Listeners): string {
  return [
    `CLIENT://${advertised}:${client}`,
    ...(network ? [`NETWORK://${network.host}:${network.port}`] : []),
    ...(login === undefined ? [] : [`LOGIN://${loginHost}:${login}`]),
  ].join();
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
export const OFFSETS_PARTITIONS = 4;
export const TRANSACTIONS_PARTITIONS = 4;

/** Of the racks that several brokers are in, each in one of its own. */
const racks = ['a', 'b', 'c'];

/** How many copies there are, and how many of them a write waits for: of three brokers one may be gone. */
export function replication({ id, controllers }: Place): Settings {
  const copies = controllers.length;
  const inSync = copies > 1 ? 2 : 1;
  return {
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    ...(copies > 1 && { 'broker.rack': racks[id - FIRST_BROKER] ?? 'a' }),
  };
}

/** Settings that make brokers on a small machine behave like those of life, only sooner. */
export const labBehaviour: Settings = {
  // As on managed clusters: a forgotten client must not bring a deleted topic back unnoticed.
  'auto.create.topics.enable': false,
  // The defaults of 50 partitions cost seconds at the first group and the first transaction.
  'offsets.topic.num.partitions': OFFSETS_PARTITIONS,
  'transaction.state.log.num.partitions': TRANSACTIONS_PARTITIONS,
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
  // All brokers and the tests share a small machine.
  'num.network.threads': 2,
  'num.io.threads': 4,
};
