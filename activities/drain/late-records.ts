import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { offsetAt, type SourceOffsets } from '../../src/migration/offsets.js';
import { sayRanges } from '../../src/migration/ranges.js';
import { isMirrored } from '../../src/migration/strategies.js';
import type { Work } from '../../src/migration/work/work.js';
import { describeArrival } from './last-arrival.js';
import { valueOf } from '../kit/rows.js';
import { asking } from '../kit/weights.js';

/** What came to a topic of the source after its end was frozen. */
export interface LateRecords {
  topic: string;
  first: TopicPartition;
  /** By how many offsets the topic has grown, all its partitions together: each record that comes adds to it. */
  offsets: bigint;
  sentence: string;
}

/**
 * @param partitions of one topic, each with a row in `marks`; all of one is late that had no end when they were frozen.
 * @returns undefined when there is nothing.
 */
export async function lateRecords(
  source: Cluster,
  ends: SourceOffsets,
  partitions: readonly TopicPartition[],
  marks: Rows<string, Watermarks>,
): Promise<LateRecords | undefined> {
  const grown = partitions.flatMap((at) => {
    const end = offsetAt(ends, at.topic, at.partition) ?? 0n;
    const { highWatermark } = valueOf(marks, partitionKey(at));
    return highWatermark > end ? [{ at, end, highWatermark }] : [];
  });
  const [one] = grown;
  if (!one) return undefined;
  const ranges = grown.map(({ at, end, highWatermark }) => ({
    ...at,
    ...{ from: String(end), to: String(highWatermark), records: Number(highWatermark - end) },
  }));
  return {
    topic: one.at.topic,
    first: one.at,
    offsets: grown.reduce((sum, { end, highWatermark }) => sum + highWatermark - end, 0n),
    sentence: `After its end was frozen, records came to ${source.name}: ${sayRanges(ranges)}, the last of ${await describeArrival(source, one.at, one.highWatermark)}. A producer still writes there.`,
  };
}

/**
 * Records of the source of which nothing can be made any more: what the target got since would come before them, or a person
 * has said that nobody waits for the source to be quiet. The key holds how many there are, so that accepting these accepts
 * none that comes later.
 */
export function staysBehind(
  { topic, offsets, sentence }: LateRecords,
  migration: Work['migration'],
): Finding {
  const { strategy, source, target } = migration;
  return asking(
    `late-record:${topic}+${offsets}`,
    isMirrored(strategy)
      ? `${sentence} ${target} has been written to since, so that nothing can be mirrored there any more: have it written to ${target} by its producer, or accept that it stays behind, and goes with the topic when that is deleted.`
      : `${sentence} What no group has read on ${source} is lost when the topic is deleted: stop the producer and have it written to ${target}, or accept that.`,
  );
}
