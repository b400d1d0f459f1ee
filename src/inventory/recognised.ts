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

/** Whose inner topic it is, as far as its name tells; `null`: nobody's that is known. */
export function innerTopicOf(name: string, groups: readonly string[]): ScannedTopic['partOf'] {
  if (name.startsWith('_confluent-ksql-')) return 'ksqldb';
  if (/^mm2-(configs|offsets|status|offset-syncs)\.|\.checkpoints\.internal$|(^|\.)heartbeats$/.test(name))
    return 'mirrormaker';
  if (/^((.*-)?connect-|__connect_)(configs|offsets|status)$/.test(name)) return 'connect';
  return streamsEnding.test(name) && groups.some((group) => name.startsWith(`${group}-`)) ? 'streams' : null;
}

/** What a group belongs to: by its protocol, its name, the names of its clients and the topics that are named after it. */
export function kindOf(
  { group, protocol, coordinatesOther }: GroupListing,
  clients: readonly string[],
  topics: readonly string[],
): ScannedGroup['kind'] {
  if (group.startsWith('_confluent-ksql-')) return 'ksqldb';
  if (coordinatesOther) return mirrorMakerGroup.test(group) ? 'mirrormaker' : 'coordination';
  if (/^connect-/.test(group) || clients.some((client) => connectClient.test(client))) return 'connect';
  if (
    protocol === 'streams' ||
    clients.some((client) => streamsClient.test(client)) ||
    topics.some((name) => name.startsWith(`${group}-`) && streamsEnding.test(name))
  )
    return 'streams';
  return 'other';
}
