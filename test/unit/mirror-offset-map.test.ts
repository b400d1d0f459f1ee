import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  chunkKey,
  decodeChunk,
  encodeChunk,
  parseChunkKey,
  type MapChunk,
} from '../../src/mirror/map-codec.js';
import { OffsetMap, type Run } from '../../src/mirror/offset-map.js';

/** A source log, offset by offset, and what lies between two mirrored records on the target. */
const log = fc.array(
  fc.record({
    kind: fc.constantFrom('record', 'record', 'record', 'marker', 'aborted', 'compacted'),
    /** Markers of attempts that come right before it on the target. */
    seals: fc.constantFrom(0, 0, 0, 0, 1, 2),
  }),
  { maxLength: 60 },
);

interface Mirrored {
  map: OffsetMap;
  pairs: { source: number; target: number }[];
}

function mirror(entries: { kind: string; seals: number }[], from: number, target: number): Mirrored {
  const map = new OffsetMap(from, target);
  const pairs: { source: number; target: number }[] = [];
  let next = target;
  entries.forEach(({ kind, seals }, i) => {
    next += seals;
    map.advance(from + i, next);
    if (kind === 'record') {
      map.append(from + i, next, 1);
      pairs.push({ source: from + i, target: next++ });
    }
    map.advance(from + i + 1, next);
  });
  return { map, pairs };
}

const start = fc.nat(1000);

describe('translation', () => {
  test('of every committed offset leaves the same records ahead on both sides', () => {
    fc.assert(
      fc.property(log, start, start, (entries, from, target) => {
        const { map, pairs } = mirror(entries, from, target);
        for (let committed = from - 2; committed <= from + entries.length; committed++) {
          const translated = map.translate(BigInt(committed));
          const ahead = pairs.filter(({ source }) => source >= committed);
          expect(pairs.filter((pair) => BigInt(pair.target) >= translated!)).toEqual(ahead);
          // Exactly the first of them, not something before it.
          if (ahead[0]) expect(translated).toBe(BigInt(ahead[0].target));
        }
        const { sourceNext, targetNext } = map;
        expect(sourceNext).toBe(BigInt(from + entries.length));
        expect(map.translate(sourceNext)).toBe(targetNext);
        expect(map.translate(sourceNext + 1n)).toBeUndefined();
      }),
    );
  });

  test('knows where records lie one after another on both sides', () => {
    fc.assert(
      fc.property(log, start, start, fc.integer({ min: 0, max: 6 }), (entries, from, target, count) => {
        const { map, pairs } = mirror(entries, from, target);
        for (let source = from - 2; source <= from + entries.length; source++) {
          const there = map.translate(BigInt(source));
          const inARow = Array.from({ length: count }, (_, i) =>
            pairs.some((pair) => pair.source === source + i && BigInt(pair.target) === there! + BigInt(i)),
          );
          expect(map.together(BigInt(source), BigInt(count))).toBe(inARow.every(Boolean));
        }
      }),
    );
  });

  test('of a plain topic takes one run, however long', () => {
    const map = new OffsetMap(5, 1);
    for (let i = 0; i < 100_000; i++) map.append(5 + i * 100, 1 + i * 100, 100);
    expect(map.runs).toBe(1);
    expect(map.translate(5n + 9_999_999n)).toBe(1n + 9_999_999n);
  });

  test.each([
    ['a source offset before the last', 9, 30],
    ['a target offset before the last', 30, 9],
    ['an offset that doubles cannot hold', 2 ** 53, 30],
  ])('takes no run with %s', (_, source, target) => {
    const map = new OffsetMap();
    map.append(5, 5, 10);
    expect(() => map.append(source, target, 1)).toThrow('cannot place');
  });
});

describe('a chunk of the map', () => {
  const run = fc.record({
    sourceGap: fc.nat(2 ** 30),
    targetGap: fc.nat(300),
    length: fc.integer({ min: 1, max: 2 ** 30 }),
  });
  const runs = fc.array(run, { maxLength: 30 }).map((gaps) => {
    const all: Run[] = [];
    for (const { sourceGap, targetGap, length } of gaps) {
      const last = all.at(-1) ?? { source: 0, target: 0, length: 0 };
      all.push({
        source: last.source + last.length + sourceGap,
        target: last.target + last.length + targetGap,
        length,
      });
    }
    return all;
  });
  const topicId = fc.option(
    fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .filter((id) => id.some((byte) => byte > 0))
      .map((id) => Buffer.from(id).toString('base64url')),
    { nil: null },
  );
  const chunk: fc.Arbitrary<MapChunk> = fc.record({
    position: fc.record({
      sourceNext: fc.maxSafeNat(),
      targetNext: fc.maxSafeNat(),
      producerId: fc.maxSafeNat().map(BigInt),
      producerEpoch: fc.nat(32_767),
      sourceEpoch: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      sourceTopicId: topicId,
      targetTopicId: topicId,
    }),
    runs,
  });

  test('is read as it was written', () => {
    fc.assert(fc.property(chunk, (chunk) => expect(decodeChunk(encodeChunk(chunk))).toEqual(chunk)));
  });

  test('that is cut off or of another version is a conflict', () => {
    fc.assert(
      fc.property(chunk, fc.nat(), (chunk, at) => {
        const bytes = encodeChunk(chunk);
        expect(() => decodeChunk(bytes.subarray(0, at % bytes.length))).toThrow(
          expect.objectContaining({ type: 'Conflict' }),
        );
      }),
    );
    const newer = encodeChunk(fc.sample(chunk, 1)[0]!);
    newer[0] = 2;
    expect(() => decodeChunk(newer)).toThrow('written by a newer ferry (format 2)');
  });

  test('has a key that names its partition', () => {
    expect(parseChunkKey(chunkKey('orders.v1/12', 3))).toEqual({ partition: 'orders.v1/12', chunk: 3 });
    for (const other of ['', 'orders', 'orders/1', 'orders/1/x', 'a/b/1/2'])
      expect(parseChunkKey(other)).toBeNull();
  });
});
