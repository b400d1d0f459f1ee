import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readMetadata } from '../../activities/offsets/commit-metadata.js';
import { MetadataLeftOut } from '../../activities/offsets/metadata-left-out.js';
import {
  isAsMade,
  packCommits,
  recalled,
  remembered,
  unpackCommits,
  topicsMade,
} from '../../activities/offsets/made-commits.js';
import { compress } from '../../src/kafka/records/codecs.js';
import type { Migration } from '../../src/migration/file.js';
import type { MadeOffsets } from '../../src/migration/work/offsets.js';

const base64 = (...parts: (Buffer | number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part))).toString('base64');
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const letter = (name: string) => Buffer.from(name);
const parallel = (names: bigint, complete: bigint) => ({ kind: 'parallel-consumer', names, complete });

describe('the metadata of a commit', () => {
  test('is none where there is none', () => {
    expect(readMetadata('')).toEqual({ kind: 'none' });
  });

  test.each([
    ['Streams 3.1.2', 'AQAAAYvP5WgA'],
    ['Streams 4.2.0', 'AgAAAYvP5WgA'],
    ['no time yet', 'AQAAAAAAAAAA'.replace('AAAAAAAAAAA', '//////////8')],
    [
      'two windowed stores',
      base64(
        [2],
        Buffer.alloc(8, 1),
        int32(2),
        ...['one', 'other'].flatMap((name) => [int32(name.length), Buffer.from(name), Buffer.alloc(8, 2)]),
      ),
    ],
  ])('of Kafka Streams is its time: %s', (_, text) => {
    expect(readMetadata(text)).toEqual({ kind: 'streams-time' });
  });

  test('of Kafka Streams is nothing else than its bytes say', () => {
    const whole = Buffer.from('AgAAAYvP5WgA', 'base64');
    expect(readMetadata(base64(whole, int32(1)))).toEqual({ kind: 'unknown' });
    expect(readMetadata(base64(whole, int32(2 ** 31 - 1), int32(2 ** 31 - 1)))).toEqual({ kind: 'unknown' });
    expect(readMetadata(base64(whole.subarray(0, 8)))).toEqual({ kind: 'unknown' });
    expect(readMetadata(base64([3], whole.subarray(1)))).toEqual({ kind: 'unknown' });
  });

  test.each([
    // Parallel Consumer 0.5.3.2: record 3 of 0 to 19 not done.
    ['run lengths of two bytes', 'bgABABA=', parallel(17n, 16n)],
    ['run lengths of four bytes', base64(letter('e'), ...[1, 16, 2, 4].map(int32)), parallel(23n, 20n)],
    ['bits, their number in two bytes', base64(letter('l'), [0, 9], [0b11111110, 1, 0]), parallel(9n, 8n)],
    ['bits, their number in four', base64(letter('o'), int32(9), [0b11111010, 1, 0]), parallel(9n, 7n)],
    [
      'compressed run lengths',
      base64(letter('p'), compress('zstd', Buffer.concat([1, 70_000].map(int32)))),
      parallel(70_001n, 70_000n),
    ],
    [
      'compressed bits',
      base64(
        letter('s'),
        compress('zstd', Buffer.concat([int32(80_000), Buffer.alloc(10_000, 0b10), Buffer.alloc(1)])),
      ),
      parallel(80_000n, 10_000n),
    ],
  ])('of Parallel Consumer counts records: %s', (_, text, read) => {
    expect(readMetadata(text)).toEqual(read);
  });

  test.each([
    ['an odd number of run lengths', base64(letter('n'), [0, 1])],
    ['a negative one', base64(letter('e'), int32(1), int32(-1))],
    ['nothing processed', base64(letter('n'), [0, 1, 0, 0])],
    ['fewer bits than they are said to be', base64(letter('o'), int32(900), [1, 0])],
    ['a frame that is cut off', base64(letter('p'), compress('zstd', Buffer.alloc(800)).subarray(0, -1))],
    ['an encoding that it does not read itself', base64([0xee], [0, 1])],
  ])('is not taken for that of Parallel Consumer: %s', (_, text) => {
    expect(readMetadata(text)).toEqual({ kind: 'unknown' });
  });

  test('that would grow without bounds is not decompressed', () => {
    const bomb = compress('zstd', Buffer.alloc(256 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(64 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    expect(readMetadata(base64(letter('s'), bomb))).toEqual({ kind: 'unknown' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  test.each([
    ['franz-go', 'kgo-4e8e2a1b-6a2f-4f3e-9d1c-0a1b2c3d4e5f'],
    ['KIP-848', 'Wl3mD0uDQd2k0lB7Qm1oYA'],
  ])('may be the id of a member: %s', (_, text) => {
    expect(readMetadata(text)).toEqual({ kind: 'member-id' });
  });

  test.each(['kafka-ferry migrate/orders', 'bill', 'node-3', 'AQ==', '{"next":17}'])(
    'is otherwise unknown: %s',
    (text) => {
      expect(readMetadata(text)).toEqual({ kind: 'unknown' });
    },
  );

  test('is read whatever it is', () => {
    const magics = fc.constantFrom(1, 2, ...Buffer.from('lanJosep'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.base64String({ maxLength: 200 }),
          fc
            .tuple(magics, fc.uint8Array({ maxLength: 100 }))
            .map(([magic, rest]) => base64([magic], [...rest])),
          fc
            .tuple(magics, fc.uint8Array({ maxLength: 100 }))
            .map(([magic, rest]) => base64([magic], compress('zstd', Buffer.from(rest)))),
        ),
        (text) => {
          const read = readMetadata(text);
          if (read.kind === 'parallel-consumer') {
            expect(read.complete).toBeGreaterThan(0n);
            expect(read.names).toBeGreaterThanOrEqual(read.complete);
          }
          const kept = remembered(text);
          expect(kept.length).toBeLessThan(130);
          expect([text, undefined]).toContain(recalled(kept));
          if (read.kind === 'unknown') expect(recalled(kept)).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('commits that were made', () => {
  const names = ['a', '__proto__', 'constructor', 'toString'];
  const commits = fc.array(
    fc.option(
      fc.record({
        offset: fc.bigInt({ min: 0n, max: 2n ** 62n }),
        metadata: fc.constantFrom('', '', '', '=AQAAAYvP5WgA', `#${'a'.repeat(43)}=`),
      }),
      { freq: 5 },
    ),
    { maxLength: 40 },
  );

  test('are kept and found again', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), commits), (byTopic) => {
        const all = Object.entries(byTopic).flatMap(([topic, some]) =>
          some.flatMap((one, partition) => (one ? [{ topic, partition, ...one }] : [])),
        );
        const topics = ['b', ...names].map((name) => ({ name }));
        const kept = JSON.parse(
          JSON.stringify(packCommits({ topics } as Migration, 'billing', all, new Map([['b', 1]]))),
        ) as MadeOffsets;
        expect([...topicsMade({ topics } as Migration, kept).keys()]).toContain('b');
        expect(unpackCommits({ topics } as Migration, kept)).toEqual(
          new Map(all.map(({ topic, partition, ...one }) => [`${topic}/${partition}`, one])),
        );
      }),
    );
  });

  test('of a ferry of before are found too', () => {
    const commits = { orders: ['0*2', '', '7 =AQAAAYvP5WgA'], constructor: ['3'] };
    expect([
      ...unpackCommits({ topics: [] }, { group: 'billing', topics: ['orders', 'constructor'], commits }),
    ]).toEqual([
      ['orders/0', { offset: 0n, metadata: '' }],
      ['orders/1', { offset: 0n, metadata: '' }],
      ['orders/3', { offset: 7n, metadata: '=AQAAAYvP5WgA' }],
      ['constructor/0', { offset: 3n, metadata: '' }],
    ]);
  });

  test('take no room where they are alike', () => {
    const all = Array.from({ length: 10_000 }, (_, partition) => ({
      ...{ topic: 'orders', partition, offset: 0n, metadata: '' },
    }));
    const kept = packCommits({ topics: [{ name: 'orders' }] } as Migration, 'billing', all, new Map());
    expect(JSON.stringify(kept).length).toBeLessThan(100);
  });

  test("are told from a member's own", () => {
    const made = { offset: 7n, metadata: remembered('AQAAAYvP5WgA') };
    const found = { offset: 7n, leaderEpoch: -1, metadata: 'AQAAAYvP5WgA' };
    expect(isAsMade(found, made)).toBe(true);
    expect(isAsMade({ ...found, offset: 8n }, made)).toBe(false);
    expect(isAsMade({ ...found, metadata: '' }, made)).toBe(false);
    expect(isAsMade({ ...found, leaderEpoch: 0 }, made)).toBe(false);
  });
});

describe('metadata that cannot go along', () => {
  const at = (partition: number) => ({ topic: 'orders', partition, source: '3' });

  test('is asked about by group and topic, with what the application will do', () => {
    const left = new MetadataLeftOut('onprem', 'aiven');
    expect(left.goesAlong('billing', at(0), 'bgABABA=', true)).toBe(true);
    expect(left.goesAlong('billing', at(0), 'AQAAAYvP5WgA', false)).toBe(true);
    expect(left.goesAlong('billing', at(0), 'kgo-4e8e2a1b-6a2f-4f3e-9d1c-0a1b2c3d4e5f', false)).toBe(true);
    expect(left.findings()).toEqual([]);
    for (const partition of [1, 2])
      expect(left.goesAlong('billing', at(partition), 'bgABABA=', false)).toBe(false);
    expect(left.goesAlong('audit', at(4), 'node-3', true)).toBe(false);
    expect(left.goesAlong('audit', at(5), undefined, true)).toBe(false);
    expect(left.findings()).toEqual([
      {
        weight: 'asks',
        key: 'commit-metadata:billing:orders+32',
        sentence:
          'billing has processed up to 32 records beyond its offsets for 2 partitions of orders (first: orders/1 at offset 3), as Parallel Consumer notes in the metadata of a commit. They do not lie one after another on aiven as they do on onprem, so that the note would name others there: without it billing processes them again. To avoid that, let it finish on onprem what it has begun, then try again. Accept that it goes on without it (it counts for up to 32 records), or abort.',
      },
      {
        weight: 'asks',
        key: 'commit-metadata:audit:orders',
        sentence:
          'What audit has processed beyond its offsets for 1 partition of orders (first: orders/5 at offset 3) has expired on onprem with its commits: it processes that again. The commits of audit for 1 partition of orders (first: orders/4 at offset 3) carry metadata that the ferry does not know (6 characters), which may name offsets of onprem: an application that keeps there what it has processed beyond its offset processes that again. Accept that it goes on without it, or abort.',
      },
    ]);
  });
});
