import type { GroupListing } from '../kafka/cluster.js';
import type { ScannedGroup, ScannedTopic } from './inventory.js';

/** Kafka Streams names its inner topics after the application, which is the group: `<group>-<name>-changelog`. */
const streamsEnding =
  /-(changelog|repartition|subscription-(registration|response)-topic|KTABLE-FK-.*-topic)$/;
/** Threads of Kafka Streams name their consumers so (`StreamThread`). */
const streamsClient = /-StreamThread-\d+-(restore-)?consumer$/;
/** Tasks of a sink connector (`Worker.baseConsumerConfigs`). */
const connectClient = /^connector-consumer-.*-\d+$/;
/** MirrorMaker 2 as a program of its own: `<source>-mm2` (`MirrorMakerConfig.workerConfig`). */
const mirrorMakerGroup = /(^|->|-)mm2$/;

/**
 * Whose inner topic it is, as far as its name tells; `null`: nobody's that is known.
 *
 * @param groups the names of all; `undefined` where some may be missing: the application that an ending speaks of may be theirs
 */
export function innerTopicOf(name: string, groups: readonly string[] | undefined): ScannedTopic['partOf'] {
  if (name.startsWith('_confluent-ksql-')) return 'ksqldb';
  if (/^mm2-(configs|offsets|status|offset-syncs)\.|\.checkpoints\.internal$|(^|\.)heartbeats$/.test(name))
    return 'mirrormaker';
  if (/^((.*-)?connect-|__connect_)(configs|offsets|status)$/.test(name)) return 'connect';
  if (!streamsEnding.test(name)) return null;
  return groups === undefined || ownerOf(name, groups) !== undefined ? 'streams' : null;
}

/** The group after which an inner topic is named: of `shop` and `shop-totals` the longer, since the shorter says less. */
function ownerOf(topic: string, groups: readonly string[]): string | undefined {
  let owner: string | undefined;
  for (const group of groups)
    if (topic.startsWith(`${group}-`) && group.length > (owner?.length ?? -1)) owner = group;
  return owner;
}

/** Groups after which inner topics of Kafka Streams are named. */
export function streamsGroupsOf(topics: readonly string[], groups: readonly string[]): Set<string> {
  return new Set(
    topics.filter((name) => streamsEnding.test(name)).flatMap((name) => ownerOf(name, groups) ?? []),
  );
}

/**
 * What a group belongs to: by its protocol, its name, the names of its clients and the topics that are named after it.
 *
 * @param streams the groups after which inner topics are named (`streamsGroupsOf`)
 */
export function kindOf(
  { group, protocol, coordinatesOther }: GroupListing,
  clients: readonly string[],
  streams: ReadonlySet<string>,
): ScannedGroup['kind'] {
  if (group.startsWith('_confluent-ksql-')) return 'ksqldb';
  if (coordinatesOther) return mirrorMakerGroup.test(group) ? 'mirrormaker' : 'coordination';
  if (/^connect-/.test(group) || clients.some((client) => connectClient.test(client))) return 'connect';
  const recognised =
    protocol === 'streams' || streams.has(group) || clients.some((client) => streamsClient.test(client));
  return recognised ? 'streams' : 'other';
}
