import {
  partitionKey,
  type ConfigEntry,
  type ProducerState,
  type Rows,
  type TopicFacts,
  type TopicPartition,
  type Watermarks,
} from '../kafka/cluster.js';
import type { ScannedTopic } from './inventory.js';
import { isKafkasOwn } from './kafkas-own.js';
import { every, mapKnown, noAnswer, rowOf, thenKnown, type Known } from './known.js';
import { writersBetween, type SeenProducer } from '../migration/survey-seen.js';
import { producersOf } from './producers.js';
import { innerTopicOf } from './recognised.js';
import type { Sample } from './samples.js';

/** What was read of all topics, part by part. */
export interface SeenOfTopics {
  configs: Known<Rows<string, ConfigEntry[]>>;
  marks: Known<Rows<string, Watermarks>>;
  oldest: Known<Rows<string, { offset: bigint; timestamp: number } | null>>;
  sizes: Known<ReadonlyMap<string, bigint>>;
  producers: Known<Rows<string, ProducerState[]>>;
  samples: Known<ReadonlyMap<string, Known<Sample>>>;
  later: Known<Rows<string, Watermarks>>;
  laterProducers: Known<Rows<string, ProducerState[]>>;
  /** Between the first look at the ends and `later`. */
  seconds: number;
}

/**
 * @param groups the names of all of them, after which applications name their inner topics; `undefined` where some may be missing
 */
export function scannedTopic(
  topic: TopicFacts,
  seen: SeenOfTopics,
  groups: readonly string[] | undefined,
): ScannedTopic {
  const keys = partitionsOf(topic).map(partitionKey);
  const config = rowOf(seen.configs, topic.name);
  const marks = every(keys.map((key) => rowOf(seen.marks, key)));
  const later = every(keys.map((key) => rowOf(seen.later, key)));
  const sampled = keys.map((key) => entryOf(seen.samples, key));
  const samples = every(sampled);
  const [producers, laterProducers] = [seen.producers, seen.laterProducers].map((rows) =>
    mapKnown(every(keys.map((key) => rowOf(rows, key))), (all) => producersOf(all.flat())),
  ) as [Known<SeenProducer[]>, Known<SeenProducer[]>];
  const entry = (name: string) =>
    mapKnown(config, (entries) => entries.find((one) => one.name === name)?.value ?? undefined);
  const transactional = new Set(samples.value?.flatMap(({ transactional }) => transactional) ?? []);
  return {
    name: topic.name,
    id: topic.topicId,
    partitions: topic.partitions.length,
    replication: Math.max(0, ...topic.partitions.map(({ replicas }) => replicas.length)),
    internal: isKafkasOwn(topic),
    partOf: innerTopicOf(topic.name, groups),
    config: mapKnown(config, (entries) =>
      Object.fromEntries(
        entries.flatMap(({ name, value, source }) =>
          source === 'topic' ? [[name, value ?? '(hidden)']] : [],
        ),
      ),
    ),
    compacted: thenKnown(entry('cleanup.policy'), (policy) =>
      policy === undefined
        ? { unknown: 'its cleanup.policy is not told' }
        : { value: policy.includes('compact') },
    ),
    tiered: mapKnown(entry('remote.storage.enable'), (enabled) => enabled === 'true'),
    records: mapKnown(marks, (all) => total(all, ({ highWatermark, logStart }) => highWatermark - logStart)),
    bytes: thenKnown(seen.sizes, (sizes) =>
      mapKnown(
        every(
          keys.map((key): Known<bigint> => {
            const bytes = sizes.get(key);
            return bytes === undefined ? { unknown: noAnswer } : { value: bytes };
          }),
        ),
        (all) => Number(all.reduce((sum, one) => sum + one, 0n)),
      ),
    ),
    oldest: mapKnown(every(keys.map((key) => rowOf(seen.oldest, key))), (all) =>
      extreme(
        all.flatMap((one) => (one ? [one.timestamp] : [])),
        Math.min,
      ),
    ),
    newest: newestOf(samples),
    rate: thenKnown(every([mapKnown(marks, ends), mapKnown(later, ends)]), ([before = 0n, after = 0n]) =>
      seen.seconds > 0
        ? { value: Math.max(0, Number(after - before)) / seen.seconds }
        : { unknown: 'no time passed between two looks' },
    ),
    schemas: mapKnown(samples, (all) => ({
      sampled: all.reduce((sum, { records }) => sum + records, 0),
      ids: [...new Set(all.flatMap(({ schemaIds }) => schemaIds))].sort((a, b) => a - b).slice(0, 100),
      subjects: { unknown: 'no schema registry was asked: name one by --registry' },
    })),
    producers: mapKnown(producers, (all) =>
      all.map(({ id, lastWrote, transactional: seenTo }) => ({
        id: String(id),
        lastWrote,
        transactional: seenTo || transactional.has(String(id)),
      })),
    ),
    writers: writersOf(producers, laterProducers, sampled),
  };
}

/** A partition whose newest record is not known may hold one that is newer than all that are. */
function newestOf(samples: Known<Sample[]>): ScannedTopic['newest'] {
  return thenKnown(samples, (all) =>
    mapKnown(every(all.map(({ newest }) => newest)), (times) =>
      extreme(
        times.flatMap((time) => time ?? []),
        Math.max,
      ),
    ),
  );
}

/** Several in the records of one partition are proved whatever else is not known; fewer are proved by nothing. */
function writersOf(
  before: Known<SeenProducer[]>,
  after: Known<SeenProducer[]>,
  samples: readonly Known<Sample>[],
): Known<number> {
  const inTurn = Math.max(0, ...samples.map(({ value }) => value?.writers ?? 0));
  if (inTurn > 1) return { value: inTurn };
  return thenKnown(before, (known) =>
    mapKnown(after, (later) => Math.max(inTurn, writersBetween(known, later))),
  );
}

export const partitionsOf = ({ name, partitions }: TopicFacts): TopicPartition[] =>
  partitions.map(({ partition }) => ({ topic: name, partition }));

function entryOf(all: SeenOfTopics['samples'], key: string): Known<Sample> {
  return all.unknown === undefined ? (all.value.get(key) ?? { unknown: noAnswer }) : { unknown: all.unknown };
}

const ends = (marks: readonly Watermarks[]): bigint =>
  marks.reduce((sum, { highWatermark }) => sum + highWatermark, 0n);

const total = (marks: readonly Watermarks[], of: (marks: Watermarks) => bigint): number =>
  Math.max(0, Number(marks.reduce((sum, one) => sum + of(one), 0n)));

const extreme = (times: readonly number[], choose: (a: number, b: number) => number): number | null =>
  times.length === 0 ? null : times.reduce((a, b) => choose(a, b));
