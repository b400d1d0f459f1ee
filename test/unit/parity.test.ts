import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { codecs } from '../../src/kafka/records/codecs.js';
import type { NewRecord } from '../../src/kafka/records/encode.js';
import { align } from '../../src/parity/alignment.js';
import { partitionKey, type Cluster } from '../../src/kafka/cluster.js';
import { eventually } from '../eventually.js';
import { clusterOf, compared, comparing, Log, type Written } from './parity-log.js';
import { bytes, codec } from './records-generators.js';

const nullable = (maxLength: number) => fc.option(bytes(maxLength), { nil: null });
const record: fc.Arbitrary<NewRecord> = fc.record({
  timestamp: fc.oneof(
    fc.bigInt({ min: 1_700_000_000_000n, max: 1_700_000_100_000n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ),
  key: nullable(10),
  value: nullable(60),
  headers: fc.array(fc.record({ key: bytes(4), value: nullable(6) }), { maxLength: 3 }),
});
const sequence = fc.array(record, { minLength: 1, maxLength: 40 });

/** How one sequence may lie in a log: cut anywhere, compressed by anything, with what no consumer is given between. */
const layout = fc.record({
  cuts: fc.array(
    fc.nat(9).map((size) => size + 1),
    { minLength: 1, maxLength: 12 },
  ),
  codecs: fc.array(codec, { minLength: 1, maxLength: 5 }),
  gaps: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
  others: fc.array(fc.constantFrom('none', 'control', 'aborted'), { minLength: 1, maxLength: 5 }),
});
type Layout = typeof layout extends fc.Arbitrary<infer L> ? L : never;

const abortKey = Buffer.from([0, 0, 0, 0]);
const commitKey = Buffer.from([0, 0, 0, 1]);
const marker = (key: Buffer, producerId: bigint): Written => ({
  records: [{ timestamp: 1n, key, value: null, headers: [] }],
  control: true,
  transactional: true,
  producerId,
});

function laidOut(records: readonly NewRecord[], { cuts, codecs, gaps, others }: Layout): Log {
  const log = new Log([]);
  for (let at = 0, batch = 0; at < records.length; batch++) {
    const of = <T>(list: readonly T[]) => list[batch % list.length]!;
    if (of(others) === 'control') log.append(marker(commitKey, 7n));
    if (of(others) === 'aborted') {
      const firstOffset = log.append({ records: records.slice(0, 2), transactional: true, producerId: 9n });
      log.append(marker(abortKey, 9n));
      log.aborted.push({ producerId: 9n, firstOffset });
    }
    const size = of(cuts);
    log.append({ records: records.slice(at, at + size), codec: of(codecs), gap: of(gaps) });
    at += size;
  }
  return log;
}

/** Offsets of a log that holds one record at each, from 0 on. */
const plain = (records: readonly NewRecord[]) => new Log([{ records }]);
const made = (amount: number, prefix = 'value'): NewRecord[] =>
  Array.from({ length: amount }, (_, number) => ({
    timestamp: 1_700_000_000_000n + BigInt(number),
    key: Buffer.from(`key ${number}`),
    value: Buffer.from(`${prefix} ${number}`),
    headers: [],
  }));

const flipped = (buffer: Buffer | null) =>
  buffer === null ? Buffer.from('something') : Buffer.concat([buffer, Buffer.from([1])]);

const changes: Record<string, (one: NewRecord) => NewRecord> = {
  key: (one) => ({ ...one, key: flipped(one.key) }),
  value: (one) => ({ ...one, value: flipped(one.value) }),
  timestamp: (one) => ({ ...one, timestamp: one.timestamp === 5n ? 6n : 5n }),
  'header list': (one) => ({
    ...one,
    headers: [...one.headers, { key: Buffer.from('more'), value: null }],
  }),
};

describe('two sequences are equal', () => {
  test('whatever batches they are cut into, and whatever lies between the records', async () => {
    await fc.assert(
      fc.asyncProperty(sequence, layout, layout, async (records, one, other) => {
        const [source, target] = [laidOut(records, one), laidOut(records, other)];
        const comparison = await compared([source], [target]);
        expect(comparison.report).toMatchObject({
          records: String(records.length),
          differences: [],
          unverifiable: [],
        });
        const alone = await compared([plain(records)], [plain(records)]);
        expect(comparison.results[0]!.hash).toBe(alone.results[0]!.hash);
      }),
      { numRuns: 150 },
    );
  });

  test('by the time that consumers see, also where a broker has stamped it', async () => {
    const records = made(5).map((one) => ({ ...one, timestamp: 42n }));
    const source = new Log([{ records: made(5), appendTime: 42n }]);
    expect((await compared([source], [plain(records)])).report.differences).toEqual([]);
    expect((await compared([source], [plain(made(5))])).report.differences).toHaveLength(5);
  });

  test.each(codecs)('also when a batch of megabytes comes compressed with %s on one side', async (codec) => {
    const records = made(3000).map((one) => ({ ...one, value: Buffer.alloc(1000, one.value!) }));
    const source = new Log([{ records, codec }]);
    const target = new Log(
      Array.from({ length: 30 }, (_, at) => ({ records: records.slice(at * 100, at * 100 + 100) })),
    );
    const comparison = await compared([source], [target]);
    expect(comparison.report).toMatchObject({ records: '3000', differences: [] });
    const twice = await compared([source], [source]);
    expect(twice.results[0]!.hash).toBe(comparison.results[0]!.hash);
  });
});

describe('a difference is found where it is', () => {
  test.each(Object.entries(changes))('in the %s of any record', async (part, change) => {
    await fc.assert(
      fc.asyncProperty(sequence, fc.nat(), layout, async (records, seed, other) => {
        const at = seed % records.length;
        const altered = records.map((one, index) => (index === at ? change(one) : one));
        const target = laidOut(altered, { ...other, gaps: [0], others: ['none'] });
        const { differences } = (await compared([plain(records)], [target])).report;
        expect(differences[0]).toMatchObject({ source: String(at), target: String(at) });
        expect(differences[0]!.what).toContain(`${part} differs`);
      }),
      { numRuns: 60 },
    );
  });

  test('in the order of headers', async () => {
    const headers = ['a', 'b'].map((key) => ({ key: Buffer.from(key), value: null }));
    const [source, target] = [headers, headers.toReversed()].map((headers) =>
      plain(made(3).map((one) => ({ ...one, headers }))),
    );
    expect((await compared([source!], [target!])).report.differences[0]).toMatchObject({
      source: '0',
      target: '0',
      what: expect.stringContaining('header list differs: 2 (sha256'),
    });
  });

  const others: [string, (all: NewRecord[]) => NewRecord[], object[]][] = [
    [
      'a record that is missing',
      (all) => all.toSpliced(20, 1),
      [{ source: '20', target: null, what: expect.stringContaining('missing on the target: key 6 bytes') }],
    ],
    [
      'a record too much',
      (all) => all.toSpliced(20, 0, ...made(1, 'other')),
      [{ source: null, target: '20', what: expect.stringContaining('not on the source') }],
    ],
    ['the last record missing', (all) => all.slice(0, -1), [{ source: '99', target: null }]],
    ['one after the last', (all) => [...all, ...made(1, 'other')], [{ source: null, target: '100' }]],
    [
      'two records in another order',
      (all) => [...all.slice(0, 20), all[21]!, all[20]!, ...all.slice(22)],
      [
        { source: '20', target: '21', what: expect.stringContaining('in another order') },
        { source: '21', target: '20', what: expect.stringContaining('in another order') },
      ],
    ],
    [
      'several, each by itself',
      (all) => all.toSpliced(70, 1).toSpliced(20, 1),
      [
        { source: '20', target: null },
        { source: '70', target: null },
      ],
    ],
  ];
  test.each(others)('%s', async (_, change, expected) => {
    const all = made(100);
    const { report, summary } = await compared([plain(all)], [plain(change(all))]);
    expect(report.differences).toEqual(expected.map((one) => expect.objectContaining(one)));
    expect(summary.differingPartitions).toBe(1);
  });

  test('and at most ten are told, some of each partition', async () => {
    const all = made(100);
    const other = all.map((one, at) => (at % 6 === 0 ? changes['value']!(one) : one));
    const { report, summary } = await compared(
      [plain(all), plain(all), plain(all)],
      [plain(other), plain(all), plain(other)],
    );
    expect(report.differences.map(({ partition }) => partition)).toEqual([0, 0, 0, 0, 0, 2, 2, 2, 2, 2]);
    expect(summary.differingPartitions).toBe(2);
    expect(JSON.stringify(report)).not.toContain('value 6');
  });

  test('and every partition whose target is not explained is known, however few are told', async () => {
    const all = made(20);
    const [whole, cut, strange] = [
      plain(all),
      new Log([{ records: all.slice(5) }], 5n),
      plain(made(20, 'other')),
    ];
    const source = [whole, ...Array.from({ length: 12 }, () => whole), cut, whole];
    const target = [whole, ...Array.from({ length: 12 }, () => strange), whole, cut];
    const first = await compared(source, target);
    expect(new Set(first.report.differences.map(({ partition }) => partition)).size).toBeLessThan(12);
    const places = (one: typeof first) => one.unexplained.map(({ partition }) => partition);
    // Not the last: what the source alone holds does not speak against the target.
    expect(places(first)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    const carry = JSON.parse(JSON.stringify(first.carry)) as Record<string, unknown>;
    expect(places(await compared(source, target, { carry }))).toEqual(places(first));
    delete carry['unexplained'];
    expect(places(await compared(source, target, { carry }))).toHaveLength(source.length);
    expect(places(comparing(source, target))).toHaveLength(source.length);
  });

  test('a topic of which nothing was copied differs', async () => {
    const { report } = await compared([plain(made(300))], [new Log([])]);
    expect(report.differences[0]).toMatchObject({ source: '0', target: null });
  });
});

describe('what retention has removed is not verified', () => {
  const all = made(1000);

  test('on the target, with the range on the source', async () => {
    const target = new Log([{ records: all.slice(300) }], 300n);
    const { report } = await compared([plain(all)], [target]);
    expect(report).toMatchObject({
      records: '700',
      differences: [],
      unverifiable: [{ from: '0', to: '300', why: expect.stringContaining('log begins at offset 300') }],
    });
  });

  test('on the source, of which the target still holds some', async () => {
    const source = new Log([{ records: all.slice(400) }], 400n);
    const { report } = await compared([source], [plain(all)]);
    expect(report).toMatchObject({
      records: '600',
      differences: [],
      unverifiable: [{ from: '0', to: '400', why: expect.stringContaining('the target holds 400 records') }],
    });
  });

  test('also where offsets do not correspond, by looking for the place', async () => {
    const source = new Log([
      { records: all.slice(0, 700) },
      marker(commitKey, 7n),
      { records: all.slice(700), gap: 9 },
    ]);
    const target = new Log([{ records: all.slice(500) }], 500n);
    const { report } = await compared([source], [target]);
    expect(report).toMatchObject({
      records: '500',
      differences: [],
      unverifiable: [{ from: '0', to: '500' }],
    });
  });

  test('as a whole, when nothing is left', async () => {
    const { report } = await compared([plain(all)], [new Log([], 1000n)]);
    expect(report).toMatchObject({
      records: '0',
      differences: [],
      unverifiable: [{ from: '0', to: '1000' }],
    });
  });

  test('and a record that was altered behind it is still found', async () => {
    const target = new Log(
      [{ records: all.slice(300).map((one, at) => (at === 0 ? changes['value']!(one) : one)) }],
      300n,
    );
    const { report } = await compared([plain(all)], [target]);
    expect(report.differences).toEqual([expect.objectContaining({ source: '300', target: '300' })]);
  });

  test('nothing is said where both logs begin with the same record', async () => {
    const [source, target] = [new Log([{ records: all }], 5000n), plain(all)];
    const { report } = await compared([source], [target]);
    expect(report).toMatchObject({ records: '1000', differences: [], unverifiable: [] });
  });
});

describe('a compacted topic', () => {
  const keyed = (key: string, value: string | null, timestamp = 1n): NewRecord => ({
    timestamp,
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [],
  });

  test('is equal when the latest record of each key is, whatever compaction has taken', async () => {
    const source = plain([
      keyed('a', '1'),
      keyed('b', '1'),
      keyed('a', '2'),
      keyed('c', '1'),
      keyed('c', null),
    ]);
    const target = plain([keyed('b', '1'), keyed('a', '2')]);
    const { report } = await compared([source], [target], { compacted: true });
    expect(report).toMatchObject({ records: '2', differences: [], unverifiable: [] });
  });

  test('differs by key', async () => {
    const source = plain([keyed('a', '1'), keyed('b', '1'), keyed('c', '1')]);
    const target = plain([keyed('a', '1'), keyed('b', '2'), keyed('d', '1')]);
    const { report } = await compared([source], [target], { compacted: true });
    expect(report.differences).toEqual([
      expect.objectContaining({ source: '1', target: '1' }),
      expect.objectContaining({ source: '2', target: null }),
      expect.objectContaining({ source: null, target: '2' }),
    ]);
  });

  test('cannot be verified where the latest record was written again since', async () => {
    const source = plain([keyed('a', '1'), keyed('b', '1')]);
    const target = plain([keyed('b', '1')]);
    const mirrored = target.end;
    target.append({ records: [keyed('a', '2')] });
    const pairs = [
      {
        topic: 'orders',
        targetTopic: 'orders',
        partition: 0,
        sourceEnd: 2n,
        targetEnd: mirrored,
        compacted: true,
      },
    ];
    const { report } = await compared([source], [target], { pairs });
    expect(report).toMatchObject({ differences: [], unverifiable: [{ from: '0', to: '1' }] });
  });
});

describe('a comparison', () => {
  const all = made(9000).map((one) => ({ ...one, value: Buffer.alloc(900, one.value!) }));
  const cut = (records: readonly NewRecord[], size: number) =>
    Array.from({ length: Math.ceil(records.length / size) }, (_, at) => ({
      records: records.slice(at * size, (at + 1) * size),
    }));

  test('goes on where another was stopped, to the same hash', async () => {
    const [source, target] = [new Log(cut(all, 100)), new Log(cut(all, 70))];
    const whole = await compared([source], [target]);
    expect(whole.report).toMatchObject({ records: '9000', differences: [] });
    const stop = new AbortController();
    const stopped = comparing([source], [target], { signal: stop.signal });
    const run = stopped.run();
    // Stopped by itself in the middle, since each turn takes some of the records.
    const ended = expect(run).rejects.toThrow('enough');
    while (stopped.carry.under.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('enough'));
    await ended;
    const carry: unknown = JSON.parse(JSON.stringify(stopped.carry));
    const [, begun] = stopped.carry.under[0]!;
    expect(begun.records).toBeGreaterThan(0);
    expect(begun.records).toBeLessThan(9000);
    const second = await compared([source], [target], { carry });
    expect(second.report).toEqual(whole.report);
    expect(second.results[0]!.hash).toBe(whole.results[0]!.hash);
    // Done already: nothing is read any more.
    const third = await compared([source], [target], { carry: second.carry });
    expect(third.report).toEqual(whole.report);
    expect(third.results).toEqual([]);
  });

  test('goes on with what other brokers lead while one never answers', async () => {
    const records = Array.from({ length: 50 }, (_, i) => ({
      timestamp: BigInt(i),
      key: null,
      value: Buffer.from(`${i}`),
      headers: [],
    }));
    const logs = [plain(records), plain(records)];
    const source = clusterOf(logs);
    const silent: Cluster = {
      ...source,
      leaders: async (at) => new Map(at.map((one) => [partitionKey(one), { value: one.partition }])),
      fetch: (at, options) => (options.from === 0 ? new Promise(() => undefined) : source.fetch(at, options)),
    };
    const given = new AbortController();
    const comparison = comparing(logs, logs, { source: silent, signal: given.signal });
    const running = comparison.run();
    await eventually(
      () => comparison.progress.records,
      (seen) => seen === records.length,
    );
    given.abort(new Error('seen enough'));
    await expect(running).rejects.toThrow('seen enough');
  });

  test('of a copy under way tells what is not copied yet from what is missing', async () => {
    const records = made(100);
    const { report, summary } = await compared([plain(records)], [plain(records.slice(0, 60))], {
      sourceGoesOn: true,
    });
    expect(report).toMatchObject({ records: '60', differences: [] });
    expect(summary.pending).toBe(40);
  });

  test('leaves what producers have written to the target since alone', async () => {
    const { report } = await compared([plain(made(60))], [plain(made(100))], { targetGoesOn: true });
    expect(report).toMatchObject({ records: '60', differences: [] });
  });
});

test('an alignment leaves out as little as possible', () => {
  const window = (text: string) => ({
    records: [...text].map((letter, at) => ({ offset: BigInt(at), canonical: Buffer.from(letter) })),
    ended: true,
  });
  expect(align(window('abcdefgh'), window('abXdefgh'.slice(2)))).toEqual({ source: 3, target: 1 });
  expect(align(window('abc'), window(''))).toEqual({ source: 3, target: 0 });
  expect(align(window('abcdefgh'), window('efgh'))).toEqual({ source: 4, target: 0 });
});
