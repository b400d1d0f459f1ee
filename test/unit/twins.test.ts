import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TwinSearch, type Twins } from '../../src/parity/twins.js';
import { clusterOf, Log, topic } from './parity-log.js';

const record = (value: string | Buffer | null, key: string | null = null) => ({
  timestamp: 1_700_000_000_000n,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  headers: [],
});

interface Search {
  source: (string | Buffer | null)[][];
  target: (string | Buffer | null)[][];
  asksFrom?: bigint[];
  perPass?: number;
  withoutIds?: boolean;
  pause?: AbortSignal;
  carry?: unknown;
}

const search = (asked: Search): Promise<Twins> => searching(asked).run();

/** Each list of values is the log of one partition, a batch for each record. */
function searching({ source, target, asksFrom, ...options }: Search): TwinSearch {
  const logs = (partitions: Search['source']) =>
    partitions.map((values) => new Log(values.map((value) => ({ records: [record(value)] }))));
  const ranges = (of: Log[]) => of.map(({ end }, partition) => ({ topic, partition, start: 0n, end }));
  const [left, right] = [logs(source), logs(target)];
  return new TwinSearch({
    source: clusterOf(left),
    target: clusterOf(right),
    ranges: {
      source: ranges(left).map((range, index) => ({ ...range, asksFrom: asksFrom?.[index] ?? 0n })),
      target: ranges(right),
    },
    sourceNames: new Map([[topic, topic]]),
    patienceMs: 1_000,
    ...options,
  });
}

/** A search for each pass, which goes on with what the one before has handed on. */
async function searchInTurns(asked: Search): Promise<{ found: Twins; turns: number }> {
  let carry: unknown;
  for (let turns = 1; ; turns++) {
    const one = searching({ ...asked, carry, pause: AbortSignal.abort('over') });
    try {
      return { found: await one.run(), turns };
    } catch (reason) {
      if (reason !== 'over') throw reason;
      carry = JSON.parse(JSON.stringify(one.carry));
    }
  }
}

describe('a record of the source has its twin', () => {
  test('in whatever partition and order', async () => {
    const found = await search({ source: [['a', 'b'], ['c']], target: [['c', 'b', 'x'], [], ['a']] });
    expect(found).toMatchObject({ looked: [2, 1], alone: [] });
  });

  test('where only the ids of schemas differ, if they are to be left out', async () => {
    const framed = (id: number) => Buffer.from([0, 0, 0, 0, id, 65, 66]);
    const logs = { source: [[framed(1)]], target: [[framed(9)]] };
    expect((await search({ ...logs, withoutIds: true })).alone).toEqual([]);
    expect((await search(logs)).alone).toHaveLength(1);
  });
});

describe('a record is alone', () => {
  test('by partition and offsets, the latest of several same ones', async () => {
    const found = await search({ source: [['a', 'b', 'x', 'x', 'x']], target: [['x', 'a', 'b']] });
    expect(found.alone).toEqual([{ topic, partition: 0, from: 3n, to: 5n, records: 2, producers: [-1n] }]);
  });

  test('when its twin belongs to a record before the range that is asked about', async () => {
    const found = await search({ source: [['x', 'x']], target: [['x']], asksFrom: [1n] });
    expect(found).toMatchObject({ looked: [1], alone: [{ from: 1n, to: 2n, records: 1 }] });
  });

  test('as often as the source has it more often than the target, in however many passes', async () => {
    const partitions = (most: number) =>
      fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', null), { maxLength: 8 }), {
        minLength: 1,
        maxLength: most,
      });
    await fc.assert(
      fc.asyncProperty(
        partitions(3),
        partitions(2),
        fc.integer({ min: 1, max: 30 }),
        async (source, target, perPass) => {
          const found = await search({ source, target, perPass });
          const passes = Math.max(1, Math.ceil(source.flat().length / perPass));
          const inTurns = await searchInTurns({ source, target, perPass });
          expect(inTurns.turns).toBe(passes);
          const counts = (values: (string | null)[][], wanted: string | null) =>
            values.flat().filter((value) => value === wanted).length;
          const expected = ['a', 'b', 'c', 'd', null].reduce(
            (sum, value) => sum + Math.max(0, counts(source, value) - counts(target, value)),
            0,
          );
          // Of the same ones in two partitions, the one that was read later is alone.
          for (const { looked, alone } of [found, inTurns.found]) {
            expect(alone.reduce((sum, { records }) => sum + records, 0)).toBe(expected);
            expect(looked).toEqual(source.map(({ length }) => length));
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('what was handed on', () => {
  const logs = { source: [['a', 'b', 'c'], ['d']], target: [['a']], perPass: 1 };
  const handedOn = async (): Promise<TwinSearch['carry']> => {
    const first = searching({ ...logs, pause: AbortSignal.abort('over') });
    await expect(first.run()).rejects.toBe('over');
    return first.carry;
  };

  test('counts for the same partitions alone: else, and where it is damaged, all is looked at anew', async () => {
    const whole = { looked: [3, 1], alone: [{ records: 2 }, { records: 1 }] };
    const carry = await handedOn();
    const foreign: unknown[] = [
      null,
      { ...carry, looked: 'B' },
      { ...carry, looked: carry.looked + carry.looked },
      { ...carry, passed: carry.passes + 1 },
      { ...carry, alone: { ...carry.alone, range: '!' } },
    ];
    for (const one of foreign) expect(await search({ ...logs, carry: one })).toMatchObject(whole);
    expect(await search({ ...logs, carry })).toMatchObject(whole);
  });

  test('is small, however many partitions have records without a twin', async () => {
    const partitions = Array.from({ length: 500 }, (_, partition) => [`only ${partition}`]);
    const search = searching({ source: partitions, target: [[]] });
    expect((await search.run()).alone).toHaveLength(500);
    expect(JSON.stringify(search.carry).length).toBeLessThan(1_000);
  });
});
