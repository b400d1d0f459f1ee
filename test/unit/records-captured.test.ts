import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { batchesIn, type RecordBatch } from '../../src/kafka/records/batch.js';
import { DeliverableScan, type GroupIsolation } from '../../src/kafka/records/deliverable.js';
import { controlType, recordOffsets, recordsIn } from '../../src/kafka/records/records.js';

interface JavaConsumer {
  aborted: { producerId: number; firstOffset: number; lastOffset: number }[];
  readCommitted: number[];
  records: {
    offset: number;
    timestamp: number;
    key: string | null;
    valueSha256: string | null;
    headers: [string, string | null][];
  }[];
}

const fixture = (name: string) => readFileSync(new URL(`fixtures/records/${name}`, import.meta.url));
const topics = [
  'transactions',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
  'append-time',
  'compacted',
  'compacted-gzip',
] as const;

function captured(topic: string) {
  const java = JSON.parse(fixture(`${topic}.json`).toString()) as JavaConsumer;
  const bytes = fixture(`${topic}.batches`);
  return { java, bytes, batches: [...batchesIn(bytes)] as RecordBatch[] };
}

const base64 = (bytes: Buffer | null) => bytes && bytes.toString('base64');

describe.each(topics)('batches of a real broker: %s', (topic) => {
  const { java, bytes, batches } = captured(topic);

  test('are as many bytes as the log, with the CRC that the broker wrote', () => {
    expect(Buffer.concat(batches.map((batch) => batch.bytes)).equals(bytes)).toBe(true);
    expect(batches.map((batch) => batch.crcMatches())).toEqual(batches.map(() => true));
  });

  test('hold what the Java consumer read', () => {
    const data = batches.filter((batch) => !batch.control);
    const read = data.flatMap((batch) => [...recordsIn(batch)]);
    expect(
      read.map(({ offset, timestamp, key, value, headers }) => ({
        offset: Number(offset),
        timestamp: Number(timestamp),
        key: base64(key),
        valueSha256: value && createHash('sha256').update(value).digest('hex'),
        headers: headers.map(({ key, value }) => [key.toString(), base64(value)]),
      })),
    ).toEqual(java.records);
    expect(data.flatMap((batch) => [...recordOffsets(batch)])).toEqual(read.map(({ offset }) => offset));
  });

  test.each<GroupIsolation>(['read_committed', 'read_uncommitted'])(
    'deliver to a %s group what the Java consumer would be given next, from every position',
    (isolation) => {
      const offsets =
        isolation === 'read_committed' ? java.readCommitted : java.records.map(({ offset }) => offset);
      const end = Number(batches.at(-1)!.lastOffset) + 1;
      for (let position = 0; position <= end; position++) {
        const first = batches.findIndex((batch) => batch.lastOffset >= position);
        const range =
          first < 0 ? Buffer.alloc(0) : Buffer.concat(batches.slice(first).map(({ bytes }) => bytes));
        const aborted = java.aborted
          .filter(({ lastOffset }) => lastOffset >= position)
          .map(({ producerId, firstOffset }) => ({
            producerId: BigInt(producerId),
            firstOffset: BigInt(firstOffset),
          }));
        const next = offsets.find((offset) => offset >= position);
        expect(
          new DeliverableScan(BigInt(position), isolation).feed({ batches: range, aborted }),
        ).toMatchObject(
          next === undefined ? { kind: 'none', next: BigInt(end) } : { kind: 'record', offset: BigInt(next) },
        );
      }
    },
  );
});

describe('what the broker did to them', () => {
  test('markers of the transactions, by producer', () => {
    const { batches } = captured('transactions');
    const markers = batches.filter((batch) => batch.control);
    expect(markers.map((batch) => [batch.producerId, controlType(batch)])).toEqual([
      [3n, 'commit'],
      [3n, 'commit'],
      [4n, 'abort'],
      [4n, 'commit'],
      [4n, 'abort'],
      [5n, 'abort'],
      [4n, 'commit'],
      [3n, 'abort'],
    ]);
    expect(markers.every((batch) => batch.transactional && batch.count === 1)).toBe(true);
  });

  test('nothing to read behind an aborted tail, with the reasons', () => {
    const { bytes } = captured('transactions');
    const aborted = [{ producerId: 3n, firstOffset: 27n }];
    expect(new DeliverableScan(25n, 'read_committed').feed({ batches: bytes, aborted })).toEqual({
      kind: 'none',
      next: 30n,
      controlBatches: 3,
      emptyBatches: 0,
      abortedBatches: 1,
      holes: 0n,
    });
  });

  test('compaction: bounds kept, records gone, an emptied batch, a delete horizon', () => {
    for (const topic of ['compacted', 'compacted-gzip']) {
      const { batches } = captured(topic);
      expect(batches.map(({ baseOffset, lastOffset, count }) => [baseOffset, lastOffset, count])).toEqual([
        [0n, 4n, 1],
        [5n, 6n, 0],
        [7n, 9n, 1],
        [10n, 12n, 3],
        [13n, 14n, 2],
        [15n, 16n, 2],
        [17n, 17n, 1],
        [18n, 18n, 1],
        [19n, 19n, 1],
      ]);
      expect(batches.findIndex((batch) => batch.contiguous)).toBe(3);
      expect(batches.findIndex((batch) => batch.deleteHorizon)).toBe(6);
    }
  });

  test('nothing to read behind a compacted tail, with the reasons', () => {
    const { batches } = captured('compacted');
    const range = { batches: Buffer.concat(batches.slice(0, 2).map(({ bytes }) => bytes)), aborted: [] };
    expect(new DeliverableScan(3n, 'read_uncommitted').feed(range)).toEqual({
      kind: 'none',
      next: 7n,
      controlBatches: 0,
      emptyBatches: 1,
      abortedBatches: 0,
      holes: 2n,
    });
  });

  test('codecs as asked for', () => {
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'])
      expect(captured(codec).batches.map((batch) => batch.codec)).toEqual([codec]);
  });
});

describe('entries older than record batches', () => {
  const bytes = fixture('legacy.batches');

  test('are told apart, with the offset of their last record', () => {
    expect(
      [...batchesIn(bytes)].map((entry) => [entry.kind, entry.magic, entry.codec, entry.lastOffset]),
    ).toEqual([
      ...[0n, 1n, 2n].map((offset) => ['legacy', 0, 'none', offset]),
      ['legacy', 0, 'gzip', 5n],
      ...[6n, 7n, 8n].map((offset) => ['legacy', 1, 'none', offset]),
      ['legacy', 1, 'gzip', 11n],
      ['batch', 2, 'none', 14n],
    ]);
  });

  test.each([
    [0n, 0n],
    [1n, 1n],
    [3n, 5n],
    [5n, 5n],
    [8n, 8n],
    [11n, 11n],
    [12n, 12n],
  ])('deliver a record to a group at %d: %d', (position, offset) => {
    const found = new DeliverableScan(position, 'read_committed').feed({ batches: bytes, aborted: [] });
    expect(found).toEqual({ kind: 'record', offset });
  });
});
