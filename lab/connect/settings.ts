import type { Settings } from '../kafka/settings.js';

/** The name of the group of workers, and of what they keep on the target cluster. */
export const CONNECT_GROUP = 'lab-connect';

/** The topics that the worker itself keeps on the target cluster. */
export const connectTopics = {
  config: `${CONNECT_GROUP}-configs`,
  offset: `${CONNECT_GROUP}-offsets`,
  status: `${CONNECT_GROUP}-status`,
} as const;

/**
 * A distributed worker on the target cluster. Everything about the cluster, secrets included, is in `client`: the
 * worker's own clients and, under a prefix each, those of its connectors.
 * @param listener `host:port` that its REST interface binds to.
 * @param readable folders whose files the configuration of a connector may refer to.
 */
export function workerSettings(listener: string, client: Settings, readable: readonly string[]): Settings {
  return {
    'group.id': CONNECT_GROUP,
    listeners: `http://${listener}`,
    ...client,
    ...prefixed('producer.', client),
    ...prefixed('consumer.', client),
    ...prefixed('admin.', client),
    ...topicSettings(),
    // A connector that copies bytes says so once here and never again.
    'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    'exactly.once.source.support': 'enabled',
    ...configProviders(readable),
    ...labBehaviour,
  };
}

function topicSettings(): Settings {
  return {
    'config.storage.topic': connectTopics.config,
    'offset.storage.topic': connectTopics.offset,
    'status.storage.topic': connectTopics.status,
    // As the cluster replicates by itself.
    'config.storage.replication.factor': -1,
    'offset.storage.replication.factor': -1,
    'status.storage.replication.factor': -1,
    // The defaults of 25 and 5 are for clusters of many workers.
    'offset.storage.partitions': 1,
    'status.storage.partitions': 1,
  };
}

/** What lets a connector's configuration name a secret instead of holding it (KIP-297, KIP-887). */
function configProviders(readable: readonly string[]): Settings {
  const provider = (name: string) => `org.apache.kafka.common.config.provider.${name}ConfigProvider`;
  return {
    'config.providers': 'file,directory,env',
    'config.providers.file.class': provider('File'),
    'config.providers.file.param.allowed.paths': readable.join(),
    'config.providers.directory.class': provider('Directory'),
    'config.providers.directory.param.allowed.paths': readable.join(),
    'config.providers.env.class': provider('EnvVar'),
    // The worker's environment is that of whoever started the lab: only what is meant for connectors.
    'config.providers.env.param.allowlist.pattern': 'CONNECT_.*',
  };
}

/** As `labBehaviour` of the brokers: what a worker does after minutes by default happens within seconds. */
const labBehaviour: Settings = {
  // A worker that was killed is out of the group within seconds, and its tasks are not kept waiting for it.
  'session.timeout.ms': 6_000,
  'heartbeat.interval.ms': 1_000,
  'rebalance.timeout.ms': 10_000,
  'scheduled.rebalance.max.delay.ms': 0,
  'task.shutdown.graceful.timeout.ms': 2_000,
  'offset.flush.interval.ms': 1_000,
  // A worker that was killed while it committed left a transaction open on its topic of offsets, and the next one reads
  // that topic to its end before it answers.
  'producer.transaction.timeout.ms': 10_000,
  // Connectors are found by the service files in their jars; looking into every class takes seconds (KIP-898).
  'plugin.discovery': 'service_load',
};

/**
 * Client properties for a connector's configuration, each a reference that Connect resolves itself: none of them holds
 * an address or a secret. A connector puts its own prefix before the keys, such as `source.cluster.`.
 * @param file the properties file that holds the values.
 */
export function clientReferences(file: string, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, `\${file:${file}:${key}}`]));
}

function prefixed(prefix: string, settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${prefix}${key}`, value]));
}
