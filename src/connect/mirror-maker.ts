import type { Finding } from '../migration/findings.js';
import type { Migration } from '../migration/file.js';
import type { ConnectConnection } from './connect-connection.js';
import type { ConnectorConfig } from './rest.js';

/** Everything that MirrorMaker makes for one migration, by name: nobody else's mirror can have the same. */
export interface MirrorNames {
  /** What MirrorMaker calls the source: part of the names of its topics, and of the keys of its offsets. */
  alias: string;
  /** Copies records. */
  source: string;
  /** Writes down where groups are. */
  checkpoint: string;
  /** On the target: offsets of records on both sides. */
  offsetSyncs: string;
  /** On the target: offsets of groups on both sides. */
  checkpoints: string;
  /** On the target, made only when somebody else's heartbeats are on the source. */
  heartbeats: string;
}

export function mirrorNames(migration: string): MirrorNames {
  const alias = `ferry-${migration}`;
  return {
    alias,
    source: `${alias}.source`,
    checkpoint: `${alias}.checkpoint`,
    offsetSyncs: `mm2-offset-syncs.${alias}.internal`,
    checkpoints: `${alias}.checkpoints.internal`,
    heartbeats: `${alias}.heartbeats`,
  };
}

export interface MirrorSettings {
  migration: Migration;
  connection: Pick<ConnectConnection, 'sourceClient' | 'targetClient'>;
  /** `exactly.once.support`: `required` wherever the workers have it. */
  exactlyOnce: boolean;
  /** Of MirrorMaker's own topics. */
  replicationFactor: number;
  /** Partitions of all topics: there is no use for more tasks. */
  partitions: number;
}

const connectorPackage = 'org.apache.kafka.connect.mirror';
const bytes = 'org.apache.kafka.connect.converters.ByteArrayConverter';
/** Java's expression that matches nothing: MirrorMaker's own exclusions would leave out what the migration names. */
const nothing = '(?!)';
const mostTasks = 8;

/**
 * The MirrorSourceConnector: copies records as they are, under their own names. Topics, their configuration and ACLs are
 * the ferry's work, so MirrorMaker's synchronisation of them is off (it would undo it).
 */
export function sourceConnector({
  migration,
  connection,
  exactlyOnce,
  replicationFactor,
  partitions,
}: MirrorSettings): ConnectorConfig {
  return {
    ...shared({ migration, connection }),
    name: mirrorNames(migration.name).source,
    'connector.class': `${connectorPackage}.MirrorSourceConnector`,
    'tasks.max': String(Math.max(1, Math.min(partitions, mostTasks))),
    'replication.factor': String(replicationFactor),
    'offset-syncs.topic.replication.factor': String(replicationFactor),
    'offset.lag.max': '100',
    'refresh.topics.interval.seconds': '60',
    'sync.topic.configs.enabled': 'false',
    'sync.topic.acls.enabled': 'false',
    'emit.heartbeats.enabled': 'false',
    'heartbeats.replication.enabled': 'false',
    // One transaction for each poll of the source (the default boundary): what is copied is visible at once.
    'exactly.once.support': exactlyOnce ? 'required' : 'requested',
    'source.consumer.isolation.level': 'read_committed',
    'source.consumer.max.poll.records': '4000',
    'source.consumer.max.partition.fetch.bytes': String(4 * mebibyte),
    'producer.override.linger.ms': '10',
    'producer.override.batch.size': String(512 * 1024),
    // MirrorMaker cannot keep the producers' own; gzip is what every client can read without an addition.
    'producer.override.compression.type': 'gzip',
    // What the topic takes is the broker's decision; these must only not be smaller.
    'producer.override.max.request.size': String(48 * mebibyte),
    'producer.override.buffer.memory': String(64 * mebibyte),
  };
}

/** The MirrorCheckpointConnector: writes down where the groups of the migration are, and moves none of them. */
export function checkpointConnector({
  migration,
  connection,
  replicationFactor,
}: Pick<MirrorSettings, 'migration' | 'connection' | 'replicationFactor'>): ConnectorConfig {
  return {
    ...shared({ migration, connection }),
    name: mirrorNames(migration.name).checkpoint,
    'connector.class': `${connectorPackage}.MirrorCheckpointConnector`,
    'tasks.max': '1',
    groups: migration.consumers.map(({ group }) => exactly(group)).join(','),
    'groups.exclude': nothing,
    'checkpoints.topic.replication.factor': String(replicationFactor),
    'emit.checkpoints.interval.seconds': '5',
    'refresh.groups.interval.seconds': '10',
    'sync.group.offsets.enabled': 'false',
  };
}

const mebibyte = 1024 * 1024;

function shared({
  migration,
  connection,
}: Pick<MirrorSettings, 'migration' | 'connection'>): ConnectorConfig {
  return {
    'source.cluster.alias': mirrorNames(migration.name).alias,
    'target.cluster.alias': 'target',
    ...prefixed('source.cluster.', connection.sourceClient),
    ...prefixed('target.cluster.', connection.targetClient),
    // On both connectors: a checkpoint connector that believes in other names translates nothing, and says nothing.
    'replication.policy.class': `${connectorPackage}.IdentityReplicationPolicy`,
    'offset-syncs.topic.location': 'target',
    topics: migration.topics.map(({ name }) => exactly(name)).join(','),
    'topics.exclude': nothing,
    'key.converter': bytes,
    'value.converter': bytes,
    // Else the worker's own converter makes texts of headers.
    'header.converter': bytes,
  };
}

function prefixed(prefix: string, properties: Readonly<Record<string, string>>): ConnectorConfig {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [`${prefix}${name}`, value]));
}

/**
 * A regular expression of Java for exactly this name. Neither a comma (which separates) nor a dollar (which begins a
 * reference to a config provider) is left in it.
 */
export function exactly(name: string): string {
  return [...name]
    .map((letter) => (/[A-Za-z0-9_-]/.test(letter) ? letter : `\\x{${letter.codePointAt(0)?.toString(16)}}`))
    .join('');
}

/**
 * Topics that MirrorMaker would not copy, or not under their name (`MirrorSourceConnector.shouldReplicateTopic`,
 * `ReplicationPolicy.isInternalTopic`, `IdentityReplicationPolicy.formatRemoteTopic`): it says nothing about them. That it
 * cannot rename is checked with the migration file.
 */
export function unmirrorable(migration: Migration): Finding[] {
  return migration.topics.flatMap(({ name }): Finding[] => {
    const blocks = (why: string): Finding[] => [
      {
        weight: 'blocks',
        key: `mirrormaker-topic:${name}`,
        sentence: `MirrorMaker cannot mirror the topic ${name}: ${why}. Take mirror: engine, or move it by another migration.`,
      },
    ];
    if (/[.-]internal$/.test(name) || name.startsWith('__') || name.startsWith('.'))
      return blocks('it takes a topic of such a name for an internal one, and leaves it out');
    if (name.endsWith('heartbeats'))
      return blocks('it takes a topic of such a name for heartbeats, and gives it another name');
    return [];
  });
}
