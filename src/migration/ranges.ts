/** Offsets of one partition from `from` up to, not including, `to`; decimal strings. */
export interface OffsetRange {
  topic: string;
  partition: number;
  from: string;
  to: string;
}

/** A range of which so many records are told; offsets are taken for records where they were not read. */
export interface CountedRange extends OffsetRange {
  records: number;
}

/** By topic, in the order in which topics come first. */
export function byTopic<R extends OffsetRange>(ranges: readonly R[]): { topic: string; ranges: R[] }[] {
  const found = new Map<string, R[]>();
  for (const range of ranges) found.set(range.topic, [...(found.get(range.topic) ?? []), range]);
  return [...found].map(([topic, of]) => ({ topic, ranges: of }));
}

export const recordsIn = (ranges: readonly CountedRange[]): number =>
  ranges.reduce((sum, { records }) => sum + records, 0);

const shown = 5;

/** For example `orders/3 offsets 120 to 128 (9 records)`; of many the first few and how many more. */
export function sayRanges(ranges: readonly CountedRange[]): string {
  const said = ranges.slice(0, shown).map(sayRange);
  const left = ranges.slice(shown);
  if (left.length > 0) said.push(`${left.length} more partitions (${sayRecords(recordsIn(left))})`);
  return said.length < 2 ? said.join('') : `${said.slice(0, -1).join(', ')} and ${said.at(-1)}`;
}

function sayRange({ topic, partition, from, to, records }: CountedRange): string {
  const last = BigInt(to) - 1n;
  const offsets = last <= BigInt(from) ? `offset ${from}` : `offsets ${from} to ${last}`;
  return `${topic}/${partition} ${offsets} (${sayRecords(records)})`;
}

/** `1 record`, `1,234 records`. */
export const sayRecords = (records: number | bigint): string =>
  Number(records) === 1 ? '1 record' : `${records.toLocaleString('en-US')} records`;
