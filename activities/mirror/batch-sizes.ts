import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import type { Place } from '../kit/sampling.js';
import { sample } from '../kit/sampling.js';
import { readEnds } from '../offsets/offset-reading.js';

/** A batch is looked at where a log begins, in its middle and near its end: sizes change with producers, in the course of time. */
const places = 3;
/** Partitions that are looked at, over all topics. */
const mostPartitions = 32;
const bytesEach = 64 * 1024;

export interface LargestBatch extends TopicPartition {
  /** Of its first record; of its last one where it is of an old format. */
  offset: bigint;
  bytes: number;
}

/**
 * The largest batch of each topic among those sampled. A topic takes no batch larger than its `max.message.bytes`, and what
 * was written before that was lowered may be larger.
 */
export async function largestBatches(
  source: Cluster,
  partitions: readonly TopicPartition[],
): Promise<Map<string, LargestBatch>> {
  const every = Math.max(1, Math.ceil(partitions.length / mostPartitions));
  const ends = await readEnds(
    source,
    partitions.filter((_, index) => index % every === 0),
  );
  const largest = new Map<string, LargestBatch>();
  for (let at = 0; at < places; at++) {
    const asked = ends.flatMap(({ topic, partition, logStart, highWatermark }): Place[] => {
      const offset = logStart + ((highWatermark - logStart) * BigInt(at)) / BigInt(places);
      return logStart < highWatermark && (at === 0 || offset > logStart)
        ? [{ topic, partition, offset, until: highWatermark }]
        : [];
    });
    const { fetched } = await sample(source, asked, {
      maxBytes: bytesEach * asked.length,
      maxBytesPerPartition: bytesEach,
    });
    for (const { topic, partition } of asked) {
      const value = fetched.get(partitionKey({ topic, partition }));
      if (!value) continue;
      for (const batch of batchesIn(value.batches, value.place)) {
        const bytes = batch.bytes.length;
        if (bytes > (largest.get(topic)?.bytes ?? 0))
          largest.set(topic, {
            ...{ topic, partition, bytes },
            offset: batch.kind === 'batch' ? batch.baseOffset : batch.lastOffset,
          });
      }
    }
  }
  return largest;
}
