import type { ParityDifference } from '../migration/work/parity.js';
import type { Alignment, Window } from './alignment.js';
import { describeDifference, describeRecord, type SeenRecord } from './seen-record.js';

type Difference = Omit<ParityDifference, 'topic' | 'partition'>;

/**
 * Says what differs up to the place where both sides agree again, in the order of the source. Without such a place: the
 * first record of each, and that nothing agrees any more.
 */
export function explain(source: Window, target: Window, place: Alignment | undefined): Difference[] {
  if (!place) {
    const [one] = source.records;
    const [other] = target.records;
    const found = one && other ? differ(one, other) : one ? missing(one) : other ? extra(other) : undefined;
    return found ? [{ ...found, what: `${found.what}; from here on nothing agrees any more` }] : [];
  }
  const left = source.records.slice(0, place.source);
  const right = target.records.slice(0, place.target);
  const elsewhere = pairsElsewhere(left, right);
  const moved = new Set(elsewhere.flatMap(({ one, other }) => [one, other]));
  const found: Difference[] = elsewhere.map(({ one, other }) => ({
    source: String(one.offset),
    target: String(other.offset),
    what: `is in another order on the target: ${describeRecord(one)}`,
  }));
  const restLeft = left.filter((record) => !moved.has(record));
  const restRight = right.filter((record) => !moved.has(record));
  const common = Math.min(restLeft.length, restRight.length);
  restLeft.forEach((one, at) => {
    const other = restRight[at];
    found.push(at < common && other ? differ(one, other) : missing(one));
  });
  found.push(...restRight.slice(common).map(extra));
  return found;
}

/** Records that both sides hold, at different places between the ones that agree. */
function pairsElsewhere(
  left: readonly SeenRecord[],
  right: readonly SeenRecord[],
): { one: SeenRecord; other: SeenRecord }[] {
  const places = new Map<string, SeenRecord[]>();
  for (const record of right) {
    const key = record.canonical.toString('latin1');
    places.set(key, [...(places.get(key) ?? []), record]);
  }
  return left.flatMap((one) => {
    const other = places.get(one.canonical.toString('latin1'))?.shift();
    return other ? [{ one, other }] : [];
  });
}

function differ(one: SeenRecord, other: SeenRecord): Difference {
  return {
    source: String(one.offset),
    target: String(other.offset),
    what: describeDifference(one, other),
  };
}

function missing(one: SeenRecord): Difference {
  return { source: String(one.offset), target: null, what: `missing on the target: ${describeRecord(one)}` };
}

function extra(other: SeenRecord): Difference {
  return {
    source: null,
    target: String(other.offset),
    what: `not on the source: ${describeRecord(other)}`,
  };
}
