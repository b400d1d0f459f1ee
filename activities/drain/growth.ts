import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import { offsetAt, type SourceOffsets } from '../../src/migration/offsets.js';
import type { Grew } from '../../src/migration/work/work.js';
import { valueOf } from '../kit/rows.js';
import { describeArrival } from './last-arrival.js';

/** The answer of every watch that sees a record on a source which was proved quiet. */
export async function grew(
  source: Cluster,
  partition: TopicPartition,
  { highWatermark, frozenAt }: { highWatermark: bigint; frozenAt: bigint },
): Promise<Grew> {
  return {
    state: 'grew',
    sentence: `The source was claimed to be quiet, and then records came to ${await describeArrival(source, partition, highWatermark)}: its end was frozen at ${frozenAt}. A producer still writes there.`,
  };
}

/** The same of the first partition that ends behind its frozen end; all of one counts that had none then. */
export async function growthSince(
  source: Cluster,
  frozen: SourceOffsets,
  partitions: readonly TopicPartition[],
  marks?: Rows<string, Watermarks>,
): Promise<Grew | undefined> {
  const rows = marks ?? (await source.watermarks(partitions));
  for (const { topic, partition } of partitions) {
    const { highWatermark } = valueOf(rows, partitionKey({ topic, partition }));
    const frozenAt = offsetAt(frozen, topic, partition) ?? 0n;
    if (highWatermark > frozenAt) return grew(source, { topic, partition }, { highWatermark, frozenAt });
  }
  return undefined;
}
