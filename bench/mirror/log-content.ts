import { LabError } from '../../lab/lab.js';
import { type Cluster, partitionKey, type TopicPartition } from '../../src/kafka/cluster.js';
import { batchesIn, type RecordBatch } from '../../src/kafka/records/batch.js';
import { fetchStretch } from '../../src/kafka/stretch.js';
import { controlType } from '../../src/kafka/records/records.js';

/** What a consumer that reads committed is given of a topic. */
export interface Content {
  records: number;
  /** Of the batches that hold them, as stored: compressed, with their headers. */
  bytes: number;
  batches: number;
  /** Batches that compaction took records out of. */
  holed: number;
}

const fetchBytes = 8_000_000;

/** Counts by reading every batch's header from the start of the log to its end as it is now. */
export async function contentOf(cluster: Cluster, topic: string, partitions: number): Promise<Content> {
  const content: Content = { records: 0, bytes: 0, batches: 0, holed: 0 };
  for (let partition = 0; partition < partitions; partition++)
    for await (const batch of committedBatches(cluster, { topic, partition })) {
      content.records += batch.count;
      content.bytes += batch.bytes.length;
      content.batches += 1;
      if (!batch.contiguous) content.holed += 1;
    }
  return content;
}

/** The batches that hold committed records, in order, up to the end of the log as it is now. */
export async function* committedBatches(
  cluster: Cluster,
  at: TopicPartition,
): AsyncGenerator<RecordBatch, void, undefined> {
  const key = partitionKey(at);
  const { value: ends, error } = (await cluster.watermarks([at])).get(key) ?? {};
  if (!ends) throw error ?? new LabError(`Partition ${key} was not found.`);
  const markers = new Map<bigint, bigint>();
  const stretch = { ...at, from: ends.logStart, until: ends.lastStable };
  for await (const fetched of fetchStretch(cluster, stretch, {
    isolation: 'committed',
    maxBytes: fetchBytes,
  }))
    for (const batch of batchesIn(fetched.batches, fetched.place)) {
      if (batch.kind === 'legacy') throw new LabError(`Partition ${key} holds records of an old format.`);
      if (batch.control) {
        if (controlType(batch) === 'abort') markers.set(batch.producerId, batch.baseOffset);
        continue;
      }
      const aborted = fetched.aborted.some(
        ({ producerId, firstOffset }) =>
          batch.transactional &&
          producerId === batch.producerId &&
          firstOffset <= batch.lastOffset &&
          firstOffset > (markers.get(producerId) ?? -1n),
      );
      if (batch.count > 0 && !aborted) yield batch;
    }
}
