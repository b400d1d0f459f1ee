import type { ConfigEntry } from '../../src/kafka/cluster.js';
import type { TopicMove } from '../../src/migration/file.js';

/** Replication throttles name replicas of one cluster's brokers: they mean nothing on another. */
const boundToBrokers = new Set([
  'leader.replication.throttled.replicas',
  'follower.replication.throttled.replicas',
]);

/** What somebody set on the topic itself; defaults stay with the cluster that has them. */
export function explicitConfig(entries: readonly ConfigEntry[]): Record<string, string> {
  return Object.fromEntries(
    entries
      .filter(({ name, source, readOnly }) => source === 'topic' && !readOnly && !boundToBrokers.has(name))
      .flatMap(({ name, value }) => (value === null ? [] : [[name, value]])),
  );
}

/** The value that holds, wherever it comes from; `undefined` when the broker does not know the entry or hides it. */
export function effective(entries: readonly ConfigEntry[], name: string): string | undefined {
  return entries.find((entry) => entry.name === name)?.value ?? undefined;
}

/**
 * What the target topic is to be configured with.
 *
 * @param broker configuration of the target's brokers: where it says that they have no remote storage (KIP-405), what the
 * source has set about it is left out, as they would refuse the topic
 */
export function wantedConfig(
  move: TopicMove,
  source: readonly ConfigEntry[],
  broker: readonly ConfigEntry[] = [],
): Record<string, string> {
  const leftOut = new Set(tieringLeftOut(move, source, broker));
  const own = Object.entries(explicitConfig(source)).filter(([entry]) => !leftOut.has(entry));
  return { ...Object.fromEntries(own), ...move.config };
}

/** What the source has set about remote storage and the target's brokers cannot do; empty where they do not tell. */
export function tieringLeftOut(
  move: TopicMove,
  source: readonly ConfigEntry[],
  broker: readonly ConfigEntry[],
): string[] {
  if (effective(broker, 'remote.log.storage.system.enable') !== 'false') return [];
  return Object.keys(explicitConfig(source)).filter(
    (entry) => /^(remote\.|local\.retention\.)/.test(entry) && move.config[entry] === undefined,
  );
}

const minutes = 60_000;
const hours = 60 * minutes;

/**
 * What a new topic gets where nothing is set: the broker's own entries go by other names (LogConfig's server synonyms),
 * and retention comes from the first unit that is set.
 */
export function brokerDefault(broker: readonly ConfigEntry[], topicEntry: string): string | undefined {
  const value = (name: string) => effective(broker, name);
  const times = (name: string, unit: number) => {
    const text = value(name);
    return text === undefined ? undefined : String(Number(text) < 0 ? -1 : Number(text) * unit);
  };
  switch (topicEntry) {
    case 'retention.ms':
      return (
        value('log.retention.ms') ??
        times('log.retention.minutes', minutes) ??
        times('log.retention.hours', hours)
      );
    case 'max.message.bytes':
      return value('message.max.bytes');
    case 'min.insync.replicas':
      return value('min.insync.replicas');
    default:
      return value(`log.${topicEntry}`);
  }
}
