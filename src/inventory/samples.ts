import {
  partitionKey,
  type Cluster,
  type Rows,
  type TopicPartition,
  type Watermarks,
} from '../kafka/cluster.js';
import { batchesIn } from '../kafka/records/batch.js';
import { recordsIn } from '../kafka/records/records.js';
import { isFerryError } from '../migration/errors.js';
import { schemaIdOf } from '../registry/wire-format.js';
import type { Known } from './inventory.js';

/** What the newest records of a partition tell. */
export interface Sample {
  records: number;
  newest: number | null;
  schemaIds: number[];
  /** Ids of producers that were seen to write in a transaction. */
  transactional: string[];
}

const nothing: Sample = { records: 0, newest: null, schemaIds: [], transactional: [] };
/** How far before its end a partition is read. */
const lookBack = 10n;
const rounds = 5;
const maxBytes = 32 * 1024 * 1024;

/**
 * Reads the last batches of each partition, many in one request to each broker. A broker may leave partitions out of a full
 * answer, and a late one says nothing: those are asked for again a few times, then they are unknown.
 */
export async function readSamples(
  cluster: Cluster,
  marks: Rows<string, Watermarks>,
  partitions: readonly TopicPartition[],
): Promise<Map<string, Known<Sample>>> {
  const samples = new Map<string, Known<Sample>>();
  let left = partitions.flatMap((partition) => {
    const key = partitionKey(partition);
    const { value, error } = marks.get(key) ?? {};
    if (!value) {
      samples.set(key, { unknown: error?.message ?? 'its end is not known' });
      return [];
    }
    const { logStart, highWatermark } = value;
    if (highWatermark <= logStart) {
      samples.set(key, { value: nothing });
      return [];
    }
    const from = highWatermark - lookBack;
    return [{ ...partition, offset: from > logStart ? from : logStart, until: highWatermark }];
  });
  for (let round = 0; round < rounds && left.length > 0; round++) {
    const rows = await cluster.fetch(left, {
      isolation: 'uncommitted',
      maxBytes,
      maxBytesPerPartition: 64 * 1024,
      maxWaitMs: 500,
      once: true,
    });
    left = left.filter((place) => {
      const key = partitionKey(place);
      const { value, error } = rows.get(key) ?? {};
      if (error?.type === 'Unreachable' || (value && value.batches.length === 0)) {
        samples.set(key, {
          unknown: error?.message ?? 'its broker answered without the records that it has',
        });
        return true;
      }
      samples.set(key, value ? sampleOf(value.batches) : { unknown: error?.message ?? 'no broker answered' });
      return false;
    });
  }
  return samples;
}

function sampleOf(bytes: Buffer): Known<Sample> {
  const sample = { ...nothing };
  const ids = new Set<number>();
  const writers = new Set<string>();
  try {
    for (const batch of batchesIn(bytes)) {
      if (batch.kind !== 'batch') return { unknown: 'its records are in a format of before Kafka 0.11' };
      if (batch.transactional) writers.add(String(batch.producerId));
      if (batch.control) continue;
      for (const { key, value, timestamp } of recordsIn(batch)) {
        sample.records++;
        const time = Number(timestamp);
        sample.newest = sample.newest === null ? time : Math.max(sample.newest, time);
        for (const id of [schemaIdOf(key), schemaIdOf(value)]) if (id !== undefined) ids.add(id);
      }
    }
  } catch (error) {
    if (!isFerryError(error)) throw error;
    return { unknown: error.message };
  }
  return { value: { ...sample, schemaIds: [...ids], transactional: [...writers] } };
}
