/**
 * One offset per partition of each topic, as decimal strings (offsets are 64-bit and JSON numbers are not):
 * `{ "orders": ["120", "98"] }` is partition 0 at 120 and partition 1 at 98.
 *
 * Offsets of the source and of the target look alike and mean nothing to each other, so each table belongs to a side.
 */
export type OffsetTable<S extends Side = Side> = Record<string, string[]> & {
  readonly [ofSide]?: S;
};

export type Side = 'source' | 'target';

declare const ofSide: unique symbol;

/** By topic name on the source. */
export type SourceOffsets = OffsetTable<'source'>;
/** By topic name on the target. */
export type TargetOffsets = OffsetTable<'target'>;

export function offsetAt(table: OffsetTable, topic: string, partition: number): bigint | undefined {
  const text = table[topic]?.[partition];
  return text === undefined ? undefined : BigInt(text);
}

export function partitionsOf(table: OffsetTable): { topic: string; partition: number; offset: bigint }[] {
  return Object.entries(table).flatMap(([topic, offsets]) =>
    offsets.map((offset, partition) => ({ topic, partition, offset: BigInt(offset) })),
  );
}
