import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batchesIn, headerAt, RecordBatch } from '../../src/kafka/records/batch.js';
import { encodeBatch, type BatchHeader, type NewRecord } from '../../src/kafka/records/encode.js';
import { recordOffsets, recordsIn } from '../../src/kafka/records/records.js';
import { ByteReader, ByteWriter, varintSize, varlongSize } from '../../src/kafka/records/varints.js';
import { codec, records } from './records-generators.js';

const one: NewRecord = { timestamp: 5n, key: Buffer.from('k'), value: Buffer.from('v'), headers: [] };
const baseOffset = fc.bigInt({ min: 0n, max: 2n ** 60n });

function only(bytes: Buffer): RecordBatch {
  const [entry, ...others] = batchesIn(bytes);
  if (entry?.kind !== 'batch' || others.length > 0) throw new Error('not exactly one batch of magic 2');
  return entry;
}

describe('a record batch', () => {
  test('gives back the records that were written, whatever they hold', () => {
    fc.assert(
      fc.property(records, codec, baseOffset, (written, codec, baseOffset) => {
        const batch = only(encodeBatch(written, { codec, baseOffset }));
        const expected = written.map(({ offsetDelta, ...row }) => ({
          ...row,
          offset: baseOffset + BigInt(offsetDelta!),
        }));
        expect([...recordsIn(batch)]).toEqual(expected);
        expect([...recordOffsets(batch)]).toEqual(expected.map(({ offset }) => offset));
        expect(batch.crcMatches()).toBe(true);
        expect(batch.count).toBe(written.length);
        expect(batch.lastOffset).toBe(expected.at(-1)?.offset ?? baseOffset);
        expect(batch.contiguous).toBe(
          written.every(({ offsetDelta }, i) => offsetDelta === i) && written.length > 0,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('gives back every header field', () => {
    const int32 = fc.integer({ min: -1, max: 2 ** 31 - 1 });
    const fields = fc.record({
      baseOffset,
      partitionLeaderEpoch: int32,
      codec,
      producerId: fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }),
      producerEpoch: fc.integer({ min: -1, max: 2 ** 15 - 1 }),
      baseSequence: int32,
      transactional: fc.boolean(),
      control: fc.boolean(),
      lastOffsetDelta: fc.nat(2 ** 31 - 1),
    });
    fc.assert(
      fc.property(fields, (fields) => {
        const bytes = encodeBatch([one], fields);
        const batch = only(bytes);
        expect(batch).toMatchObject({ ...fields, magic: 2, timestampType: 'create', deleteHorizon: false });
        expect(batch.length).toBe(bytes.length - 12);
        expect([batch.baseTimestamp, batch.maxTimestamp]).toEqual([5n, 5n]);
      }),
    );
  });

  test('shows the append time on every record of a batch that the broker stamped', () => {
    const batch = only(encodeBatch([one, { ...one, timestamp: 9n }], { appendTime: 1_000n }));
    expect(batch.timestampType).toBe('append');
    expect([...recordsIn(batch)].map(({ timestamp }) => timestamp)).toEqual([1_000n, 1_000n]);
  });

  test('numbers records from zero when nothing else is said', () => {
    const batch = only(encodeBatch([one, { ...one, offsetDelta: 7 }, one], { baseOffset: 10n }));
    expect([...recordOffsets(batch)]).toEqual([10n, 17n, 18n]);
  });

  test('does not match its CRC once any bit of its contents has flipped', () => {
    const bytes = encodeBatch([one, one]);
    fc.assert(
      fc.property(fc.integer({ min: headerAt.crc, max: bytes.length - 1 }), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 1 << bit;
        expect(new RecordBatch(damaged).crcMatches()).toBe(false);
      }),
    );
  });

  test('whose records do not fill it is an error that names its offset', () => {
    const bytes = encodeBatch([one, one], { baseOffset: 42n });
    const malformed = (change: (copy: Buffer) => void) => {
      const copy = Buffer.from(bytes);
      change(copy);
      return new RecordBatch(copy);
    };
    const cases = [
      malformed((copy) => copy.writeInt32BE(3, headerAt.count)),
      malformed((copy) => copy.writeInt32BE(1, headerAt.count)),
      malformed((copy) => copy.writeInt8(127, headerAt.records)),
      malformed((copy) => copy.fill(0xff, headerAt.records)),
    ];
    for (const batch of cases)
      for (const read of [recordsIn, recordOffsets])
        expect(() => [...read(batch)]).toThrow(
          expect.objectContaining({ type: 'Unexpected', message: expect.stringContaining('offset 42 ') }),
        );
  });
});

describe('batches back to back', () => {
  const headers = fc.array(fc.record({ baseOffset, codec }), { minLength: 1, maxLength: 5 });

  test('are found each, without the one that is cut off', () => {
    fc.assert(
      fc.property(headers, fc.nat(), (headers: BatchHeader[], cut) => {
        const batches = headers.map((header) => encodeBatch([one], header));
        const bytes = Buffer.concat(batches);
        const end = cut % (bytes.length + 1);
        let whole = 0;
        for (let at = 0; whole < batches.length && at + batches[whole]!.length <= end; whole++)
          at += batches[whole]!.length;
        const found = [...batchesIn(bytes.subarray(0, end))];
        expect(found.map((batch) => batch.bytes)).toEqual(batches.slice(0, whole));
      }),
    );
  });

  test('are views of the bytes, not copies', () => {
    const bytes = encodeBatch([one]);
    const batch = only(bytes);
    bytes.writeBigInt64BE(99n, 0);
    expect(batch.baseOffset).toBe(99n);
  });

  test('are not read on where the bytes are none', () => {
    const unknownMagic = encodeBatch([one]);
    unknownMagic.writeInt8(3, headerAt.magic);
    const tooShort = encodeBatch([one]);
    tooShort.writeInt32BE(48, headerAt.length);
    for (const bytes of [unknownMagic, tooShort, Buffer.alloc(100), Buffer.alloc(100, 0xff)])
      expect(() => [...batchesIn(bytes)]).toThrow(expect.objectContaining({ type: 'Unexpected' }));
  });
});

describe('integers of variable length', () => {
  test.each([
    [0, '00'],
    [-1, '01'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
  ])('%d is %s in both widths', (value, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(varintSize(value)).toBe(bytes.length);
    expect(varlongSize(BigInt(value))).toBe(bytes.length);
    const written = [Buffer.alloc(bytes.length), Buffer.alloc(bytes.length)] as const;
    new ByteWriter(written[0]).varint(value);
    new ByteWriter(written[1]).varlong(BigInt(value));
    expect(written).toEqual([bytes, bytes]);
    expect(new ByteReader(bytes).varint()).toBe(value);
    expect(new ByteReader(bytes).varlong()).toBe(BigInt(value));
  });

  test.each([
    [2n ** 63n - 1n, 'feffffffffffffffff01'],
    [-(2n ** 63n), 'ffffffffffffffffff01'],
    [2n ** 34n, '808080808001'],
  ])('%d is %s', (value, hex) => {
    const bytes = Buffer.alloc(varlongSize(value));
    new ByteWriter(bytes).varlong(value);
    expect(bytes.toString('hex')).toBe(hex);
    expect(new ByteReader(bytes).varlong()).toBe(value);
  });

  test('that never end are an error', () => {
    expect(() => new ByteReader(Buffer.alloc(20, 0x80)).varint()).toThrow(RangeError);
    expect(() => new ByteReader(Buffer.alloc(20, 0x80)).varlong()).toThrow(RangeError);
    expect(() => new ByteReader(Buffer.alloc(2, 0x80)).varint()).toThrow(RangeError);
  });
});
