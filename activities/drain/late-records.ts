import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { offsetAt, type SourceOffsets } from '../../src/migration/offsets.js';
import type { Work } from '../../src/migration/work/work.js';
import { describeArrival } from './last-arrival.js';
import { valueOf } from '../kit/rows.js';
import { asking } from '../kit/weights.js';
import { count } from '../kit/wording.js';

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
  // One partition says that somebody writes to the topic; its other ones are told by their number.
  const others = grown.length > 1 ? ` (and to ${count(grown.length - 1, 'other partition')})` : '';
  return {
    topic: one.at.topic,
    first: one.at,
    offsets: grown.reduce((sum, { end, highWatermark }) => sum + highWatermark - end, 0n),
    sentence: `After the end ${one.end} was frozen, records came to ${await describeArrival(source, one.at, one.highWatermark)}${others}: a producer still writes to ${source.name}.`,
  };
}

/**
 * Records of the source that can no longer be mirrored: what the target got since would come before them. Its key holds
 * how many there are, so that accepting these accepts none that comes later.
 */
export function staysBehind(
  { topic, offsets, sentence }: LateRecords,
  { target }: Work['migration'],
): Finding {
  return asking(
    `late-record:${topic}+${offsets}`,
    `${sentence} ${target} has been written to since, so that nothing can be mirrored there any more: have it written to ${target} by its producer, or accept that it stays behind.`,
  );
}
