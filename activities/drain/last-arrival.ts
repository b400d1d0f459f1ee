import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { isFerryError } from '../../src/migration/errors.js';

/** Enough for a batch of ordinary size; a broker sends a larger one whole all the same. */
const oneBatchBytes = 64 * 1024;

/**
 * When the newest batch of a partition was written: its timestamp, which producers set unless the topic says otherwise.
 * `null` where the log cannot tell (compacted away, written without timestamps, not readable, not given).
 */
export async function newestTimestamp(
  cluster: Cluster,
  partition: TopicPartition,
  highWatermark: bigint,
): Promise<Date | null> {
  if (highWatermark <= 0n) return null;
  try {
    const rows = await cluster.fetch([{ ...partition, offset: highWatermark - 1n }], {
      isolation: 'uncommitted',
      maxBytes: oneBatchBytes,
      maxWaitMs: 0,
    });
    const fetched = rows.get(partitionKey(partition))?.value;
    if (!fetched) return null;
    let newest = -1n;
    for (const batch of batchesIn(fetched.batches, fetched.place))
      if (batch.kind === 'batch') newest = batch.maxTimestamp;
    const date = new Date(Number(newest));
    return newest > 0n && !Number.isNaN(date.getTime()) ? date : null;
  } catch (error) {
    // The sentence this serves is worth more than its time of day.
    if (isFerryError(error)) return null;
    throw error;
  }
}

/** For example `orders/3 at offset 1041, written at 2026-03-01T09:14:02.113Z`. */
export async function describeArrival(
  cluster: Cluster,
  partition: TopicPartition,
  highWatermark: bigint,
  seenAt = new Date(),
): Promise<string> {
  const written = await newestTimestamp(cluster, partition, highWatermark);
  const time = written ? `written at ${written.toISOString()}` : `seen at ${seenAt.toISOString()}`;
  return `${partitionKey(partition)} at offset ${highWatermark - 1n}, ${time}`;
}
