import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeBatch, type BatchHeader, type NewRecord } from '../../src/kafka/records/encode.js';
import { codecs } from '../../src/kafka/records/codecs.js';
import type { KafkaRecord } from '../../src/kafka/records/records.js';
import { rmSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { labFolder } from '../../lab/host/folders.js';
import { clusterPaths } from '../../lab/kafka/layout.js';
import { type SourceAlone, startSourceAlone } from '../../lab/source-alone.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { isFerryError } from '../../src/migration/errors.js';
import { eventually } from '../eventually.js';
import { markersWritten } from './watching.js';
import { sharedLab } from '../lab/shared.js';
import { bytes } from '../unit/records-generators.js';
import { run } from './kafka-cluster.js';
import {
  mirrorToEnd,
  numbered,
  openMirroring,
  positionOf,
  recordsOf,
  writeBatches,
  type Mirroring,
} from './mirroring.js';

let source: SourceAlone;
let world: Mirroring;

/** What must be equal on both sides. */
const content = (records: readonly KafkaRecord[]) =>
  records.map(({ timestamp, key, value, headers }) => ({
    timestamp,
    key: key?.toString('hex') ?? null,
    value: value?.toString('hex') ?? null,
    headers: headers.map(({ key, value }) => [key.toString('hex'), value?.toString('hex') ?? null]),
  }));

/** Both sides hold the same records in the same order, and the map leads from each to its counterpart. */
async function expectEqual(name: string, partition = 0): Promise<KafkaRecord[]> {
  const at = { topic: name, partition };
  const source = await recordsOf(world.source, at);
  const target = await recordsOf(world.target, at);
  expect(content(target)).toEqual(content(source));
  const { map } = await positionOf(
    world.target,
    { migration: name, share: 0, partitions: [{ ...at, targetTopic: name }] },
    partition,
  );
  expect(source.map(({ offset }) => map.translate(offset))).toEqual(target.map(({ offset }) => offset));
  return source;
}

/** For every committed offset: what is at or after it on the source is what is at or after its translation. */
async function expectExactTranslation(name: string): Promise<void> {
  const at = { topic: name, partition: 0 };
  const source = await recordsOf(world.source, at);
  const target = await recordsOf(world.target, at);
  const { map, sourceNext } = await positionOf(world.target, {
    migration: name,
    share: 0,
    partitions: [{ ...at, targetTopic: name }],
  });
  for (let committed = 0n; committed <= sourceNext; committed++) {
    const translated = map.translate(committed)!;
    expect(target.filter(({ offset }) => offset >= translated)).toHaveLength(
      source.filter(({ offset }) => offset >= committed).length,
    );
  }
  expect(map.translate(sourceNext + 1n)).toBeUndefined();
}

// The broker takes any time up to an hour ahead.
const timestamp = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 1_700_000_000_000n, max: 1_700_000_100_000n }) },
  fc.bigInt({ min: 0n, max: 1_700_000_000_000n }),
  fc.constant(-1n),
);
const nullable = (maxLength: number) => fc.option(bytes(maxLength), { nil: null });
const header = fc.record({
  key: fc.constantFrom('trace', 'trace', 'id', '').map((name) => Buffer.from(name)),
  value: nullable(8),
});
const record: fc.Arbitrary<NewRecord> = fc.record({
  timestamp,
  key: nullable(20),
  value: fc.oneof(
    nullable(100),
    bytes(40_000).map((value) => Buffer.concat([value, Buffer.alloc(20_000, 'x')])),
  ),
  headers: fc.array(header, { maxLength: 4 }),
});
const batch: fc.Arbitrary<{ records: NewRecord[]; header: BatchHeader }> = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 5 }),
  header: fc.record({ codec: fc.constantFrom(...codecs) }),
});

describe.each(['2.8', '4.x'])('from a source of Kafka %s', (version) => {
  const sourceLab = 'test-mirror';
  beforeAll(async () => {
    source = await startSourceAlone({ name: sourceLab, source: version });
    world = openMirroring({ source: source.cluster, target: (await sharedLab()).target });
  });
  afterAll(async () => {
    await world?.close();
    await source?.down();
  });

  describe('records', () => {
    test('of generated batches in every codec arrive as they are, small batches joined and large ones whole', async () => {
      let number = 0;
      let whole = 0n;
      let anew = 0n;
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 30 }), async (batches) => {
          const plan = await world.topic(`generated.${run}.${version}.${number++}`);
          await writeBatches(
            world.sourceAdmin,
            { topic: plan.migration, partition: 0 },
            batches.map(({ records, header }) => encodeBatch(records, header)),
          );
          const progress = await mirrorToEnd(world, plan);
          whole += progress.whole;
          anew += progress.anew;
          await expectEqual(plan.migration);
        }),
        { numRuns: 12 },
      );
      expect(whole).toBeGreaterThan(0n);
      expect(anew).toBeGreaterThan(0n);
    });

    test('stamped by the broker keep the time that consumers saw', async () => {
      const plan = await world.topic(`append-time.${run}.${version}`, {
        source: { 'message.timestamp.type': 'LogAppendTime' },
      });
      const records = [1n, 2n, 3n].map((timestamp) => ({
        timestamp,
        key: null,
        value: Buffer.from('x'),
        headers: [],
      }));
      await writeBatches(world.sourceAdmin, { topic: plan.migration, partition: 0 }, [
        encodeBatch(records),
        encodeBatch(records, { codec: 'lz4' }),
      ]);
      await mirrorToEnd(world, plan);
      const [first] = await expectEqual(plan.migration);
      expect(first?.timestamp).toBeGreaterThan(1_700_000_000_000n);
    });

    test('in batches larger than the target takes are split', async () => {
      const plan = await world.topic(`split.${run}.${version}`, { target: { 'max.message.bytes': '20000' } });
      const records = Array.from({ length: 50 }, (_, i) => ({
        timestamp: BigInt(i),
        key: Buffer.from(String(i)),
        value: Buffer.alloc(3_000, i),
        headers: [],
      }));
      await writeBatches(world.sourceAdmin, { topic: plan.migration, partition: 0 }, [
        encodeBatch(records),
        encodeBatch(records, { codec: 'zstd' }),
      ]);
      await mirrorToEnd(world, plan);
      await expectEqual(plan.migration);
    });
  });

  test('a transactional topic: aborted records and markers are left out, and every offset translates exactly', async () => {
    const plan = await world.topic(`transactions.${run}.${version}`);
    const producer = source.cluster.kafkajs('admin').producer({
      transactionalId: plan.migration,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    for (let i = 0; i < 12; i++) {
      const transaction = await producer.transaction();
      for (let part = 0; part <= i % 3; part++)
        await transaction.send({
          topic: plan.migration,
          messages: [{ key: String(i), value: `${i}.${part}`, partition: 0 }],
        });
      await (i % 4 === 2 ? transaction.abort() : transaction.commit());
    }
    await producer.disconnect();
    await markersWritten(
      world.source,
      plan.partitions.map(({ partition }) => ({ topic: plan.migration, partition })),
    );
    await mirrorToEnd(world, plan);
    const records = await expectEqual(plan.migration);
    expect(records).toHaveLength(18);
    await expectExactTranslation(plan.migration);
  });

  test('a compacted topic: what compaction left arrives, and every offset translates exactly', async () => {
    const plan = await world.topic(`compacted.${run}.${version}`, {
      source: {
        'cleanup.policy': 'compact',
        'segment.ms': '100',
        'min.cleanable.dirty.ratio': '0.01',
        'segment.bytes': '1048576',
      },
    });
    const at = { topic: plan.migration, partition: 0 };
    const records = (from: number) =>
      Array.from({ length: 10 }, (_, i) => ({
        timestamp: BigInt(Date.now()),
        key: Buffer.from(`k${(from + i * 7) % 23}`),
        value: Buffer.from(String(from + i)),
        headers: [],
      }));
    for (const codec of codecs)
      for (let i = 0; i < 6; i++)
        await writeBatches(world.sourceAdmin, at, [
          encodeBatch(records(codecs.indexOf(codec) * 100 + i * 10), { codec }),
        ]);
    await eventually(
      async () => {
        // A segment is cleaned once another has followed it.
        await writeBatches(world.sourceAdmin, at, [encodeBatch(records(1000).slice(0, 1))]);
        return recordsOf(world.source, at);
      },
      (left) => left.length < 60,
    );
    await mirrorToEnd(world, plan);
    // Compaction goes on while this is read: what the source still has is at its place on the target.
    const target = new Map((await recordsOf(world.target, at)).map((record) => [record.offset, record]));
    const { map, sourceNext, targetNext } = await positionOf(world.target, plan);
    const source = await recordsOf(world.source, at);
    expect(source.length).toBeGreaterThan(20);
    const places = source.map(({ offset }) => map.translate(offset)!);
    expect(content(places.flatMap((place) => target.get(place) ?? []))).toEqual(content(source));
    for (let committed = 0n; committed <= sourceNext; committed++) {
      const translated = map.translate(committed)!;
      const left = source.filter(({ offset }) => offset >= committed).length;
      expect(places.filter((place) => place >= translated)).toHaveLength(left);
    }
    expect(map.translate(sourceNext)).toBe(targetNext);
  });

  test('a source whose log was cut back, by a leader that had not all of it, is fatal, whether or not it has grown again', async () => {
    const plan = await world.topic(`truncated.${run}.${version}`);
    const at = { topic: plan.migration, partition: 0 };
    await writeBatches(world.sourceAdmin, at, numbered(0, 100, 10));
    await mirrorToEnd(world, plan);
    await source.cluster.kill();
    cutBack(plan.migration, 50n);
    await source.cluster.start();
    const failure = () =>
      mirrorToEnd(world, plan).then(
        () => undefined,
        (error: unknown) => (isFerryError(error) ? { type: error.type, message: error.message } : error),
      );
    expect(await failure()).toMatchObject({
      type: 'Changed',
      message: expect.stringContaining(
        'parts at offset 50 from the log that the mirror has copied up to 100: 50 records on the target are missing on the source',
      ),
    });
    // With ZooKeeper the only broker, started again, leads on in the epoch that it had: no election, nothing to see.
    if (version === '2.8') return;
    await writeBatches(world.sourceAdmin, at, numbered(1000, 100, 10));
    expect(await failure()).toMatchObject({
      type: 'Changed',
      message: expect.stringContaining(
        'parts at offset 50 from the log that the mirror has copied up to 100',
      ),
    });
    expect(await recordsOf(world.target, at)).toHaveLength(100);
  });

  /** Takes what lies at or behind `offset` from the file of a partition, as a broker has it that became leader without. */
  function cutBack(topic: string, offset: bigint): void {
    const folder = join(clusterPaths(labFolder(sourceLab), 'source').data, `${topic}-0`);
    const file = join(folder, `${'0'.repeat(20)}.log`);
    let size = 0;
    for (const batch of batchesIn(readFileSync(file))) {
      if (batch.lastOffset >= offset) break;
      size += batch.bytes.length;
    }
    truncateSync(file, size);
    for (const name of readdirSync(folder)) if (/index$|snapshot$/.test(name)) rmSync(join(folder, name));
  }
});
