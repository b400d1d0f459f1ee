import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchTail, sameRecord, type TailRules } from '../../src/mirror/tail-match.js';
import type { LogRecord } from '../../src/mirror/log-reader.js';

const record = (offset: number, text: string, extra: Partial<LogRecord> = {}): LogRecord => ({
  offset: BigInt(offset),
  timestamp: 1n,
  key: null,
  value: Buffer.from(text),
  headers: [],
  stamped: 'create',
  ...extra,
});

async function* inOrder(records: readonly LogRecord[]): AsyncGenerator<LogRecord, void, undefined> {
  yield* records;
}

const aligned = (
  source: readonly LogRecord[],
  target: readonly LogRecord[],
  rules: Partial<TailRules> & { end: number },
) =>
  matchTail(inOrder(source), inOrder(target), {
    sourceLosesRecords: false,
    first: 0,
    attempts: 1,
    markers: new Set([rules.end - 1]),
    ...rules,
  });

describe('what earlier attempts wrote behind the stored position', () => {
  test('is found, for every number of records written and every loss on the target that leaves its end', () => {
    // Texts repeat, so that a record looks like its neighbours.
    const source = fc.array(fc.constantFrom('a', 'a', 'b'), { maxLength: 20 });
    return fc.assert(
      fc.asyncProperty(
        source,
        fc.nat(20),
        fc.array(fc.boolean(), { maxLength: 20 }),
        async (texts, n, lost) => {
          const written = Math.min(n, texts.length);
          const all = texts.map((text, i) => record(100 + i * 2, text));
          const target = all
            .slice(0, written)
            .map(({ value }, i) => record(50 + i, value!.toString()))
            .filter((_, i) => i === written - 1 || !lost[i]);
          const end = 50 + written + 1;
          const { pairs, sourceNext, ...rest } = await aligned(all, target, { first: 50, end });
          expect(rest).toEqual({ orphans: 0 });
          expect(sourceNext).toBe(written === 0 ? undefined : 100 + (written - 1) * 2 + 1);
          // Each at its place, since the missing ones are counted.
          expect(pairs).toEqual(
            target.map(({ offset }) => ({ source: 100 + (Number(offset) - 50) * 2, target: Number(offset) })),
          );
        },
      ),
    );
  });

  test('is found when compaction has taken from the source meanwhile', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(20), fc.array(fc.boolean(), { maxLength: 20 }), async (written, gone) => {
        const all = Array.from({ length: 20 }, (_, i) => record(i, String(i)));
        const source = all.filter((_, i) => !gone[i]);
        const { pairs, stranger, unproved } = await aligned(source, all.slice(0, written), {
          sourceLosesRecords: true,
          end: written + 1,
        });
        expect({ stranger, unproved }).toEqual({});
        expect(pairs).toEqual(
          source.flatMap(({ offset }) =>
            offset < written ? [{ source: Number(offset), target: Number(offset) }] : [],
          ),
        );
      }),
    ));

  test('markers of several attempts are no records', async () => {
    const source = [record(0, 'a'), record(1, 'b'), record(2, 'c')];
    const found = await aligned(source, [record(1, 'a'), record(2, 'b')], {
      end: 5,
      attempts: 3,
      markers: new Set([0, 3, 4]),
    });
    expect(found).toEqual({
      pairs: [
        { source: 0, target: 1 },
        { source: 1, target: 2 },
      ],
      sourceNext: 2,
      orphans: 0,
    });
  });

  test('a marker that is gone is not taken for a record', async () => {
    // Of offsets 0 to 2 one was a marker; the record at 3 tells which of the source comes next.
    const source = ['a', 'b', 'c', 'd'].map((text, i) => record(i, text));
    const found = await aligned(source, [record(3, 'c')], { end: 5, attempts: 2, markers: new Set([4]) });
    expect(found.sourceNext).toBe(3);
  });
});

describe('what cannot be explained', () => {
  const source = ['a', 'b', 'c'].map((text, i) => record(i, text));

  test('a record that is not the next of the source is a stranger', async () => {
    const found = await aligned(source, [record(0, 'a'), record(1, 'x')], { end: 3 });
    expect(found).toMatchObject({ stranger: 1, sourceNext: 1 });
    const twice = await aligned(source, [record(0, 'a'), record(1, 'a')], { end: 3 });
    expect(twice).toMatchObject({ stranger: 1 });
    const more = await aligned(source, [...source, record(3, 'd')], { end: 5 });
    expect(more).toMatchObject({ stranger: 3 });
  });

  test('what is missing at the end of the target is never guessed', async () => {
    const found = await aligned(source, [record(0, 'a')], { end: 4 });
    expect(found).toMatchObject({ unproved: 1, sourceNext: 1 });
    const nothing = await aligned(source, [], { end: 4 });
    expect(nothing).toMatchObject({ unproved: 0 });
  });

  test('what is missing on the target is at most as many records', async () => {
    const found = await aligned(source, [record(1, 'c')], { end: 3 });
    expect(found).toMatchObject({ stranger: 1 });
  });
});

describe('two records', () => {
  const header = (key: string, value: string | null) => ({
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  });
  const one = record(0, 'x', { key: Buffer.from('k'), headers: [header('a', '1'), header('a', null)] });

  test.each<[string, Partial<LogRecord>]>([
    ['key', { key: Buffer.from('l') }],
    ['null instead of a key', { key: null }],
    ['empty instead of a value', { value: Buffer.alloc(0) }],
    ['null instead of a value', { value: null }],
    ['timestamp', { timestamp: 2n }],
    ['order of headers', { headers: [header('a', null), header('a', '1')] }],
    ['number of headers', { headers: [header('a', '1')] }],
    ['value of a header', { headers: [header('a', '1'), header('a', '')] }],
  ])('differ by their %s', (_, difference) => {
    expect(sameRecord(one, { ...one, offset: 7n })).toBe(true);
    expect(sameRecord(one, { ...one, ...difference })).toBe(false);
  });

  test('do not differ by a time that the broker of the target has set', () => {
    expect(sameRecord(one, { ...one, timestamp: 9n, stamped: 'append' })).toBe(true);
  });
});
