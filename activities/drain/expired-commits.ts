import { offsetAt, type SourceOffsets } from '../../src/migration/offsets.js';
import type { DrainReading, PartitionReading } from './drain-probe.js';

/**
 * Whether the commits of a group that has left have expired here: what it was seen to have read before, it has read.
 *
 * @param drained up to where every group was seen to have read the source
 */
export function hasExpired(
  { topic, partition, to, committed, verdict: { verdict } }: PartitionReading,
  drained: SourceOffsets = {},
): boolean {
  // A log that has not been read yet is taken for lag.
  return (
    committed === null &&
    (verdict === 'no-commit' || verdict === 'lagging') &&
    (offsetAt(drained, topic, partition) ?? -1n) >= to
  );
}

/** The reading without the partitions whose commits have expired. */
export function withoutExpired(reading: DrainReading, drained?: SourceOffsets): DrainReading {
  return {
    ...reading,
    groups: reading.groups.map(({ group, partitions }) => ({
      group,
      partitions: partitions.filter((one) => !hasExpired(one, drained)),
    })),
  };
}
