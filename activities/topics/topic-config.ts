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

/** What the target topic is to be configured with. */
export function wantedConfig(move: TopicMove, source: readonly ConfigEntry[]): Record<string, string> {
  return { ...explicitConfig(source), ...move.config };
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
