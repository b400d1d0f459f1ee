import { LabError } from '../../lab/lab.js';
import { type Cluster, partitionKey, type TopicPartition } from '../../src/kafka/cluster.js';
import { recordOffsets } from '../../src/kafka/records/records.js';
import { committedBatches } from '../mirror/log-content.js';
import type { Offsets } from './committed.js';

/** The offsets of the records that a consumer is given, ascending, by `partitionKey`. */
export type RecordOffsets = ReadonlyMap<string, readonly number[]>;

/** Reads the logs to their ends: knows nothing of how anybody maps offsets. */
export async function recordOffsetsOf(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<RecordOffsets> {
  const logs = new Map<string, number[]>();
  for (const at of partitions) {
    const offsets: number[] = [];
    for await (const batch of committedBatches(cluster, at))
      for (const offset of recordOffsets(batch)) offsets.push(Number(offset));
    logs.set(partitionKey(at), offsets);
  }
  return logs;
}

export interface Score {
  groupPartitions: number;
  /** What lies at or after the translated offset is what lies at or after the commit. */
  exact: number;
  /** Translated to an earlier record, which the group would be given again. */
  behind: number;
  /** Records that the one that is furthest behind would be given again. */
  maxBehind: number;
  /** Translated to a later record: what lies between would be lost. */
  ahead: number;
  /** Nothing committed on the target: the group starts wherever `auto.offset.reset` says. */
  untranslated: number;
}

/**
 * Compares commits on the source with their translations, by the records that lie before each on its own side.
 * @param copyOf the partition's copy on the target.
 * @throws LabError when a copy has not as many records as its source: nothing could be said.
 */
export function judge(
  commits: Offsets,
  translations: Offsets,
  source: RecordOffsets,
  target: RecordOffsets,
  copyOf: (partition: string) => string,
): Score {
  const score = { groupPartitions: 0, exact: 0, behind: 0, maxBehind: 0, ahead: 0, untranslated: 0 };
  for (const [group, offsets] of commits)
    for (const [partition, committed] of offsets) {
      const log = source.get(partition) ?? [];
      const copy = target.get(copyOf(partition)) ?? [];
      if (log.length !== copy.length)
        throw new LabError(
          `${copyOf(partition)} has ${copy.length} records, and ${partition} has ${log.length}.`,
        );
      score.groupPartitions += 1;
      const translated = translations.get(group)?.get(copyOf(partition));
      if (translated === undefined) {
        score.untranslated += 1;
        continue;
      }
      const behind = recordsBefore(log, committed) - recordsBefore(copy, translated);
      if (behind === 0) score.exact += 1;
      else if (behind > 0) score.behind += 1;
      else score.ahead += 1;
      score.maxBehind = Math.max(score.maxBehind, behind);
    }
  return score;
}

function recordsBefore(offsets: readonly number[], offset: bigint): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (BigInt(offsets[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
