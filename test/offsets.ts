import {
  offsetAt,
  offsetTable,
  partitionCounts,
  partitionsOf,
  type OffsetTable,
  type Side,
} from '../src/migration/offsets.js';

/** A table as a person reads it: offsets in decimal by topic, in the order of its partitions. */
export function readable(table: OffsetTable): Record<string, (string | undefined)[]> {
  return Object.fromEntries(
    [...partitionCounts(table)].map(([topic, count]) => [
      topic,
      Array.from({ length: count }, (_, partition) => offsetAt(table, topic, partition)?.toString()),
    ]),
  );
}

/** The same table as activities answer it. */
export function table<S extends Side>(offsets: Record<string, string[]>): OffsetTable<S> {
  return offsetTable(partitionsOf(offsets));
}
