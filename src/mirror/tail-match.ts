import type { LogRecord } from './log-reader.js';

/** What is known of the two logs before they are compared. */
export interface TailRules {
  /**
   * The source may lack records that were written to the target: compaction takes them at any time, and retention may have
   * passed the position.
   */
  readonly sourceLosesRecords: boolean;
  /** Offsets of the target, `[first, end)`, that earlier attempts have written. */
  readonly first: number;
  readonly end: number;
  /** How many of those may hold markers at most: as many as attempts have been since the stored position. */
  readonly attempts: number;
  /** Offsets of the markers that are there; complete below any record that the target has given. */
  readonly markers: ReadonlySet<number>;
}

/** What was found: pairs of source and target offset in order, and the source offset to go on at if that is known. */
export interface TailMatch {
  readonly pairs: readonly { source: number; target: number }[];
  /** One more than the last source record that is on the target; `undefined` when none is. */
  readonly sourceNext: number | undefined;
  /** The target holds what the source cannot explain, first here. */
  readonly stranger?: number;
  /** How many records of the target have no counterpart on the source any more. */
  readonly orphans: number;
  /** The target has lost what would show how far earlier attempts came, from this offset on. */
  readonly unproved?: number;
}

/**
 * Finds the records that earlier attempts wrote behind the last checkpoint: which record of the source is which on the
 * target. Both logs are read in order from there. Earlier attempts wrote every record of the source once and in order, so
 * the target's records are the source's, but for what either side has lost since:
 *
 * - an offset that is missing on the target was a record of the source, or the marker of an attempt;
 * - a record that is missing on the source leaves one on the target that does not equal the next of the source.
 *
 * Anything else was written by somebody else.
 *
 * @param source records at or after the stored position; read only as far as needed
 * @param target records in `[first, end)`
 */
export async function matchTail(
  source: AsyncIterator<LogRecord>,
  target: AsyncIterable<LogRecord>,
  { sourceLosesRecords, first, end, attempts, markers }: TailRules,
): Promise<TailMatch> {
  const ahead = new Lookahead(source);
  const pairs: { source: number; target: number }[] = [];
  let orphans = 0;
  let expected = first;
  const missingBelow = (offset: number) =>
    offset - expected - [...markers].filter((marker) => marker >= expected && marker < offset).length;
  let sourceNext: number | undefined;
  for await (const record of target) {
    const at = Number(record.offset);
    const missing = missingBelow(at);
    const unseen = Math.max(0, attempts - markers.size);
    const least = sourceLosesRecords ? 0 : Math.max(0, missing - unseen);
    expected = at + 1;
    let found: number | undefined;
    for (let skip = missing; skip >= least && found === undefined; skip--) {
      const candidate = await ahead.peek(skip);
      if (candidate && sameRecord(candidate, record)) found = skip;
    }
    if (found === undefined) {
      if (!sourceLosesRecords) return { pairs, sourceNext, stranger: at, orphans };
      orphans++;
      continue;
    }
    const match = await ahead.take(found);
    sourceNext = Number(match.offset) + 1;
    pairs.push({ source: sourceNext - 1, target: at });
  }
  // No record behind these shows how many of what is missing there were records of the source.
  if (missingBelow(end) > 0) return { pairs, sourceNext, orphans, unproved: expected };
  return { pairs, sourceNext, orphans };
}

/** Key, value, headers in their order, and time, unless the target's broker set that. */
export function sameRecord(a: LogRecord, b: LogRecord): boolean {
  return (
    (b.stamped === 'append' || a.timestamp === b.timestamp) &&
    sameBytes(a.key, b.key) &&
    sameBytes(a.value, b.value) &&
    a.headers.length === b.headers.length &&
    a.headers.every(
      (header, i) => sameBytes(header.key, b.headers[i]!.key) && sameBytes(header.value, b.headers[i]!.value),
    )
  );
}

function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

class Lookahead {
  private readonly read: LogRecord[] = [];

  constructor(private readonly records: AsyncIterator<LogRecord>) {}

  async peek(ahead: number): Promise<LogRecord | undefined> {
    while (this.read.length <= ahead) {
      const next = await this.records.next();
      if (next.done) return undefined;
      this.read.push(next.value);
    }
    return this.read[ahead];
  }

  /** The record that many ahead; those before it are passed over. */
  async take(ahead: number): Promise<LogRecord> {
    const record = await this.peek(ahead);
    this.read.splice(0, ahead + 1);
    return record!;
  }
}
