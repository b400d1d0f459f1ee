import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readRanges } from '../../src/connect/seen-range.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import { batchesIn, headerAt, type LegacyEntry, type RecordBatch } from '../../src/kafka/records/batch.js';
import { codecId, codecs, compress, decompress } from '../../src/kafka/records/codecs.js';
import { converted } from '../../src/kafka/records/converted.js';
import { DeliverableScan } from '../../src/kafka/records/deliverable.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { legacyRecords } from '../../src/kafka/records/legacy.js';
import { noProducer, obstacleTo, patchBatch } from '../../src/kafka/records/patch.js';
import { controlType, recordOffsets, recordsIn } from '../../src/kafka/records/records.js';
import { RecordPacker } from '../../src/kafka/records/repack.js';
import { wholeBatches } from '../../src/kafka/records/whole-batches.js';
import { shape } from '../../src/mirror/shaping.js';
import { SourceQueue } from '../../src/mirror/source-queue.js';
import { Block } from '../../src/parity/block.js';
import { PartitionReader } from '../../src/parity/partition-reader.js';
import { partsOf, seenRecord } from '../../src/parity/seen-record.js';
import { translateIds } from '../../src/registry/record-ids.js';
import { damagedOf, decodedOr, fuzzTimeoutMs, isSentence, runs } from './fuzzing.js';
import { codec, records } from './records-generators.js';

const place = 'orders/3 on cluster "main"';
const names = ['transactions', 'append-time', 'compacted', 'compacted-gzip', 'legacy', ...codecs.slice(1)];
const logs = names.map((name) => readFileSync(new URL(`fixtures/records/${name}.batches`, import.meta.url)));

type Entry = RecordBatch | LegacyEntry;

/** No batch and no record takes less. */
const smallestBatch = 26;
const smallestRecord = 7;

const count = (all: Iterable<unknown>): number => {
  let found = 0;
  for (const _ of all) found++;
  return found;
};

/** Every way in which somebody reads one batch, each to its end; answers how many records it found. */
const readings: Record<string, (entry: Entry) => number> = {
  records: (entry) => (entry.kind === 'batch' ? count(recordsIn(entry)) : 0),
  offsets: (entry) => (entry.kind === 'batch' ? count(recordOffsets(entry)) : 0),
  marker: (entry) => (entry.kind === 'batch' ? Number(controlType(entry) === 'abort') : 0),
  packed: (entry) => {
    if (entry.kind !== 'batch') return 0;
    const packer = new RecordPacker('none', 1_000);
    packer.add(entry);
    return packer.finish().reduce((sum, { count }) => sum + count, 0);
  },
  translated: (entry) => {
    if (entry.kind !== 'batch') return 0;
    let seen = 0;
    translateIds(
      entry,
      () => ++seen,
      () => undefined,
    );
    return seen / 2;
  },
  patched: (entry) => {
    if (entry.kind === 'batch' && obstacleTo(entry) === null) patchBatch(entry, noProducer);
    return 0;
  },
  compared: (entry) => {
    if (entry.kind !== 'batch') return 0;
    const block = new Block(entry);
    let found = 0;
    for (; block.next(); found++) partsOf(seenRecord(block));
    return found;
  },
  legacy: (entry) => (entry.kind === 'legacy' ? legacyRecords(entry).records.length : 0),
  converted: (entry) => (entry.kind === 'legacy' ? count(recordsIn(converted(entry))) : 0),
};

/** Bytes of its records once decompressed, 0 where they cannot be. */
function plainBytes(entry: Entry): number {
  if (entry.kind === 'batch') return decodedOr(isSentence, () => entry.plain.length) ?? 0;
  const { records } = decodedOr(isSentence, () => legacyRecords(entry)) ?? { records: [] };
  return records.length * smallestRecord;
}

function readInEveryWay(entry: Entry): void {
  const most = plainBytes(entry) / smallestRecord;
  for (const read of Object.values(readings))
    expect(decodedOr(isSentence, () => read(entry)) ?? 0).toBeLessThanOrEqual(most);
}

/** Every way in which somebody goes through what a Fetch from `from` brought; each answers where the next one begins. */
const walks: Record<string, (batches: Buffer, from: bigint) => bigint | Promise<bigint>> = {
  drain: (batches, from) => {
    const result = new DeliverableScan(from, 'read_committed').feed({ batches, aborted: [], place });
    return result.kind === 'record' ? result.offset + 1n : result.next;
  },
  mirror: (batches, from) => {
    const queue = new SourceQueue(Number(from), -1);
    queue.feed({ ...fetched, batches });
    while (!queue.empty)
      for (const { origins } of shape(queue, Number(from), 1_000_000))
        expect(origins.every((offset) => Number.isSafeInteger(offset))).toBe(true);
    return BigInt(queue.position);
  },
  parity: (batches, from) => {
    const reader = new PartitionReader(
      { topic: 'orders', partition: 3, start: from, end: 2n ** 60n },
      () => {},
    );
    reader.feed({ ...fetched, batches });
    return reader.position;
  },
};

const fetched = {
  watermarks: { logStart: 0n, highWatermark: 100n, lastStable: 100n },
  aborted: [],
  place,
};

describe('a log that is damaged in any way', () => {
  test(
    'is walked to an end, batch by batch, and each batch is read or refused',
    () => {
      fc.assert(
        fc.property(damagedOf(logs), ({ bytes }) => {
          let found = 0;
          decodedOr(isSentence, () => {
            for (const entry of batchesIn(bytes, place)) {
              found++;
              readInEveryWay(entry);
            }
          });
          expect(found).toBeLessThanOrEqual(bytes.length / smallestBatch);
        }),
        { numRuns: runs },
      );
    },
    fuzzTimeoutMs,
  );

  test(
    'is refused as a whole by partition, or brings everybody who reads it forward',
    async () => {
      let intact = 0;
      await fc.assert(
        fc.asyncProperty(damagedOf(logs), fc.bigInt({ min: 0n, max: 20n }), async ({ bytes }, from) => {
          let sentence = '';
          const batches = decodedOr(
            (error) => isSentence(error) && (sentence = (error as Error).message) !== '',
            () => wholeBatches(bytes, { from, place }),
          );
          if (batches === undefined) return expect(sentence).toContain('orders/3 on cluster "main"');
          intact++;
          for (const walk of Object.values(walks)) {
            const next = decodedOr(isSentence, () => walk(batches, from)) ?? from + 1n;
            if (batches.length > 0) expect(await next).toBeGreaterThan(from);
            expect(await next).toBeLessThanOrEqual(BigInt(Number.MAX_SAFE_INTEGER));
          }
        }),
        { numRuns: runs },
      );
      expect(intact).toBeGreaterThan(runs / 20);
    },
    fuzzTimeoutMs,
  );

  test(
    'is read in ranges to their ends, or refused',
    async () => {
      await fc.assert(
        fc.asyncProperty(damagedOf(logs), async ({ bytes }) => {
          let asked = 0;
          const cluster = {
            fetch: async ([position]: { offset: bigint; until?: bigint }[]) => {
              if (++asked > 100) throw new Error('it is asked for ever');
              const { offset: from, until } = position!;
              const rest = [...batchesIn(bytes, place)].filter(({ lastOffset }) => lastOffset >= from);
              const batches = wholeBatches(Buffer.concat(rest.map((batch) => batch.bytes)), {
                from,
                until,
                place,
              });
              const untilReached = batches.length === 0;
              return new Map([['orders/3', { value: { ...fetched, batches, untilReached } }]]);
            },
          } as unknown as Cluster;
          const range = { topic: 'orders', partition: 3, from: 0n, to: 20n, logStart: 0n };
          try {
            const [seen] = await readRanges(cluster, [range]);
            expect(seen?.to).toBe(20n);
          } catch (error) {
            if (!isSentence(error)) throw error;
          }
        }),
        { numRuns: Math.ceil(runs / 3) },
      );
    },
    fuzzTimeoutMs,
  );
});

test(
  'records that are damaged before they are compressed are read or refused',
  () => {
    fc.assert(
      fc.property(
        fc.array(records, { minLength: 1, maxLength: 3 }).chain((all) => {
          const batches = all.map((rows) => encodeBatch(rows, { baseOffset: 1200n }));
          return fc.tuple(
            fc.constant(batches),
            damagedOf(batches.map((bytes) => bytes.subarray(headerAt.records))),
          );
        }),
        codec,
        ([batches, { sample, bytes }], codec) => {
          const header = Buffer.from(batches[sample]!.subarray(0, headerAt.records));
          const payload = compress(codec, bytes);
          header.writeInt32BE(headerAt.records + payload.length - 12, headerAt.length);
          header.writeInt16BE(codecId(codec), headerAt.attributes);
          for (const entry of batchesIn(Buffer.concat([header, payload]), place)) readInEveryWay(entry);
        },
      ),
      { numRuns: runs },
    );
  },
  fuzzTimeoutMs,
);

describe.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s that is damaged in any way', (name) => {
  const most = 1_000_000;
  const plain = [
    Buffer.alloc(0),
    Buffer.from('a few bytes'),
    Buffer.alloc(200_000, 'what is said again and again, '),
    Buffer.alloc(900_000),
  ];

  test(
    'becomes no more than is allowed for, or is refused',
    () => {
      const samples = plain.map((bytes) => compress(name, bytes));
      fc.assert(
        fc.property(damagedOf(samples), ({ bytes }) => {
          const became = decodedOr(isSentence, () => decompress(name, bytes, { offset: 1n, place }, most));
          // LZ4 that cannot become more than a batch may hold is not measured before.
          expect(became?.length ?? 0).toBeLessThanOrEqual(
            name === 'lz4' ? Math.max(most, 255 * bytes.length) : most,
          );
        }),
        { numRuns: Math.ceil(runs / 3) },
      );
    },
    fuzzTimeoutMs,
  );
});
