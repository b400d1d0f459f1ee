import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Migration } from '../../src/migration/file.js';
import {
  offsetAt,
  offsetsIn,
  offsetTable,
  offsetTableShape,
  onlyTopics,
  partitionCounts,
  partitionsOf,
  type OffsetTable,
} from '../../src/migration/offsets.js';
import { pack, unpack } from '../../src/migration/packed.js';
import { packAcls, unpackAcls } from '../../src/migration/packed-acls.js';
import { packPositions, unpackPositions } from '../../src/migration/positions.js';
import { groupsTranslated, packTranslated, unpackTranslated } from '../../src/migration/translated.js';
import type { TranslatedPosition } from '../../src/migration/work/offsets.js';

const topic = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__', 'a-', '-._'),
  fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/),
);
const number = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: 0n, max: 5_000_000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const holed = fc.array(fc.oneof({ weight: 4, arbitrary: number }, fc.constant(undefined)), { maxLength: 40 });
/** Much of what is packed is equal, or grows by the same. */
const stretches = fc
  .array(
    fc.record({ value: fc.option(number, { nil: undefined }), times: fc.nat(50), step: fc.bigInt(-3n, 3n) }),
  )
  .map((all) =>
    all.flatMap(({ value, times, step }) =>
      Array.from({ length: times }, (_, at) => (value === undefined ? undefined : value + step * BigInt(at))),
    ),
  );
/** As lags of groups are: near to a number, and not to the one before. */
const scattered = fc
  .record({
    middle: number,
    spread: fc.constantFrom(1n, 300n, 2n ** 31n, 2n ** 44n, 2n ** 46n),
    holes: fc.boolean(),
    count: fc.integer({ min: 0, max: 300 }),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
  })
  .map(({ middle, spread, holes, count, seed }) => {
    let next = seed;
    return Array.from({ length: count }, (_, at) => {
      next = (next * 48_271) % 2_147_483_647;
      return holes && at % 7 === 3
        ? undefined
        : middle + (BigInt(next) * spread) / 2_147_483_647n - spread / 2n;
    });
  });
const throughTemporal = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('packed numbers', () => {
  test('are the same when they are unpacked', () => {
    fc.assert(
      fc.property(fc.oneof(holed, stretches, scattered), (numbers) => {
        const packed = pack(numbers);
        expect(packed).toMatch(/^[~!]?[\w-]*$/);
        expect(unpack(throughTemporal(packed))).toEqual(numbers);
      }),
    );
  });

  test('that are equal, or missing, take no room', () => {
    expect(pack(Array.from({ length: 100_000 }, () => 7n)).length).toBeLessThan(10);
    expect(pack(Array.from({ length: 100_000 }, () => undefined)).length).toBeLessThan(10);
  });

  test('that are scattered over a range take the digits of that range', () => {
    let next = 11;
    const lags = Array.from({ length: 12_000 }, () => {
      next = (next * 48_271) % 2_147_483_647;
      return 4_000_000_000n + BigInt(next % 300);
    });
    // Ten bits: a range of 300 both ways, and what is missing.
    expect(pack(lags).length).toBeLessThan((12_000 * 10.5) / 6);
  });

  test('that were packed before there were blocks are read as they were', () => {
    expect(unpack('4F1B')).toEqual(unpack(pack(unpack('4F1B'))));
    expect(unpack('EAL')).toEqual(Array.from({ length: 12 }, (_, at) => BigInt(at + 1)));
  });

  test('whose text is damaged are refused, or are other numbers, in no time', () => {
    fc.assert(
      fc.property(
        scattered,
        fc.nat(),
        fc.constantFrom('~', '!', 'A', 'f', '_', '', 'ö'),
        (numbers, place, letter) => {
          const packed = pack(numbers);
          const at = place % (packed.length + 1);
          try {
            expect(unpack(packed.slice(0, at) + letter + packed.slice(at + 1)).length).toBeLessThanOrEqual(
              2 ** 22,
            );
          } catch (error) {
            expect(error).toMatchObject({
              name: 'TypeError',
              message: expect.stringContaining('Not packed'),
            });
          }
        },
      ),
    );
  });

  test('refuse what is none of theirs', () => {
    for (const text of ['ö', 'A', 'AB', 'g', 'DA']) expect(() => unpack(text)).toThrow(/Not packed/);
  });
});

describe('a table of offsets', () => {
  const topics = fc.uniqueArray(fc.tuple(topic, holed), { selector: ([name]) => name, maxLength: 8 });
  const rowsOf = (all: [string, (bigint | undefined)[]][]) =>
    all.flatMap(([name, offsets]) =>
      offsets.flatMap((offset, partition) =>
        offset === undefined ? [] : [{ topic: name, partition, offset }],
      ),
    );

  test('has what was put into it, for every legal name', () => {
    fc.assert(
      fc.property(topics, topic, (all, other) => {
        const rows = rowsOf(all);
        const table = throughTemporal(offsetTable(rows));
        expect(offsetTableShape().safeParse(table).success).toBe(true);
        expect(partitionsOf(table)).toEqual(rows);
        for (const { offset, ...at } of rows) expect(offsetAt(table, at.topic, at.partition)).toBe(offset);
        const known = new Set(rows.map((row) => row.topic));
        expect([...partitionCounts(table).keys()]).toEqual([...known]);
        if (!known.has(other)) expect(offsetAt(table, other, 0)).toBeUndefined();
        const kept = new Set([...known].slice(0, 2));
        expect(partitionsOf(onlyTopics(table, kept))).toEqual(rows.filter((row) => kept.has(row.topic)));
        for (const name of known)
          expect(offsetsIn(table, name)).toBe(
            rows.filter((row) => row.topic === name).reduce((sum, { offset }) => sum + offset, 0n),
          );
      }),
    );
  });

  test('of a run of before is read as well', () => {
    fc.assert(
      fc.property(topics, (all) => {
        const before = throughTemporal(
          Object.fromEntries(
            all.map(([name, offsets]) => [name, offsets.map((one) => one?.toString() ?? null)]),
          ),
        ) as OffsetTable;
        expect(offsetTableShape().safeParse(before).success).toBe(true);
        expect(partitionsOf(before).length).toBe(rowsOf(all).length);
        for (const row of rowsOf(all)) expect(offsetAt(before, row.topic, row.partition)).toBe(row.offset);
      }),
    );
  });

  test('that nobody has made is refused where it comes from outside', () => {
    for (const strange of [null, 'orders:C', [1], ['orders'], ['a b:C'], { orders: '1' }, { orders: [1] }])
      expect(offsetTableShape().safeParse(strange).success).toBe(false);
  });

  test('takes six characters for a partition, or less, whatever the offsets of a busy topic are', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const rows = Array.from({ length: 12_000 }, (_, at) => ({
      topic: `orders-${Math.floor(at / 12)}`,
      partition: at % 12,
      offset: BigInt(Math.floor(random() * 10_000_000)),
    }));
    const names = rows.length / 12;
    expect((JSON.stringify(offsetTable(rows)).length - names * 15) / rows.length).toBeLessThan(6);
  });
});

describe('positions of a group', () => {
  const topicNames = ['a', '__proto__', 'constructor', 'orders'];
  const positions = fc
    .uniqueArray(fc.record({ topic: fc.constantFrom(...topicNames), partition: fc.nat(15) }), {
      selector: (at) => `${at.topic}/${at.partition}`,
    })
    .chain((places) =>
      fc.tuple(
        ...places.map((at) =>
          fc
            .record({
              source: fc.option(fc.bigInt(0n, 2n ** 63n - 1n)),
              target: fc.bigInt(0n, 2n ** 63n - 1n),
              certainty: fc.constantFrom<TranslatedPosition['certainty']>('exact', 'at-least-once'),
              metadata: fc.constantFrom(undefined, '=AQAAAYvP5WgA', `#${'a'.repeat(43)}=`),
              without: fc.constantFrom(undefined, true as const),
            })
            .map(({ source, target, certainty, metadata, without }): TranslatedPosition => ({
              ...{
                ...at,
                certainty,
                source: source === null ? null : String(source),
                target: String(target),
              },
              ...(metadata && { metadata }),
              ...(without && { without }),
            })),
        ),
      ),
    );
  const migration = { topics: topicNames.map((name) => ({ name })) } as Migration;
  const inOrder = (all: readonly TranslatedPosition[]) =>
    all.toSorted(
      (a, b) => topicNames.indexOf(a.topic) - topicNames.indexOf(b.topic) || a.partition - b.partition,
    );

  test('that were translated are found again, and so are those of a run of before', () => {
    fc.assert(
      fc.property(positions, positions, (all, more) => {
        const old = { group: 'old', partitions: all };
        const packed = throughTemporal([
          old,
          ...packTranslated(migration, [{ group: 'billing', partitions: all }], [old]),
        ]);
        const later = packTranslated(migration, [{ group: 'audit', partitions: more }], packed);
        expect(groupsTranslated(later)).toEqual(['audit']);
        const intended = packTranslated(migration, [{ group: 'audit', partitions: more }], [], packed);
        for (const kept of [
          [...packed, ...later],
          [...intended, ...packed],
        ])
          expect(
            unpackTranslated(migration, throughTemporal(kept)).toSorted((a, b) =>
              a.group < b.group ? -1 : 1,
            ),
          ).toEqual([
            { group: 'audit', partitions: inOrder(more) },
            { group: 'billing', partitions: inOrder(all) },
            { group: 'old', partitions: all },
          ]);
      }),
    );
  });

  test('are of no other topics than those they were taken down for', () => {
    const packed = packPositions(topicNames, [{ topic: 'orders', partition: 0, offset: 1n }]);
    expect(() => unpackPositions(['orders'], packed)).toThrow(/other topics/);
  });

  test('of ten groups in a thousand topics take less than 800 KB', () => {
    const topics = Array.from({ length: 1_000 }, (_, at) => `orders-${at}`);
    let seed = 7;
    const random = (most: number) =>
      Math.floor(((seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647) * most);
    // Retention has removed most of the source, so that the target's numbers have nothing to do with its.
    const ends = topics.flatMap((topic) =>
      Array.from({ length: 12 }, (_, partition) => {
        const records = random(400_000);
        return { topic, partition, source: 4_000_000 + random(4_000_000), target: records + random(30) };
      }),
    );
    const groups = Array.from({ length: 10 }, (_, at) => ({
      group: `group-${at}`,
      partitions: ends.map(({ topic, partition, source, target }): TranslatedPosition => {
        const lag = Math.min(target, random(1_000));
        return {
          ...{ topic, partition, certainty: 'exact' },
          ...{ source: String(source - lag), target: String(target - lag + random(3)) },
        };
      }),
    }));
    const all = packTranslated({ topics: topics.map((name) => ({ name })) } as Migration, groups);
    expect(JSON.stringify(all).length).toBeLessThan(800_000);
  });
});

test('ACLs are found again, whatever their resources are called', () => {
  const acl = fc.record({
    resourceType: fc.constantFrom('topic', 'group'),
    resourceName: topic,
    patternType: fc.constantFrom('literal', 'prefixed'),
    principal: fc.constantFrom('User:a', 'User:CN=b'),
    host: fc.constant('*'),
    operation: fc.constantFrom('read', 'write'),
    permission: fc.constantFrom('allow', 'deny'),
  });
  fc.assert(
    fc.property(fc.array(acl), fc.array(topic), (acls, topics) => {
      const names = [...new Set(topics)];
      const told = (all: unknown[]) =>
        all.map((one) => JSON.stringify(one, Object.keys(one as object).sort())).sort();
      expect(told(unpackAcls(names, throughTemporal(packAcls(names, acls))))).toEqual(told(acls));
      expect(unpackAcls(names, acls)).toEqual(acls);
    }),
  );
});
