import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FetchedBatches } from '../../src/kafka/cluster.js';
import { RecordBatch, type LegacyEntry } from '../../src/kafka/records/batch.js';
import { encodeBatch, type NewRecord } from '../../src/kafka/records/encode.js';
import { recordsIn, type KafkaRecord } from '../../src/kafka/records/records.js';
import { asWritten, type MirroredIds } from '../../src/mirror/schema-ids.js';
import { shape, type Queued, type Shaped } from '../../src/mirror/shaping.js';
import { SourceQueue } from '../../src/mirror/source-queue.js';
import { TranslatedQueue } from '../../src/mirror/translated-queue.js';
import { translateIds, type IdsOfTopic } from '../../src/registry/record-ids.js';
import { codec, bytes } from './records-generators.js';

const producer = { producerId: 7n, producerEpoch: 3, baseSequence: 11 };
const ids = new Map(Array.from({ length: 20 }, (_, id) => [id + 1, 1_000 + 3 * id]));
/** Of a topic whose values alone carry ids; keys that look like it are numbers. */
const ofValues: IdsOfTopic = (part, id) => (part === 'value' ? ids.get(id) : id);

const framed = (id: number, rest: Uint8Array): Buffer => {
  const value = Buffer.concat([Buffer.alloc(5), rest]);
  value.writeUInt32BE(id, 1);
  return value;
};
/** Values of a topic with schemas, tombstones, what is too short, and what begins with another byte. */
const value = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 20 }), bytes()).map(([id, rest]) => framed(id, rest)),
  },
  fc.constant(null),
  bytes(4),
  fc.tuple(fc.integer({ min: 1, max: 255 }), bytes()).map(([magic, rest]) => Buffer.from([magic, ...rest])),
);
const key = fc.oneof(
  fc.constant(null),
  bytes(8),
  fc.nat(30).map((number) => framed(number, Buffer.alloc(3))),
);
const record = fc.record({
  timestamp: fc.oneof(
    fc.bigInt({ min: 1_700_000_000_000n, max: 1_700_000_100_000n }),
    fc.constant(2n ** 62n),
  ),
  key,
  value,
  headers: fc.array(fc.record({ key: bytes(5), value: fc.option(value, { nil: null }) }), { maxLength: 2 }),
});
const batches = fc.array(
  fc.record({
    rows: fc.array(fc.tuple(record, fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(3))), {
      minLength: 1,
      maxLength: 8,
    }),
    codec,
    appended: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

function written(log: ReturnType<typeof batchesOf>): Buffer {
  return Buffer.concat(log.map((batch) => batch.bytes));
}

function batchesOf(
  generated: readonly {
    rows: (readonly [NewRecord, number])[];
    codec: RecordBatch['codec'];
    appended: boolean;
  }[],
): RecordBatch[] {
  let base = 0n;
  return generated.map(({ rows, codec: of, appended }) => {
    let next = 0;
    const records = rows.map(([row, skipped]) => {
      const offsetDelta = next + skipped;
      next = offsetDelta + 1;
      return { ...row, offsetDelta };
    });
    const batch = new RecordBatch(
      encodeBatch(records, {
        codec: of,
        baseOffset: base,
        partitionLeaderEpoch: 4,
        ...(appended && { appendTime: 1_700_000_000_000n }),
      }),
    );
    base = batch.lastOffset + 1n;
    return batch;
  });
}

function queueOf(log: readonly RecordBatch[]): SourceQueue {
  const queue = new SourceQueue(0, -1);
  const end = log.at(-1)!.lastOffset + 1n;
  queue.feed({
    batches: written([...log]),
    aborted: [],
    watermarks: { logStart: 0n, highWatermark: end, lastStable: end },
  } satisfies FetchedBatches);
  return queue;
}

function shapedAll(queue: SourceQueue, from: Queued, largest: number): Shaped[] {
  const all: Shaped[] = [];
  let handed = 0;
  while (!queue.empty) {
    const next = shape(from, handed, largest);
    all.push(...next);
    handed = next.at(-1)?.sourceNext ?? handed;
  }
  return all;
}

const stored = (shaped: Shaped) => new RecordBatch(Buffer.concat(shaped.stamp(producer)));
const content = (all: Iterable<KafkaRecord>) =>
  [...all].map(({ timestamp, key, value, headers }) => ({ timestamp, key, value, headers }));
const originsOf = (all: readonly Shaped[]): number[] =>
  all.flatMap(({ origins }) =>
    Array.from({ length: origins.length / 2 }, (_, i) =>
      Array.from({ length: origins[i * 2 + 1]! }, (_, k) => origins[i * 2]! + k),
    ).flat(),
  );
const expected = ({ value: before, ...rest }: KafkaRecord): Omit<KafkaRecord, 'offset'> => {
  const { timestamp, key, headers } = rest;
  if (before === null || before.length < 5 || before[0] !== 0)
    return { timestamp, key, value: before, headers };
  return { timestamp, key, value: framed(ids.get(before.readUInt32BE(1))!, before.subarray(5)), headers };
};

describe('records that are written with other ids', () => {
  it('are the same but for the ids, in the same order and from the same offsets', () => {
    let translated = 0;
    fc.assert(
      fc.property(batches, fc.integer({ min: 70, max: 4_000 }), (generated, largest) => {
        const log = batchesOf(generated);
        const before = written(log);
        const all = log.flatMap((batch) => [...recordsIn(batch)]);
        const queue = queueOf(log);
        const shaped = shapedAll(queue, new TranslatedQueue(queue, ofValues), largest);
        const target = shaped.map(stored);
        expect(content(target.flatMap((batch) => [...recordsIn(batch)]))).toEqual(all.map(expected));
        expect(originsOf(shaped)).toEqual(all.map(({ offset }) => Number(offset)));
        expect(shaped.at(-1)?.sourceNext).toBe(Number(log.at(-1)!.lastOffset) + 1);
        for (const batch of target) {
          expect(batch.crcMatches()).toBe(true);
          expect(batch).toMatchObject({ ...producer, timestampType: 'create', contiguous: true });
        }
        for (const [at, { whole }] of shaped.entries())
          if (whole)
            expect(content(recordsIn(target[at]!))).toEqual(content(recordsIn(batchAt(log, shaped[at]!))));
        // What was fetched stays as it was: another attempt reads it again.
        expect(written(log)).toEqual(before);
        translated += all.filter(({ value: of }) => of && of.length >= 5 && of[0] === 0).length;
      }),
      { numRuns: 200 },
    );
    expect(translated).toBeGreaterThan(200);
  });

  it('go no further than a batch with an id that is not known, and on when it is', () => {
    fc.assert(
      fc.property(batches, batches, codec, (before, behind, of) => {
        const [firsts, lasts] = [batchesOf(before), batchesOf(behind)];
        const known = new Map(ids);
        const stray = {
          rows: [[plain(framed(77, Buffer.from('x'))), 0]] as [NewRecord, number][],
          codec: of,
          appended: false,
        };
        const log = batchesOf([...before, stray, ...behind]);
        const at = firsts.at(-1)!.lastOffset + 1n;
        const queue = queueOf(log);
        const view = new TranslatedQueue(queue, (part, id) => (part === 'value' ? known.get(id) : id));
        const shaped: Shaped[] = [];
        let handed = 0;
        const take = () => {
          for (;;) {
            const next = shape(view, handed, 4_000);
            if (next.length === 0) return;
            shaped.push(...next);
            handed = next.at(-1)!.sourceNext;
          }
        };
        take();
        expect(view.unknown).toEqual({ part: 'value', id: 77, offset: at });
        expect(handed).toBe(Number(at));
        known.set(77, 78);
        take();
        expect(view.unknown).toBeUndefined();
        expect(queue.empty).toBe(true);
        const values = shaped
          .map(stored)
          .flatMap((batch) => [...recordsIn(batch)].map(({ value: one }) => one));
        expect(values.filter((one) => one?.equals(framed(78, Buffer.from('x'))))).toHaveLength(1);
        expect(values).toHaveLength(count(firsts) + 1 + count(lasts));
      }),
      { numRuns: 100 },
    );
  });

  it('are the batch itself where every id is the same on both sides', () => {
    const [batch] = batchesOf([
      { rows: [[plain(framed(5, Buffer.from('x'))), 0]], codec: 'gzip', appended: false },
    ]);
    expect(
      translateIds(
        batch!,
        (_, id) => id,
        () => undefined,
      ),
    ).toBe(batch);
    const queue = queueOf([batch!]);
    expect(shape(new TranslatedQueue(queue, (_, id) => id), 0, 4_000)).toMatchObject([{ whole: true }]);
  });

  it('carry them in keys too', () => {
    const row = { ...plain(framed(5, Buffer.from('v'))), key: framed(6, Buffer.from('k')) };
    const [batch] = batchesOf([{ rows: [[row, 0]], codec: 'none', appended: false }]);
    const translated = translateIds(
      batch!,
      (_, id) => ids.get(id),
      () => undefined,
    );
    expect(content(recordsIn(translated))).toEqual([
      { ...row, key: framed(1_015, Buffer.from('k')), value: framed(1_012, Buffer.from('v')) },
    ]);
    const queue = queueOf([batch!]);
    expect(shape(new TranslatedQueue(queue, (_, id) => ids.get(id)), 0, 4_000)).toMatchObject([
      { whole: false },
    ]);
  });

  it('are not made of a batch that was damaged on the way', () => {
    const rows: [NewRecord, number][] = [[plain(framed(5, Buffer.from('xyz'))), 0]];
    const [batch] = batchesOf([{ rows, codec: 'none', appended: false }]);
    const damaged = Buffer.from(batch!.bytes);
    damaged[damaged.length - 2]! ^= 1;
    expect(() => translateIds(new RecordBatch(damaged), ofValues, () => undefined)).toThrow(
      'The batch at offset 0 of a partition is damaged',
    );
  });

  it('of formats before Kafka 0.11 are translated too', () => {
    const entry = legacy(framed(5, Buffer.from('old')), 9n);
    const queue = new SourceQueue(9, -1);
    queue.feed({
      batches: entry,
      aborted: [],
      watermarks: { logStart: 9n, highWatermark: 10n, lastStable: 10n },
    });
    const [shaped] = shape(new TranslatedQueue(queue, ofValues), 9, 4_000);
    expect(shaped).toMatchObject({ origins: [9, 1], sourceNext: 10, whole: false });
    expect(content(recordsIn(stored(shaped!)))).toMatchObject([{ value: framed(1_012, Buffer.from('old')) }]);
  });
});

describe('a mirror that goes on', () => {
  it('compares the target with the records as it has written them, and stops at what it could not have', async () => {
    const known: MirroredIds = {
      of: () => ofValues,
      learn: async ({ id, offset }) => Promise.reject(new Error(`id ${id} at ${offset}`)),
    };
    const records = async function* (...values: (Buffer | null)[]) {
      for (const [at, one] of values.entries())
        yield { ...plain(one), offset: BigInt(at), stamped: 'create' as const };
    };
    const source = [framed(3, Buffer.from('a')), null, Buffer.from('{}'), framed(99, Buffer.from('b'))];
    const seen: (Buffer | null)[] = [];
    const reading = async () => {
      for await (const { value: one } of asWritten(
        records(...source),
        { topic: 'orders', partition: 0 },
        known,
      ))
        seen.push(one);
    };
    await expect(reading()).rejects.toThrow('id 99 at 3');
    expect(seen).toEqual([framed(1_006, Buffer.from('a')), null, Buffer.from('{}')]);
    expect(source[0]).toEqual(framed(3, Buffer.from('a')));
  });
});

function plain(of: Buffer | null): NewRecord {
  return { timestamp: 1_700_000_000_000n, key: null, value: of, headers: [] };
}

const count = (log: readonly RecordBatch[]): number => log.reduce((sum, batch) => sum + batch.count, 0);

function batchAt(log: readonly RecordBatch[], { origins }: Shaped): RecordBatch {
  return log.find((batch) => Number(batch.baseOffset) === origins[0])!;
}

/** One message of magic 1, uncompressed; grammar in batch.ts. */
function legacy(of: Buffer, offset: bigint): LegacyEntry['bytes'] {
  const entry = Buffer.alloc(12 + 4 + 1 + 1 + 8 + 4 + 4 + of.length);
  entry.writeBigInt64BE(offset, 0);
  entry.writeInt32BE(entry.length - 12, 8);
  entry.writeInt8(1, 16);
  entry.writeBigInt64BE(1_400_000_000_000n, 18);
  entry.writeInt32BE(-1, 26);
  entry.writeInt32BE(of.length, 30);
  of.copy(entry, 34);
  return entry;
}
