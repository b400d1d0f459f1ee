import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attributeBits, batchesIn, headerAt, RecordBatch } from '../../src/kafka/records/batch.js';
import { crc32c } from '../../src/kafka/records/crc32c.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { noProducer, obstacleTo, patchBatch, type ProducerStamp } from '../../src/kafka/records/patch.js';
import { recordsIn } from '../../src/kafka/records/records.js';
import { codec, records } from './records-generators.js';

const int64 = fc.bigInt({ min: -1n, max: 2n ** 63n - 1n });
const stamp = fc.oneof(
  fc.constant(noProducer),
  fc.record({
    producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    producerEpoch: fc.nat(2 ** 15 - 1),
    baseSequence: fc.nat(2 ** 31 - 1),
  }),
);
const dense = records
  .filter((rows) => rows.length > 0)
  .map((rows) => rows.map((row, offsetDelta) => ({ ...row, offsetDelta })));
const header = fc.record({
  codec,
  baseOffset: fc.bigInt({ min: 0n, max: 2n ** 60n }),
  partitionLeaderEpoch: fc.nat(),
  producerId: int64,
  producerEpoch: fc.integer({ min: -1, max: 2 ** 15 - 1 }),
  baseSequence: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  transactional: fc.boolean(),
});

const captured = (name: string) =>
  [...batchesIn(readFileSync(new URL(`fixtures/records/${name}.batches`, import.meta.url)))] as RecordBatch[];

function patched(batch: RecordBatch, producer: ProducerStamp): RecordBatch {
  const { header, payload } = patchBatch(batch, producer);
  return new RecordBatch(Buffer.concat([header, payload]));
}

/** The bit as the cleaner sets it (KIP-534). */
function withDeleteHorizon(bytes: Buffer): RecordBatch {
  const copy = Buffer.from(bytes);
  copy.writeInt16BE(copy.readInt16BE(headerAt.attributes) | attributeBits.deleteHorizon, headerAt.attributes);
  copy.writeUInt32BE(crc32c(copy.subarray(headerAt.attributes)), headerAt.crc);
  return new RecordBatch(copy);
}

describe('a batch passed on whole', () => {
  test('carries the new producer, no trace of the old place, and the CRC of a full re-hash', () => {
    fc.assert(
      fc.property(dense, header, stamp, fc.boolean(), (rows, header, producer, horizon) => {
        const bytes = encodeBatch(rows, header);
        const source = horizon ? withDeleteHorizon(bytes) : new RecordBatch(bytes);
        const untouched = Buffer.from(source.bytes);
        const batch = patched(source, producer);
        expect(batch).toMatchObject({
          ...producer,
          baseOffset: 0n,
          partitionLeaderEpoch: -1,
          transactional: false,
          deleteHorizon: false,
          codec: source.codec,
          count: source.count,
          length: source.length,
          lastOffsetDelta: source.lastOffsetDelta,
          baseTimestamp: source.baseTimestamp,
          maxTimestamp: source.maxTimestamp,
        });
        expect(batch.crcMatches()).toBe(true);
        const relative = (batch: RecordBatch) =>
          [...recordsIn(batch)].map((row) => ({ ...row, offset: row.offset - batch.baseOffset }));
        expect(relative(batch)).toEqual(relative(source));
        expect(source.bytes).toEqual(untouched);
      }),
      { numRuns: 300 },
    );
  });

  test('and passed on again is the same as passed on once', () => {
    fc.assert(
      fc.property(dense, header, stamp, stamp, (rows, header, first, second) => {
        const source = new RecordBatch(encodeBatch(rows, header));
        expect(patched(patched(source, first), second).bytes).toEqual(patched(source, second).bytes);
      }),
    );
  });

  test('keeps a flipped bit of the source detectable', () => {
    const bytes = encodeBatch([{ timestamp: 1n, key: null, value: Buffer.alloc(100), headers: [] }]);
    fc.assert(
      fc.property(
        fc.integer({ min: headerAt.records, max: bytes.length - 1 }),
        fc.nat(7),
        stamp,
        (at, bit, producer) => {
          const damaged = Buffer.from(bytes);
          damaged[at]! ^= 1 << bit;
          expect(patched(new RecordBatch(damaged), producer).crcMatches()).toBe(false);
        },
      ),
    );
  });

  test.each(['transactions', 'gzip', 'snappy', 'lz4', 'zstd', 'compacted', 'compacted-gzip'])(
    'holds for the bytes of a broker: %s',
    (name) => {
      const whole = captured(name).filter((batch) => obstacleTo(batch) === null);
      expect(whole.length).toBeGreaterThan(0);
      for (const source of whole) {
        const batch = patched(source, { producerId: 77n, producerEpoch: 3, baseSequence: 12 });
        expect(batch.crcMatches()).toBe(true);
        expect(batch).toMatchObject({ producerId: 77n, transactional: false, deleteHorizon: false });
      }
    },
  );
});

describe('what cannot be passed on whole', () => {
  test('is named', () => {
    expect(captured('compacted').map(obstacleTo).slice(0, 4)).toEqual(['holes', 'empty', 'holes', null]);
    expect(captured('append-time').map(obstacleTo)).toEqual(['append-time']);
    expect(captured('transactions').filter((batch) => obstacleTo(batch) === 'control')).toHaveLength(8);
  });

  test('is refused', () => {
    const [batch] = captured('append-time');
    expect(() => patchBatch(batch!, noProducer)).toThrow(
      expect.objectContaining({ type: 'Unexpected', message: expect.stringContaining('append-time') }),
    );
  });
});
