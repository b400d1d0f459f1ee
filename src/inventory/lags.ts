import {
  partitionAt,
  partitionKey,
  type Committed,
  type Rows,
  type TopicFacts,
  type Watermarks,
} from '../kafka/cluster.js';
import { every, mapKnown, rowOf, thenKnown, type Known } from './known.js';
import { partitionsOf } from './topics.js';

/** Where the logs of the topics that are looked at end. */
export interface Ends {
  /** By topic, as `partitionKey` has them. */
  partitions: ReadonlyMap<string, readonly string[]>;
  marks: Known<Rows<string, Watermarks>>;
}

export const endsOf = (topics: readonly TopicFacts[], marks: Ends['marks']): Ends => ({
  partitions: new Map(topics.map((topic) => [topic.name, partitionsOf(topic).map(partitionKey)])),
  marks,
});

/** The commits of a group by topic. */
export function byTopic(commits: ReadonlyMap<string, Committed>): Map<string, Map<string, bigint>> {
  const topics = new Map<string, Map<string, bigint>>();
  for (const [key, { offset }] of commits) {
    const { topic } = partitionAt(key);
    topics.set(topic, (topics.get(topic) ?? new Map<string, bigint>()).set(key, offset));
  }
  return topics;
}

/**
 * The offsets between the commits of a group on a topic that it reads and the ends. Where it has committed nothing, its consumers
 * begin at an end of their own choice, or keep their offsets elsewhere: how far they are is not known, unless there is no record.
 *
 * @param partitions all of the topic, by key
 */
export function lagOn(
  partitions: readonly string[],
  commits: ReadonlyMap<string, bigint> = new Map(),
  marks: Ends['marks'],
): Known<bigint> {
  const keys = [...new Set([...partitions, ...commits.keys()])];
  const ends = keys.map((key) => mapKnown(rowOf(marks, key), (mark) => ({ at: commits.get(key), ...mark })));
  return thenKnown(every(ends), (all) => {
    const silent = all.filter(({ at, logStart, highWatermark: end }) => at === undefined && end > logStart);
    if (silent.length > 0)
      return {
        unknown: `the group has committed nothing on ${silent.length} ${silent.length === 1 ? 'partition' : 'partitions'} with records`,
      };
    return {
      value: all.reduce(
        (sum, { at = -1n, highWatermark: end }) => (at >= 0n && end > at ? sum + end - at : sum),
        0n,
      ),
    };
  });
}
