import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecordBatch } from '../../src/kafka/records/batch.js';
import { encodeBatch, type NewRecord } from '../../src/kafka/records/encode.js';
import { Block } from '../../src/parity/block.js';
import { editRecords } from '../../src/kafka/records/rewrite.js';
import { recordOffsets, recordsIn, type KafkaRecord } from '../../src/kafka/records/records.js';
import { headerFor, RecordPacker, type PackedRecords } from '../../src/kafka/records/repack.js';
import { codec, records } from './records-generators.js';

const producer = { producerId: 7n, producerEpoch: 3, baseSequence: 11 };

/** The batch as a broker would store it at offset 0. */
function stored(packed: PackedRecords): RecordBatch {
  return new RecordBatch(Buffer.concat([headerFor(packed, producer), packed.payload]));
}

const content = (all: Iterable<KafkaRecord>) =>
  [...all].map(({ timestamp, key, value, headers }) => ({ timestamp, key, value, headers }));

const offsetsOf = (packed: readonly PackedRecords[]): number[] =>
  packed.flatMap(({ origins }) =>
    Array.from({ length: origins.length / 2 }, (_, i) =>
      Array.from({ length: origins[i * 2 + 1]! }, (_, k) => origins[i * 2]! + k),
    ).flat(),
  );

/** So that doubles hold the difference of any two, twice as large in its encoding. */
const safe = (all: readonly NewRecord[]) =>
  all.every(({ timestamp }) => timestamp > -(2n ** 50n) && timestamp < 2n ** 50n);

test('records of several batches are the same in the new ones, without holes and within the limit', () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(records, codec, fc.boolean()), { minLength: 1, maxLength: 6 }),
      codec,
      fc.integer({ min: 1, max: 2_000 }),
      fc.nat(20),
      (sources, into, maxBytes, from) => {
        const packer = new RecordPacker(into, maxBytes, 64);
        const expected: KafkaRecord[] = [];
        let base = 0n;
        for (const [rows, of, appended] of sources) {
          const header = { codec: of, baseOffset: base, ...(appended && { appendTime: 1_700_000_000_000n }) };
          const batch = new RecordBatch(encodeBatch(rows, header));
          const all = [...recordsIn(batch)];
          base = batch.lastOffset + 1n;
          const added = packer.add(batch, from);
          if (safe(rows)) expect(added).toBe(true);
          if (!added) continue;
          expected.push(...all.filter(({ offset }) => offset >= from));
          taken++;
        }
        const packed = packer.finish();
        const batches = packed.map(stored);
        expect(content(batches.flatMap((batch) => [...recordsIn(batch)]))).toEqual(content(expected));
        expect(offsetsOf(packed)).toEqual(expected.map(({ offset }) => Number(offset)));
        for (const batch of batches) {
          expect(batch.crcMatches()).toBe(true);
          expect(batch).toMatchObject({ ...producer, codec: into, timestampType: 'create', control: false });
          expect(batch.contiguous && batch.count > 0).toBe(true);
          const times = [...recordsIn(batch)].map(({ timestamp }) => timestamp);
          expect(batch.maxTimestamp).toBe(times.reduce((a, b) => (a > b ? a : b)));
          if (into === 'none' && batch.count > 1) expect(batch.payload.length).toBeLessThanOrEqual(maxBytes);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(taken).toBeGreaterThan(100);
});

describe('a batch that is damaged', () => {
  const whole = encodeBatch(
    ['one', 'two'].map((text) => ({ timestamp: 5n, key: null, value: Buffer.from(text), headers: [] })),
  );

  test.each([
    [1, 0],
    [0, 0],
    [-1, 0],
    [0, 2],
  ])('has records at %d and %d of its two offsets: nobody takes them', (...deltas) => {
    const rows = deltas.map((offsetDelta) => ({
      timestamp: 5n,
      key: null,
      value: null,
      headers: [],
      offsetDelta,
    }));
    const batch = new RecordBatch(encodeBatch(rows, { lastOffsetDelta: 1 }));
    const readings = [
      () => new RecordPacker('none', 1_000).add(batch),
      () => [...recordsIn(batch)],
      () => [...recordOffsets(batch)],
      () => editRecords(batch, () => false),
      () => {
        const block = new Block(batch);
        while (block.next());
      },
    ];
    for (const read of readings) expect(read).toThrow('2 well-formed records');
  });

  test.each([
    ['ends too soon', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['goes on too long', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['has a length that is none', (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 61, 66)],
  ])('%s: it is said, and nothing is made of it', (_, damage) => {
    const packer = new RecordPacker('none', 1_000);
    expect(() => packer.add(new RecordBatch(damage(whole)))).toThrow('2 well-formed records');
  });
});
