import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DeliverableScan,
  type AbortedTransaction,
  type Deliverable,
} from '../../src/kafka/records/deliverable.js';
import { encodeBatch, type NewRecord } from '../../src/kafka/records/encode.js';
import { codec } from './records-generators.js';

const row = (offsetDelta: number): NewRecord => ({
  timestamp: 1n,
  key: null,
  value: Buffer.from('v'),
  headers: [],
  offsetDelta,
});

type Codec = typeof codec extends fc.Arbitrary<infer T> ? T : never;

/** One thing that happens to a partition. `kept` is what compaction leaves of the records; null takes the batch as well. */
type Event =
  | {
      kind: 'data';
      producer: number | null;
      transactional: boolean;
      kept: boolean[];
      gone: boolean;
      codec: Codec;
    }
  | { kind: 'end'; producer: number; commit: boolean };

interface LoggedBatch {
  bytes: Buffer;
  base: bigint;
  last: bigint;
  kind: 'data' | 'empty' | 'control';
  records: bigint[];
  aborted: boolean;
}
interface LoggedTransaction extends AbortedTransaction {
  marker: bigint;
}
interface Log {
  batches: LoggedBatch[];
  aborted: LoggedTransaction[];
}

const marker = (commit: boolean) => Buffer.from([0, 0, 0, commit ? 1 : 0]);

/** What a broker would hold and list after these events; every open transaction is ended. */
function play(events: Event[]): Log {
  const log: Log = { batches: [], aborted: [] };
  const open = new Map<number, { first: bigint; batches: LoggedBatch[] }>();
  let next = 0n;
  const end = (producer: number, commit: boolean) => {
    const transaction = open.get(producer);
    if (!transaction) return;
    open.delete(producer);
    const control = { ...row(0), key: marker(commit), value: Buffer.alloc(6) };
    const bytes = encodeBatch([control], {
      baseOffset: next,
      producerId: BigInt(producer),
      transactional: true,
      control: true,
    });
    log.batches.push({ bytes, base: next, last: next, kind: 'control', records: [], aborted: false });
    if (!commit) {
      for (const batch of transaction.batches) batch.aborted = true;
      log.aborted.push({ producerId: BigInt(producer), firstOffset: transaction.first, marker: next });
    }
    next++;
  };
  for (const event of events) {
    if (event.kind === 'end') {
      end(event.producer, event.commit);
      continue;
    }
    // A producer inside a transaction writes nothing outside of it.
    const transactional = event.producer !== null && (event.transactional || open.has(event.producer));
    const base = next;
    const deltas = event.kept.flatMap((kept, i) => (kept ? [i] : []));
    next += BigInt(event.kept.length);
    const bytes = encodeBatch(deltas.map(row), {
      baseOffset: base,
      codec: deltas.length > 0 ? event.codec : 'none',
      producerId: BigInt(event.producer ?? -1),
      transactional,
      lastOffsetDelta: event.kept.length - 1,
    });
    const batch: LoggedBatch = {
      bytes,
      base,
      last: next - 1n,
      kind: deltas.length > 0 ? 'data' : 'empty',
      records: deltas.map((delta) => base + BigInt(delta)),
      aborted: false,
    };
    if (!(event.gone && batch.kind === 'empty')) log.batches.push(batch);
    if (transactional) {
      const transaction = open.get(event.producer!) ?? { first: base, batches: [] };
      transaction.batches.push(batch);
      open.set(event.producer!, transaction);
    }
  }
  for (const producer of [...open.keys()]) end(producer, producer % 2 === 0);
  return log;
}

const producer = fc.integer({ min: 1, max: 3 });
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      producer: fc.option(producer),
      transactional: fc.boolean(),
      kept: fc.oneof(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        fc.array(fc.constant(true), { minLength: 1, maxLength: 3 }),
        fc.array(fc.constant(false), { minLength: 1, maxLength: 3 }),
      ),
      gone: fc.boolean(),
      codec,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('end' as const), producer, commit: fc.boolean() }),
  },
);
const log = fc.array(event, { maxLength: 20 }).map(play);
const isolation = fc.constantFrom('read_committed' as const, 'read_uncommitted' as const);

/** The answer by definition, from what is known of the log rather than from its bytes. */
function expected({ batches }: Log, position: bigint, committed: boolean): Deliverable {
  const unseen = batches.filter(({ last }) => last >= position);
  const records = unseen
    .filter(({ aborted }) => !(committed && aborted))
    .flatMap(({ records }) => records)
    .filter((offset) => offset >= position);
  if (records.length > 0) return { kind: 'record', offset: records[0]! };
  const next = unseen.at(-1) ? unseen.at(-1)!.last + 1n : position;
  const named = {
    control: unseen.filter(({ kind }) => kind === 'control'),
    empty: unseen.filter(({ kind }) => kind === 'empty'),
    aborted: unseen.filter(({ kind, aborted }) => kind === 'data' && aborted && committed),
  };
  const covered = Object.values(named)
    .flat()
    .reduce((sum, { base, last }) => sum + last + 1n - (base > position ? base : position), 0n);
  return {
    kind: 'none',
    next,
    controlBatches: named.control.length,
    emptyBatches: named.empty.length,
    abortedBatches: named.aborted.length,
    holes: next - position - covered,
  };
}

/** One Fetch from `offset` that brings `count` batches, as a broker answers: the batch holding the offset comes whole. */
function fetch(log: Log, offset: bigint, count: number) {
  const from = log.batches.findIndex(({ last }) => last >= offset);
  const brought = from < 0 ? [] : log.batches.slice(from, from + count);
  const cutOff = from < 0 ? [] : log.batches.slice(from + count, from + count + 1);
  const end = (brought.at(-1)?.last ?? offset) + 1n;
  return {
    batches: Buffer.concat([
      ...brought.map(({ bytes }) => bytes),
      ...cutOff.map(({ bytes }) => bytes.subarray(0, -1)),
    ]),
    aborted: log.aborted.filter(({ marker, firstOffset }) => marker >= offset && firstOffset < end),
  };
}

const position = (log: Log, place: number) => BigInt(place) % ((log.batches.at(-1)?.last ?? 0n) + 2n);

describe('the first deliverable record', () => {
  test('from any position is the one that the log holds, over any division into fetches', () => {
    fc.assert(
      fc.property(
        log,
        fc.nat(),
        isolation,
        fc.integer({ min: 1, max: 6 }),
        (log, place, isolation, perFetch) => {
          const start = position(log, place);
          const scan = new DeliverableScan(start, isolation);
          let answer = scan.result;
          for (let before: bigint | undefined; answer.kind === 'none' && answer.next !== before;) {
            before = answer.next;
            answer = scan.feed(fetch(log, answer.next, perFetch));
          }
          expect(answer).toEqual(expected(log, start, isolation === 'read_committed'));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('does not change when one fetch is fed in parts, or starts before the position', () => {
    fc.assert(
      fc.property(log, fc.nat(), isolation, (log, place, isolation) => {
        const start = position(log, place);
        const scan = new DeliverableScan(start, isolation);
        for (const { bytes } of log.batches) scan.feed({ batches: bytes, aborted: log.aborted });
        expect(scan.result).toEqual(expected(log, start, isolation === 'read_committed'));
      }),
      { numRuns: 1_000 },
    );
  });

  test('is not looked for again once found', () => {
    const at = (baseOffset: bigint) => encodeBatch([row(0)], { baseOffset });
    const scan = new DeliverableScan(3n, 'read_committed');
    expect(scan.feed({ batches: at(3n), aborted: [] })).toEqual({ kind: 'record', offset: 3n });
    expect(scan.feed({ batches: at(4n), aborted: [] })).toEqual({ kind: 'record', offset: 3n });
  });

  test('is not skipped because its producer has aborted in other transactions', () => {
    const of = (baseOffset: bigint, transactional: boolean) =>
      encodeBatch([row(0)], { baseOffset, producerId: 7n, transactional });
    const abort = encodeBatch([{ ...row(0), key: marker(false) }], {
      baseOffset: 1n,
      producerId: 7n,
      transactional: true,
      control: true,
    });
    const aborted = [{ producerId: 7n, firstOffset: 0n }];
    const read = (...batches: Buffer[]) =>
      new DeliverableScan(0n, 'read_committed').feed({ batches: Buffer.concat(batches), aborted });
    expect(read(of(0n, true), abort, of(2n, true))).toEqual({ kind: 'record', offset: 2n });
    expect(read(of(0n, false))).toEqual({ kind: 'record', offset: 0n });
    expect(read(of(0n, true))).toMatchObject({ kind: 'none', next: 1n, abortedBatches: 1 });
  });

  test('nothing fetched says nothing', () => {
    expect(new DeliverableScan(5n, 'read_committed').feed({ batches: Buffer.alloc(0), aborted: [] })).toEqual(
      {
        kind: 'none',
        next: 5n,
        controlBatches: 0,
        emptyBatches: 0,
        abortedBatches: 0,
        holes: 0n,
      },
    );
  });
});
