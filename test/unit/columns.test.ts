import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inColumns, outOfColumns } from '../../src/migration/columns.js';
import { bytesOf } from '../../src/migration/size.js';

const through = (data: unknown): unknown =>
  outOfColumns(JSON.parse(JSON.stringify(inColumns(data))) as unknown);

const markers = [
  '^t',
  '^k',
  '^r',
  '^l',
  '^-',
  '^',
  '^^t',
  '__proto__',
  'constructor',
  'columns',
  'lists',
  'value',
];
const json = fc.jsonValue({ maxDepth: 4 });
const key = fc.oneof(fc.constantFrom(...markers), fc.string({ maxLength: 3 }));
const table = fc
  .array(fc.tuple(key, json), { maxLength: 20 })
  .map((entries) => Object.fromEntries(entries) as unknown);
const rowsOfOneShape = fc
  .tuple(fc.array(key, { maxLength: 5 }), fc.integer({ min: 0, max: 30 }))
  .chain(([keys, count]) =>
    fc.array(
      fc
        .tuple(
          ...keys.map(() =>
            fc.oneof(
              { weight: 3, arbitrary: fc.constantFrom('a', 1, null) },
              { arbitrary: json, weight: 1 },
              { arbitrary: fc.constant(undefined), weight: 1 },
            ),
          ),
        )
        .map((values) => Object.fromEntries(keys.map((name, at) => [name, values[at]])) as unknown),
      { minLength: count, maxLength: count },
    ),
  );

describe('JSON in columns', () => {
  it('is the same again, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(json, table, rowsOfOneShape), { maxLength: 4 }), (data) => {
        expect(through([data, data])).toEqual(JSON.parse(JSON.stringify([data, data])));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps the order of keys, which is the order of topics', () => {
    const names = Array.from({ length: 50 }, (_, at) => `orders-${(at * 7) % 50}`);
    const data = { ids: Object.fromEntries(names.map((name) => [name, null])) };
    expect(Object.keys((through(data) as typeof data).ids)).toEqual(names);
  });

  it('leaves what is no such thing as it is: a run of before carried its state plainly', () => {
    const data = { steps: [], value: 1, lists: [] };
    expect(outOfColumns(data)).toBe(data);
  });

  it('tells a thousand rows with the same names and ids in a part of the bytes', () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `team-${at % 7}.orders-${at}`);
    const id = (name: string) => `id-of-${name}`;
    const data = {
      ids: Object.fromEntries(names.map((name) => [name, id(name)])),
      made: names.map((name) => ({ name, topicId: id(name) })),
      parts: names.map((name) => ({
        name,
        claim: { by: 'ann', at: '2026-11-29T10:00:00.000Z' },
        verified: true,
      })),
      manifest: names.map((topic) => ({
        topic,
        topicId: id(topic),
        partitions: 12,
        config: { 'retention.ms': '1000' },
      })),
    };
    expect(bytesOf(inColumns(data))).toBeLessThan(bytesOf([names, names.map(id)]) * 1.1);
  });
});
