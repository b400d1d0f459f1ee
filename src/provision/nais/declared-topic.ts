import { under } from '../../migration/by-name.js';
import type { DeclaredTopic, Undeclarable, WantedTopic } from '../declaring.js';
import type { Loss } from '../loss.js';
import { configDefaults, configKeys, kafkaConfigOf, tieringSaid, type TopicConfig } from './topic-config.js';
import { resourceOf, suggestedName } from './topic-name.js';

/** What a reviewer looks for is written also where it is the default: the promises of the topic. */
const alwaysSaid: ReadonlySet<string> = new Set([
  'partitions',
  'replication',
  'minimumInSyncReplicas',
  'cleanupPolicy',
  'retentionHours',
]);

export interface NaisTopic extends DeclaredTopic {
  config: TopicConfig;
}

/** The topic as a Topic can say it, and all that it cannot say. */
export function declaredTopic(wanted: WantedTopic, namespace: string): NaisTopic {
  const config = { ...sizeOf(wanted), ...entriesOf(wanted) };
  const becomes = kafkaConfigOf(config);
  return {
    config,
    topic: {
      name: wanted.name,
      partitions: wanted.partitions,
      replicationFactor: config.replication ?? configDefaults.replication,
      config: becomes,
    },
    losses: [...replicationLoss(wanted, config), ...entryLosses(wanted, becomes)],
    mistakes: nameMistakes(wanted, namespace),
  };
}

function sizeOf({ partitions, replicationFactor, config }: WantedTopic): TopicConfig {
  // One replica is what no Topic can have, and two are no better than one where each has to acknowledge.
  const replication = replicationFactor < 2 ? configDefaults.replication : replicationFactor;
  const inSync = config['min.insync.replicas'];
  return {
    partitions,
    replication,
    ...(inSync === undefined && {
      minimumInSyncReplicas: Math.min(configDefaults.minimumInSyncReplicas, replication - 1),
    }),
  };
}

function entriesOf({ config, defaults }: WantedTopic): TopicConfig {
  const entries = { ...defaults, ...config };
  const said = configKeys.flatMap(({ key, entry, said }) => {
    const value = entries[entry];
    const nearest = value === undefined ? undefined : said(value);
    if (nearest === undefined) return [];
    const isDefault = (configDefaults as TopicConfig)[key] === nearest;
    return isDefault && !alwaysSaid.has(key) ? [] : [[key, nearest] as const];
  });
  return { ...(Object.fromEntries(said) as TopicConfig), ...tieringSaid(entries) };
}

function replicationLoss({ name, replicationFactor }: WantedTopic, { replication }: TopicConfig): Loss[] {
  if (replicationFactor >= 2) return [];
  return [
    {
      weight: 'asks',
      key: `topic-loss:${name}:replication`,
      says: `${name} is to have ${replicationFactor} replica, and a Topic has 2 or more`,
      instead: `it gets ${replication}, which is usual there; say a replicationFactor in the file for another number`,
    },
  ];
}

/** Entries by which a topic is stored in remote storage, or not at all; the Topic says them in another way. */
const tieringEntries = new Set(['remote.storage.enable', 'local.retention.ms', 'local.retention.bytes']);

function entryLosses({ name, config, defaults }: WantedTopic, becomes: Record<string, string>): Loss[] {
  const isTiered = becomes['remote.storage.enable'] === 'true';
  const wanted = new Map(Object.entries(config));
  // A default of the source's brokers is lost where a Topic or the platform has another one.
  for (const [entry, value] of Object.entries(defaults))
    if (
      !wanted.has(entry) &&
      (under(becomes, entry) !== undefined || value !== under(platformDefaults, entry))
    )
      wanted.set(entry, value);
  return [...wanted].flatMap(([entry, value]): Loss[] => {
    const has = under(becomes, entry);
    if (has !== undefined && same(entry, value, has)) return [];
    if (tieringEntries.has(entry) && !isTiered && config['remote.storage.enable'] !== 'true') return [];
    return [
      {
        weight: 'asks',
        key: `topic-loss:${name}:${entry}`,
        says: `${name} is to have ${entry}=${value}, which a Topic cannot say${has === undefined ? '' : ' exactly'}`,
        instead: has === undefined ? silent(entry) : nearest(entry, value, has),
      },
    ];
  });
}

/** What a Topic cannot say and Aiven leaves as Kafka has it. */
const platformDefaults: Readonly<Record<string, string>> = { 'message.timestamp.type': 'CreateTime' };

const consequences: Readonly<Record<string, string>> = {
  'message.timestamp.type':
    'unless the platform has set another, records carry the time of the producer (CreateTime)',
  'compression.type':
    'unless the platform has set another, batches are stored as producers compress them (producer)',
  'segment.bytes': 'retention and compaction act on segments of another size, so somewhat sooner or later',
  'unclean.leader.election.enable':
    'unless the platform has set another, a partition waits for a replica in sync rather than lose records (false)',
  'remote.storage.enable':
    'all of it lies on the disks of the brokers, unless it says localRetentionHours above 0 and is not compacted',
};

const silent = (entry: string): string =>
  ['the default of the platform holds', under(consequences, entry) ?? []].flat().join('; ');

function nearest(entry: string, value: string, has: string): string {
  const less = Number(has) < Number(value) && Number(has) >= 0;
  if (entry === 'max.message.bytes' && less)
    return `it gets ${entry}=${has}, the most there is, so larger messages are refused`;
  return `it gets ${entry}=${has}, the nearest that ${less ? 'there is' : 'keeps no less'}`;
}

function same(entry: string, value: string, has: string): boolean {
  if (entry === 'cleanup.policy')
    return (
      value
        .split(',')
        .map((one) => one.trim())
        .toSorted()
        .join(',') === has.split(',').toSorted().join(',')
    );
  return value === has || (value !== '' && Number(value) === Number(has));
}

function nameMistakes({ from, name }: WantedTopic, namespace: string): Undeclarable[] {
  if (resourceOf(name, namespace) !== undefined) return [];
  return [
    {
      key: `topic-name:${name}`,
      sentence: `${name} cannot be the name of a Topic: it is the namespace ${namespace}, a dot, and small letters, digits, hyphens or dots; say newName: ${suggestedName(from, namespace)} for ${from} in the file.`,
    },
  ];
}
