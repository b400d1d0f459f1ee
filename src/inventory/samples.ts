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
import { couldCarryId, schemaIdOf } from '../registry/wire-format.js';
import type { Known } from './known.js';

/** What the newest records of a partition tell. */
export interface Sample {
  /**
   * Those that show whether ids are carried: their value could, or their key does. A record without a value shows nothing of the
   * values of others, whatever is in its key.
   */
  records: number;
  /** Of the newest record; `null`: the partition holds none. */
  newest: Known<number | null>;
  schemaIds: number[];
  /** Ids of producers that were seen to write in a transaction. */
  transactional: string[];
  /** The most producers with an id that were there at once: one that writes again after another was there all the while. */
  writers: number;
}

const empty: Sample = { records: 0, newest: { value: null }, schemaIds: [], transactional: [], writers: 0 };
/** How far before its end a partition is read: markers of transactions take offsets too. */
const lookBack = 10n;
const requestBytes = 32 * 1024 * 1024;
/** Of one partition at first; what does not fit is asked for again with more, up to the largest batch that brokers take. */
const firstBytes = 16 * 1024;
const mostBytes = 4 * 1024 * 1024;
/** Nobody wants a scan to read a cluster. */
const bytesInAll = 512 * 1024 * 1024;
/** In a row without a record that was not there before. */
const idleRounds = 5;

interface Place extends TopicPartition {
  offset: bigint;
  until: bigint;
}

/**
 * Reads the last batches of each partition, many in one request to each broker. A broker may leave partitions out of a full
 * answer, and a late one says nothing: those are asked for again, then they are unknown.
 */
export async function readSamples(
  cluster: Pick<Cluster, 'fetch'>,
  marks: Rows<string, Watermarks>,
  partitions: readonly TopicPartition[],
): Promise<Map<string, Known<Sample>>> {
  const samples = new Map<string, Known<Sample>>();
  let left = partitions.flatMap((partition): Place[] => {
    const key = partitionKey(partition);
    const { value, error } = marks.get(key) ?? {};
    if (!value) {
      samples.set(key, { unknown: error?.message ?? 'its end is not known' });
      return [];
    }
    const { logStart, highWatermark } = value;
    if (highWatermark <= logStart) {
      samples.set(key, { value: empty });
      return [];
    }
    const from = highWatermark - lookBack;
    return [{ ...partition, offset: from > logStart ? from : logStart, until: highWatermark }];
  });
  let bytes = 0;
  let perPartition = firstBytes;
  for (let idle = 0; left.length > 0 && idle < idleRounds; idle++) {
    if (bytes > bytesInAll) {
      for (const place of left)
        if (!samples.has(partitionKey(place)))
          samples.set(partitionKey(place), {
            unknown: 'its newest batches are too large to be read in a scan of the whole cluster',
          });
      break;
    }
    const rows = await cluster.fetch(left, {
      isolation: 'uncommitted',
      maxBytes: requestBytes,
      maxBytesPerPartition: perPartition,
      maxWaitMs: 500,
      once: true,
    });
    left = left.flatMap((place): Place[] => {
      const key = partitionKey(place);
      const { value, error } = rows.get(key) ?? {};
      if (error && error.type !== 'Unreachable') {
        samples.set(key, { unknown: error.message });
        return [];
      }
      if (!value || value.batches.length === 0) {
        if (!samples.has(key))
          samples.set(key, {
            unknown: error?.message ?? 'its broker answered without the records that it has',
          });
        return [place];
      }
      idle = -1;
      bytes += value.batches.length;
      const { sample, next } = sampleOf(value.batches);
      samples.set(key, merged(samples.get(key), sample));
      // Cut off before the end: what is newest is in the last batch.
      const last = place.until - 1n;
      return next !== undefined && next <= last ? [{ ...place, offset: last }] : [];
    });
    perPartition = Math.min(mostBytes, perPartition * 16);
  }
  return samples;
}

/** What was seen before of the same partition is older. */
function merged(before: Known<Sample> | undefined, after: Known<Sample>): Known<Sample> {
  if (!before?.value || !after.value) return after;
  return {
    value: {
      records: before.value.records + after.value.records,
      newest: after.value.newest.unknown === undefined ? after.value.newest : before.value.newest,
      schemaIds: [...new Set([...before.value.schemaIds, ...after.value.schemaIds])],
      transactional: [...new Set([...before.value.transactional, ...after.value.transactional])],
      writers: Math.max(before.value.writers, after.value.writers),
    },
  };
}

/**
 * Each was there from its first batch to its last, in the order of the log: `1 2 1` are two, and `1 2 3` may be one application
 * that was started anew twice.
 */
function mostAtOnce(writers: readonly bigint[]): number {
  const last = new Map(writers.map((id, at) => [id, at]));
  const there = new Set<bigint>();
  let most = 0;
  writers.forEach((id, at) => {
    most = Math.max(most, there.add(id).size);
    if (last.get(id) === at) there.delete(id);
  });
  return most;
}

/** @returns `next`: the offset after what was read. */
function sampleOf(bytes: Buffer): { sample: Known<Sample>; next?: bigint } {
  const ids = new Set<number>();
  const transactional = new Set<string>();
  const writers: bigint[] = [];
  let records = 0;
  let newest: number | undefined;
  let next: bigint | undefined;
  try {
    for (const batch of batchesIn(bytes)) {
      if (batch.kind !== 'batch')
        return { sample: { unknown: 'its records are in a format of before Kafka 0.11' } };
      next = batch.lastOffset + 1n;
      if (batch.transactional) transactional.add(String(batch.producerId));
      if (batch.control) continue;
      if (batch.producerId >= 0n) writers.push(batch.producerId);
      for (const { key, value, timestamp } of recordsIn(batch)) {
        newest = Math.max(newest ?? Number(timestamp), Number(timestamp));
        const carried = [schemaIdOf(key), schemaIdOf(value)].filter((id) => id !== undefined);
        for (const id of carried) ids.add(id);
        if (couldCarryId(value) || carried.length > 0) records++;
      }
    }
  } catch (error) {
    if (!isFerryError(error)) throw error;
    return { sample: { unknown: error.message } };
  }
  return {
    sample: {
      value: {
        records,
        newest:
          newest === undefined
            ? { unknown: `its last ${lookBack} offsets hold no record` }
            : { value: newest },
        schemaIds: [...ids],
        transactional: [...transactional],
        writers: mostAtOnce(writers),
      },
    },
    ...(next !== undefined && { next }),
  };
}
