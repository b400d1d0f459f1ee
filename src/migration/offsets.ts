/**
 * One offset per partition of each topic, as decimal strings (offsets are 64-bit and JSON numbers are not):
 * `{ "orders": ["120", "98"] }` is partition 0 at 120 and partition 1 at 98.
 */
export type OffsetTable = Record<string, string[]>;

export function offsetAt(table: OffsetTable, topic: string, partition: number): bigint | undefined {
  const text = table[topic]?.[partition];
  return text === undefined ? undefined : BigInt(text);
}

export function partitionsOf(table: OffsetTable): { topic: string; partition: number; offset: bigint }[] {
  return Object.entries(table).flatMap(([topic, offsets]) =>
    offsets.map((offset, partition) => ({ topic, partition, offset: BigInt(offset) })),
  );
}
