import { sameRecord, type SeenRecord } from './seen-record.js';

/** So many records in a row have to agree until two sequences count as being at the same place again. */
const agreeing = 4;

export interface Window {
  readonly records: readonly SeenRecord[];
  /** Nothing follows them. */
  readonly ended: boolean;
}

/** How many records to leave out on each side until both go on with the same ones. */
export interface Alignment {
  readonly source: number;
  readonly target: number;
}

/**
 * The nearest place where two sequences agree again: the one that leaves out the fewest records, for at most all of both
 * windows. `undefined`: there is none in them.
 */
export function align(source: Window, target: Window): Alignment | undefined {
  const keys = new Map<string, number>();
  const ids = [source, target].map(({ records }) =>
    records.map(({ canonical }) => {
      const key = canonical.toString('latin1');
      const id = keys.get(key) ?? keys.size;
      keys.set(key, id);
      return id;
    }),
  ) as [number[], number[]];
  const [a, b] = ids;
  for (let left = 0; left <= a.length + b.length; left++)
    for (let i = Math.min(left, a.length); i >= Math.max(0, left - b.length); i--)
      if (agree(a, i, source.ended, b, left - i, target.ended)) return { source: i, target: left - i };
  return undefined;
}

function agree(
  a: readonly number[],
  i: number,
  aEnded: boolean,
  b: readonly number[],
  j: number,
  bEnded: boolean,
): boolean {
  for (let run = 0; run < agreeing; run++) {
    const aAtEnd = i + run === a.length;
    const bAtEnd = j + run === b.length;
    if (aAtEnd && bAtEnd) return run > 0 ? true : aEnded && bEnded;
    if (aAtEnd || bAtEnd) return run > 0 && !(aAtEnd ? aEnded : bEnded);
    if (a[i + run] !== b[j + run]) return false;
  }
  return true;
}

/**
 * Whether what two windows begin with may lie elsewhere too: it comes again in one of them, or has no time, by which the same
 * content is told apart far away. That both begin alike then does not show that they are at the same place.
 */
export function mayRepeat(...windows: readonly Window[]): boolean {
  const length = Math.min(agreeing, ...windows.map(({ records }) => records.length));
  return windows.some(({ records }) => {
    const head = records.slice(0, length);
    if (head.some(({ canonical }) => canonical.readBigInt64BE() < 0n)) return true;
    for (let from = 1; from + length <= records.length; from++)
      if (head.every(({ canonical }, at) => canonical.equals(records[from + at]!.canonical))) return true;
    return false;
  });
}

/** Whether two sequences begin alike, as far as both were looked at and for at least one record. */
export function beginAlike(one: readonly SeenRecord[], other: readonly SeenRecord[]): boolean {
  const common = Math.min(one.length, other.length, 16);
  for (let at = 0; at < common; at++) {
    const [a, b] = [one[at], other[at]];
    if (!a || !b || !sameRecord(a, b)) return false;
  }
  return common > 0;
}
