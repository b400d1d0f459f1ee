import { z } from 'zod';
import { pack, unpack } from './packed.js';

/**
 * One offset for each partition of each topic, as it crosses Temporal: a list with an entry `topic:packed` for each topic
 * (`packed.ts`), since a migration may have a thousand topics and a topic may be called `__proto__`. Runs of before had
 * decimal strings by topic, `{ "orders": ["120", "98"] }`, which is read too.
 *
 * Offsets of the source and of the target look alike and mean nothing to each other, so each table belongs to a side.
 */
export type OffsetTable<S extends Side = Side> = (
  readonly string[] | Readonly<Record<string, readonly (string | null)[]>>
) & { readonly [ofSide]?: S };

export type Side = 'source' | 'target';

declare const ofSide: unique symbol;

/** By topic name on the source. */
export type SourceOffsets = OffsetTable<'source'>;
/** By topic name on the target. */
export type TargetOffsets = OffsetTable<'target'>;

/** Offsets by partition; a partition that is not known is a hole. */
type Offsets = readonly (bigint | undefined)[];

/** Of a carry or a note, which comes from outside. */
export const offsetTableShape = () =>
  z.custom<OffsetTable>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((one) =>
        Array.isArray(value)
          ? typeof one === 'string' && /^[\w.-]+:[\w-]*$/.test(one)
          : Array.isArray(one) && one.every((offset) => offset === null || typeof offset === 'string'),
      ),
  );

/** Of two rows for one partition the later one holds. */
export function offsetTable<S extends Side>(
  rows: Iterable<{ topic: string; partition: number; offset: bigint }>,
): OffsetTable<S> {
  const topics = new Map<string, (bigint | undefined)[]>();
  for (const { topic, partition, offset } of rows) {
    const offsets = topics.get(topic) ?? [];
    offsets[partition] = offset;
    topics.set(topic, offsets);
  }
  return [...topics].map(([topic, offsets]) => `${topic}:${pack(offsets)}`);
}

export function offsetAt(table: OffsetTable, topic: string, partition: number): bigint | undefined {
  return read(table).get(topic)?.[partition];
}

export function partitionsOf(table: OffsetTable): { topic: string; partition: number; offset: bigint }[] {
  return [...read(table)].flatMap(([topic, offsets]) =>
    offsets.flatMap((offset, partition) => (offset === undefined ? [] : [{ topic, partition, offset }])),
  );
}

/** How many partitions each topic of the table has. */
export function partitionCounts(table: OffsetTable): Map<string, number> {
  return new Map([...read(table)].map(([topic, offsets]) => [topic, offsets.length]));
}

/** The offsets of all partitions of a topic together. */
export function offsetsIn(table: OffsetTable, topic: string): bigint {
  return (read(table).get(topic) ?? []).reduce<bigint>((sum, offset) => sum + (offset ?? 0n), 0n);
}

export function onlyTopics<S extends Side>(
  table: OffsetTable<S>,
  topics: ReadonlySet<string>,
): OffsetTable<S> {
  return offsetTable(partitionsOf(table).filter(({ topic }) => topics.has(topic)));
}

/** Whether both are written alike; false says nothing. */
export const sameOffsets = (one: OffsetTable, other: OffsetTable): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** For a person, of so many topics at most. */
export function readableOffsets(table: OffsetTable, most = 20): Record<string, (string | null)[]> {
  const topics = [...read(table)];
  return Object.fromEntries<(string | null)[]>([
    ...topics
      .slice(0, most)
      .map(([topic, offsets]): [string, (string | null)[]] => [
        topic,
        Array.from(offsets, (offset) => (offset === undefined ? null : String(offset))),
      ]),
    ...(topics.length > most ? [[`and ${topics.length - most} topics more`, []] as [string, []]] : []),
  ]);
}

/** A table is asked for each of its partitions in turn, and never changes. */
const tables = new WeakMap<OffsetTable, ReadonlyMap<string, Offsets>>();

function read(table: OffsetTable): ReadonlyMap<string, Offsets> {
  const known = tables.get(table);
  if (known) return known;
  const topics = new Map<string, Offsets>(
    isList(table)
      ? table.map((entry) => {
          const end = entry.lastIndexOf(':');
          return [entry.slice(0, end), unpack(entry.slice(end + 1))];
        })
      : Object.entries(table).map(([topic, offsets]) => [
          topic,
          offsets.map((offset) => (offset === null ? undefined : BigInt(offset))),
        ]),
  );
  tables.set(table, topics);
  return topics;
}

const isList = (table: OffsetTable): table is readonly string[] => Array.isArray(table);
