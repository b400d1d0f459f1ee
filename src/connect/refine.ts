/**
 * The exact position of a consumer group on the target of a mirror, from what is around its position on both sides.
 *
 * MirrorMaker keeps the order within a partition and writes down, now and then, that it copied the record at one source
 * offset to one target offset. Each such pair is a boundary: what lies at or after it on one side is what lies at or after
 * it on the other. From a boundary on, records are counted and compared; gaps where something may have been are told
 * from those of transactions, so that counting is only trusted where nothing can be missing.
 */

/** Copies of records at or after `source` are at or after `target`, and no others are. */
export interface Boundary {
  source: bigint;
  target: bigint;
}

/** What the comparison knows of a record: no content leaves the place where it was read. */
export interface SeenRecord {
  offset: bigint;
  /** Hash of the key. */
  key: string;
  /** Hash of key, value and headers in their order. */
  digest: string;
  /** `null` where the topic puts its own in (`LogAppendTime` on the target). */
  timestamp: bigint | null;
}

/** A stretch of one partition as a `read_committed` consumer sees it, `to` not included. */
export interface SeenRange {
  from: bigint;
  to: bigint;
  records: readonly SeenRecord[];
  /** Offsets that nothing holds any more, by ranges: a record may have been there, and compaction or retention took it. */
  holes: readonly { from: bigint; to: bigint }[];
}

export interface RefineQuestion {
  /** The position of the group: the first source offset that it has not processed. */
  committed: bigint;
  /** A boundary at or below `committed`; both ranges begin there. */
  lower: Boundary;
  /** A boundary at or above `committed`, where both ranges end; without it they end anywhere. */
  upper?: Boundary | undefined;
  source: SeenRange;
  target: SeenRange;
  /** Where the log of the target begins now: a group cannot be given what lies before. */
  targetStart: bigint;
  /** Whether the mirror cannot have copied a record twice. */
  exactlyOnce: boolean;
}

export type Refinement =
  | {
      /** `at-least-once`: no record is left out; some that were processed may come again. */
      certainty: 'exact' | 'at-least-once';
      target: bigint;
      reason: string;
      /** As many records from the position on as were asked about lie one after another on both sides. */
      together?: boolean;
    }
  | {
      certainty: 'unknown';
      /** The mirror has not copied so far yet: asked again later it may be known. */
      behind: boolean;
      reason: string;
    };

/**
 * By counting and comparing where nothing can be missing, else by pairing records key by key. Pure: the same question has
 * the same answer, and the answer claims no more than what the ranges prove.
 */
export function refine(question: RefineQuestion): Refinement {
  const answer = compared(question);
  return answer.certainty === 'unknown' ? answer : withinTheLog(question, answer);
}

function compared(question: RefineQuestion): Refinement {
  if (question.source.to < question.committed)
    return {
      certainty: 'at-least-once',
      target: question.lower.target,
      reason: 'the position is too far from the last known pair of offsets to be compared',
    };
  const counted = byCounting(question);
  if (counted.certainty === 'exact' || (counted.certainty === 'unknown' && counted.behind)) return counted;
  const aligned = question.upper && byAlignment(question, question.upper);
  if (aligned?.certainty === 'exact') return aligned;
  if (aligned && aligned.certainty === 'at-least-once' && counted.certainty === 'at-least-once')
    return aligned.target >= counted.target ? aligned : counted;
  return aligned ?? counted;
}

/**
 * Counts the records from the lower boundary to the position on the source, and as many on the target. Proven where no
 * record can be missing on either side, and every pair is equal.
 */
function byCounting({ committed, lower, source, target, exactlyOnce }: RefineQuestion): Refinement {
  const before = source.records.filter(({ offset }) => offset < committed);
  const after = source.records.filter(({ offset }) => offset >= committed);
  const count = before.length;
  const fallback = (reason: string): Refinement => ({
    certainty: 'at-least-once',
    target: safeSlot(count, lower, target),
    reason,
  });
  if (someHole(source.holes, lower.source, committed))
    return fallback('records between the last known pair of offsets and the position are gone on the source');
  const copies = target.records.slice(0, count);
  const last = copies.at(-1);
  if (last && someHole(target.holes, lower.target, last.offset))
    return fallback('records between the last known pair of offsets and the position are gone on the target');
  if (copies.length < count) {
    if (someHole(target.holes, lower.target, target.to))
      return fallback(
        'records between the last known pair of offsets and the position are gone on the target',
      );
    return {
      certainty: 'unknown',
      behind: true,
      reason: `the mirror has copied ${copies.length} of ${count} records before the position`,
    };
  }
  const odd = copies.findIndex((copy, index) => !isCopy(before[index], copy));
  if (odd === 0 && before[0]?.offset === lower.source && copies[0]?.offset === lower.target)
    return contradicted(before[0], copies[0]);
  if (odd !== -1)
    return {
      certainty: 'at-least-once',
      // What was equal until there was copied in order; whatever the odd one is, nothing that comes later is before it.
      target: exactlyOnce ? (copies[odd]?.offset ?? lower.target) : lower.target,
      reason: `the record at offset ${copies[odd]?.offset} of the target is not the one at offset ${before[odd]?.offset} of the source`,
    };
  const position = last ? last.offset + 1n : lower.target;
  const following = target.records.slice(count, count + contextRecords);
  const context = after.flatMap((original, index) => {
    const copy = following[index];
    return copy === undefined ||
      someHole(source.holes, committed, original.offset) ||
      someHole(target.holes, position, copy.offset)
      ? []
      : [{ original, copy }];
  });
  const agrees = context.every(({ original, copy }) => isCopy(original, copy));
  const [pair] = context;
  if (count === 0 && pair && !isCopy(pair.original, pair.copy)) return contradicted(pair.original, pair.copy);
  if (!exactlyOnce && !(agrees && allDiffer([...before, ...context.map(({ original }) => original)])))
    return {
      certainty: 'at-least-once',
      target: position,
      reason: 'the mirror may have copied records twice, and those around the position do not rule it out',
    };
  return {
    certainty: 'exact',
    target: position,
    reason:
      count === 0
        ? 'the position is itself one of a known pair of offsets'
        : `${count} records from a known pair of offsets on are the same on both sides`,
  };
}

/**
 * A position before the beginning of the target's log is none: the group begins where the log does, unless what it has
 * not processed was there and is gone.
 */
function withinTheLog(
  { committed, source, target, targetStart }: RefineQuestion,
  answer: Exclude<Refinement, { certainty: 'unknown' }>,
): Refinement {
  if (answer.target >= targetStart) return answer;
  const next = source.records.find(({ offset }) => offset >= committed);
  if (!next || target.records.some((copy) => copy.offset >= targetStart && isCopy(next, copy)))
    return { ...answer, target: targetStart };
  return {
    certainty: 'unknown',
    behind: false,
    reason: `the target begins at offset ${targetStart}, and copies that the group has yet to process were before that`,
  };
}

function contradicted(original: SeenRecord, copy: SeenRecord): Refinement {
  return {
    certainty: 'unknown',
    behind: false,
    reason: `the record at offset ${copy.offset} of the target should be the copy of the one at offset ${original.offset} of the source, and is not`,
  };
}

/** How many records after the position are compared where they are there. */
export const contextRecords = 16;

/**
 * The offset that at most `count` records on the target can lie before, whatever the holes held: the first copy that
 * is not before the position cannot be earlier.
 */
function safeSlot(count: number, lower: Boundary, { records, holes, to }: SeenRange): bigint {
  let left = BigInt(count);
  let at = lower.target;
  const taken = [
    ...records.map(({ offset }) => ({ from: offset, to: offset + 1n })),
    ...holes.filter((hole) => hole.to > lower.target),
  ].sort((a, b) => (a.from < b.from ? -1 : 1));
  for (const slot of taken) {
    if (left <= 0n) break;
    const from = slot.from > lower.target ? slot.from : lower.target;
    const size = slot.to - from;
    const used = size < left ? size : left;
    at = from + used;
    left -= used;
  }
  return at < to ? at : to;
}

/**
 * Pairs records from an upper boundary down, key by key. Retention and compaction take the older records of a key before
 * the newer ones, so of each key both sides hold the last few of the same sequence: the last on one side is the last on
 * the other, and so on down. This holds however much each side has lost.
 */
function byAlignment(
  { committed, lower, source, target, exactlyOnce }: RefineQuestion,
  upper: Boundary,
): Refinement {
  const unread: Refinement = {
    certainty: 'unknown',
    behind: false,
    reason: 'the logs could not be read up to a known pair of offsets after the position',
  };
  if (source.to < upper.source || target.to < upper.target) return unread;
  const originals = byKey(source.records.filter(({ offset }) => offset < upper.source));
  const copies = target.records.filter(({ offset }) => offset < upper.target);
  const left = new Map([...byKey(copies)].map(([key, { length }]) => [key, length]));
  let notBefore = lower.target;
  let doubtful = 0;
  for (const copy of copies) {
    const remaining = left.get(copy.key) ?? 0;
    left.set(copy.key, remaining - 1);
    const list = originals.get(copy.key) ?? [];
    const original = list[list.length - remaining];
    if (original && !isCopy(original, copy))
      return {
        certainty: 'at-least-once',
        target: notBefore,
        reason: `the record at offset ${copy.offset} of the target is not the one at offset ${original.offset} of the source`,
      };
    const side = sideOf(original, list[0], committed);
    if (side === 'before') {
      notBefore = copy.offset + 1n;
      // Order is kept, so whatever was in doubt up to here comes before the position too.
      doubtful = 0;
    } else if (side === 'after') break;
    else doubtful++;
  }
  if (doubtful === 0)
    return {
      certainty: exactlyOnce ? 'exact' : 'at-least-once',
      target: notBefore,
      reason:
        'each record around the position was found on the other side, counted from a known pair of offsets',
    };
  return {
    certainty: 'at-least-once',
    target: notBefore,
    reason: `${doubtful} records around the position are on the target only: the source no longer has them`,
  };
}

/** Where the original of a copy was: as found, or older than the oldest of its key that is left. */
function sideOf(
  original: SeenRecord | undefined,
  oldest: SeenRecord | undefined,
  committed: bigint,
): 'before' | 'after' | 'unknown' {
  if (original) return original.offset < committed ? 'before' : 'after';
  return oldest !== undefined && oldest.offset <= committed ? 'before' : 'unknown';
}

function byKey(records: readonly SeenRecord[]): Map<string, SeenRecord[]> {
  const keys = new Map<string, SeenRecord[]>();
  for (const record of records) {
    const list = keys.get(record.key);
    if (list) list.push(record);
    else keys.set(record.key, [record]);
  }
  return keys;
}

export function isCopy(original: SeenRecord | undefined, copy: SeenRecord): boolean {
  return (
    original !== undefined &&
    original.digest === copy.digest &&
    (original.timestamp === null || copy.timestamp === null || original.timestamp === copy.timestamp)
  );
}

function allDiffer(records: readonly SeenRecord[]): boolean {
  return new Set(records.map(({ digest, timestamp }) => `${digest} ${timestamp}`)).size === records.length;
}

function someHole(holes: SeenRange['holes'], from: bigint, to: bigint): boolean {
  return holes.some((hole) => hole.from < to && hole.to > from);
}
