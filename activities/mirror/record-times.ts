import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { lastingAt } from '../kit/rows.js';
import { asking } from '../kit/weights.js';

/** A topic of the source, and the latest time that a record of its copy may have, ms; none where any will do. */
export interface Timed {
  topic: string;
  partitions: readonly TopicPartition[];
  latest: number | undefined;
}

/** What the times of the records on the source are, each by topic in ms. */
export interface RecordTimes {
  /** Of the oldest record: retention and timestamp limits ask for it. */
  oldest: ReadonlyMap<string, number>;
  /** How far a record is in the future that is further than its copy may have. */
  ahead: ReadonlyMap<string, number>;
  /** What asks, since a cluster did not tell. */
  findings: Finding[];
}

/**
 * Asks the index of each partition. Records of a format without times have none that could be too old.
 *
 * @throws FerryError a transient one: what is not answered now is no sign that nothing is old
 */
export async function recordTimes(source: Cluster, topics: readonly Timed[]): Promise<RecordTimes> {
  const oldest = new Map<string, number>();
  const ahead = new Map<string, number>();
  const untold = new Map<string, string>();
  const from = async (partitions: readonly TopicPartition[], time: number) => {
    const rows = await source.offsetsAtTime(partitions, time);
    return partitions.flatMap((at) => {
      const { value, error } = lastingAt(rows, partitionKey(at));
      if (error && error.type !== 'Unsupported') untold.set(at.topic, error.message);
      return value ? [{ topic: at.topic, time: value.timestamp }] : [];
    });
  };
  const all = topics.flatMap(({ partitions }) => partitions);
  for (const { topic, time } of await from(all, 0))
    oldest.set(topic, Math.min(time, oldest.get(topic) ?? Infinity));
  for (const { partitions, latest } of topics) {
    if (latest === undefined) continue;
    const now = Date.now();
    for (const { topic, time } of await from(partitions, now + latest))
      ahead.set(topic, Math.max(time - now, ahead.get(topic) ?? -Infinity));
  }
  return { oldest, ahead, findings: [...untold].map(([topic, why]) => unknownAge(topic, why, source.name)) };
}

const unknownAge = (topic: string, why: string, source: string): Finding =>
  asking(
    `history-age-unknown:${topic}`,
    `How old the records of ${topic} are is not known, since ${source} does not say: ${why} A copy that is older than the target keeps is deleted there soon: mend it and retry, or accept that.`,
  );
