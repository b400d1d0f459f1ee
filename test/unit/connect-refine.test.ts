import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { refine, type Boundary, type Refinement, type SeenRange } from '../../src/connect/refine.js';

interface Content {
  key: string;
  value: string;
}

/** One side: where each record was written (by its place in the sequence), and what is still there. */
interface Log {
  offsets: bigint[];
  /** By place: still there. */
  kept: boolean[];
  end: bigint;
  /** Whether compaction has been here: it takes markers along. */
  compacted: boolean;
}

/** Few keys and values: many records are the same, and follow each other. */
const content = fc.record({ key: fc.constantFrom('a', 'b', ''), value: fc.constantFrom('x', 'x', 'y') });

/**
 * Writes records with transaction markers between them; then compaction leaves the last few of each key (none of what
 * has no key), and retention takes the beginning.
 */
function written(
  records: readonly Content[],
  markers: readonly number[],
  lastOfKey: number,
  expired: number,
): Log {
  let end = 0n;
  const offsets = records.map((_, place) => {
    end += BigInt(markers[place % markers.length] ?? 0) + 1n;
    return end - 1n;
  });
  end += BigInt(markers[records.length % markers.length] ?? 0);
  const kept = records.map(({ key }, place) => {
    const later = records.slice(place + 1).filter((other) => other.key === key).length;
    return (key === '' || later < lastOfKey) && (offsets[place] ?? 0n) >= BigInt(expired);
  });
  return { offsets, kept, end, compacted: kept.includes(false) };
}

function seen(log: Log, records: readonly Content[], from: bigint, to: bigint): SeenRange {
  const found = records.flatMap(({ key, value }, place) => {
    const offset = log.offsets[place] ?? 0n;
    return log.kept[place] && offset >= from && offset < to
      ? [{ offset, key, digest: `${key}=${value}`, timestamp: 1n }]
      : [];
  });
  const there = new Set(found.map(({ offset }) => offset));
  const recordsWere = new Set(log.offsets);
  const holes = [];
  for (let at = from; at < to; at++)
    if (!there.has(at) && (log.compacted || recordsWere.has(at))) holes.push({ from: at, to: at + 1n });
  return { from, to, records: found, holes };
}

const neverCompacted = 99;
const mirror = (loses: boolean) =>
  fc.record({
    records: fc.array(content, { minLength: 1, maxLength: 14 }),
    copied: fc.nat(14),
    markers: fc.tuple(
      fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
    ),
    lastOfKey: loses
      ? fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
      : fc.constant([neverCompacted, neverCompacted] as const),
    expired: loses ? fc.tuple(fc.nat(4), fc.nat(4)) : fc.constant([0, 0] as const),
    lower: fc.nat(14),
    upper: fc.nat(14),
    committed: fc.nat(45),
    exactlyOnce: fc.boolean(),
  });
type Mirror = ReturnType<typeof mirror> extends fc.Arbitrary<infer M> ? M : never;

interface Asked {
  answer: Refinement;
  /** Retention has been on the target. */
  expired: boolean;
  /** Target offsets of the copies that are there: of records before the position, and of the others. */
  before: bigint[];
  after: bigint[];
  copiedAll: boolean;
  hasUpper: boolean;
}

function ask(one: Mirror): Asked {
  const copies = one.records.slice(0, Math.min(one.records.length, Math.max(1, one.copied)));
  const source = written(one.records, one.markers[0], one.lastOfKey[0], one.expired[0]);
  const target = written(copies, one.markers[1], one.lastOfKey[1], one.expired[1]);
  const boundary = (place: number): Boundary => ({
    source: source.offsets[place] ?? 0n,
    target: target.offsets[place] ?? 0n,
  });
  const lower = boundary(one.lower % copies.length);
  const span = source.end - lower.source + 1n;
  const committed = lower.source + (BigInt(one.committed) % span);
  const candidate = boundary(one.upper % copies.length);
  const upper = candidate.source >= committed ? candidate : undefined;
  const targetStart = BigInt(one.expired[1]) < target.end ? BigInt(one.expired[1]) : target.end;
  const answer = refine({
    committed,
    lower,
    upper,
    source: seen(source, one.records, lower.source, upper?.source ?? source.end),
    target: seen(target, copies, lower.target, upper?.target ?? target.end),
    targetStart,
    exactlyOnce: one.exactlyOnce,
  });
  const sides = { before: [] as bigint[], after: [] as bigint[] };
  copies.forEach((_, place) => {
    if (!target.kept[place]) return;
    const side = (source.offsets[place] ?? 0n) < committed ? 'before' : 'after';
    sides[side].push(target.offsets[place] ?? 0n);
  });
  const needed = one.records.filter((_, place) => (source.offsets[place] ?? 0n) < committed).length;
  return {
    answer,
    expired: targetStart > 0n,
    ...sides,
    copiedAll: needed <= copies.length,
    hasUpper: upper !== undefined,
  };
}

describe('the position of a group on the target', () => {
  it('claims no more than is true, whatever either side has lost', () => {
    fc.assert(
      fc.property(fc.oneof(mirror(true), mirror(false)), (one) => {
        const { answer, before, after, expired } = ask(one);
        if (answer.certainty === 'unknown') {
          // It gives up only where the target itself has lost records.
          if (!answer.behind) expect(expired).toBe(true);
          return;
        }
        // Nothing is left out ...
        expect(after.filter((offset) => offset < answer.target)).toEqual([]);
        // ... and what is exact brings nothing again.
        if (answer.certainty === 'exact')
          expect(before.filter((offset) => offset >= answer.target)).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is exact wherever nothing was lost and the mirror has come so far', () => {
    fc.assert(
      fc.property(mirror(false), (one) => {
        const { answer, copiedAll } = ask({ ...one, exactlyOnce: true });
        expect(answer.certainty).toBe(copiedAll ? 'exact' : 'unknown');
        if (answer.certainty === 'unknown') expect(answer.behind).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is exact on compacted topics where both sides have kept the same, up to a known pair of offsets', () => {
    fc.assert(
      fc.property(mirror(true), (one) => {
        const same = one.lastOfKey[0];
        const { answer, hasUpper } = ask({
          ...one,
          // Copied whole, so that both sides have had the same to compact.
          copied: one.records.length,
          lastOfKey: [same, same],
          expired: [0, 0],
          exactlyOnce: true,
        });
        fc.pre(hasUpper);
        expect(answer.certainty).toBe('exact');
      }),
      { numRuns: 5_000 },
    );
  });
});

const records = (...digests: string[]) =>
  digests.map((digest, at) => ({ offset: BigInt(at), key: digest, digest, timestamp: 1n }));
const whole = (...digests: string[]): SeenRange => ({
  from: 0n,
  to: BigInt(digests.length),
  records: records(...digests),
  holes: [],
});
const start = { source: 0n, target: 0n };

describe('what the comparison notices', () => {
  it('a target whose retention has taken what the group has yet to process', () => {
    const lost = {
      from: 0n,
      to: 3n,
      records: records('a', 'b', 'c').slice(2),
      holes: [{ from: 0n, to: 2n }],
    };
    const question = { lower: start, source: whole('a', 'b', 'c'), targetStart: 2n, exactlyOnce: true };
    expect(refine({ ...question, committed: 1n, target: lost })).toMatchObject({
      certainty: 'unknown',
      behind: false,
    });
    expect(refine({ ...question, committed: 2n, target: lost })).toMatchObject({ target: 2n });
  });

  it('a known pair of offsets whose records are not the same', () => {
    const answer = refine({
      committed: 2n,
      lower: start,
      targetStart: 0n,
      source: whole('a', 'b', 'c'),
      target: whole('x', 'b', 'c'),
      exactlyOnce: true,
    });
    expect(answer).toMatchObject({ certainty: 'unknown', behind: false });
  });

  it('a record of somebody else among the copies: it begins there again, and leaves nothing out', () => {
    const answer = refine({
      committed: 3n,
      lower: start,
      targetStart: 0n,
      source: whole('a', 'b', 'c', 'd'),
      target: whole('a', 'other', 'b', 'c', 'd'),
      exactlyOnce: true,
    });
    expect(answer).toMatchObject({ certainty: 'at-least-once', target: 1n });
  });

  it('records copied twice by a mirror that is not exactly-once', () => {
    const question = {
      committed: 2n,
      lower: start,
      targetStart: 0n,
      source: whole('a', 'b', 'c', 'd'),
      exactlyOnce: false,
    };
    expect(refine({ ...question, target: whole('a', 'b', 'a', 'b', 'c', 'd') })).toMatchObject({
      certainty: 'at-least-once',
      target: 2n,
    });
    expect(refine({ ...question, target: whole('a', 'b', 'c', 'd') })).toMatchObject({
      certainty: 'exact',
      target: 2n,
    });
    // All the same: nothing tells whether one of them came twice.
    expect(refine({ ...question, source: whole('a', 'a', 'a'), target: whole('a', 'a', 'a') })).toMatchObject(
      { certainty: 'at-least-once', target: 2n },
    );
  });

  it('times are not compared where the target puts in its own', () => {
    const stamped = whole('a', 'b');
    const answer = refine({
      committed: 1n,
      lower: start,
      targetStart: 0n,
      source: whole('a', 'b'),
      target: { ...stamped, records: stamped.records.map((record) => ({ ...record, timestamp: null })) },
      exactlyOnce: true,
    });
    expect(answer).toMatchObject({ certainty: 'exact', target: 1n });
    const moved = whole('a', 'b');
    expect(
      refine({
        committed: 1n,
        lower: start,
        targetStart: 0n,
        source: whole('a', 'b'),
        target: { ...moved, records: moved.records.map((record) => ({ ...record, timestamp: 2n })) },
        exactlyOnce: true,
      }),
    ).toMatchObject({ certainty: 'unknown' });
  });

  it('a position that was not read up to', () => {
    const answer = refine({
      committed: 9n,
      lower: { source: 0n, target: 5n },
      targetStart: 0n,
      source: whole('a', 'b'),
      target: { from: 5n, to: 7n, records: [], holes: [] },
      exactlyOnce: true,
    });
    expect(answer).toMatchObject({ certainty: 'at-least-once', target: 5n });
  });
});
