import { afterAll, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { startSourceAlone, type SourceAlone } from '../../lab/source-alone.js';
import { partitionKey } from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { sharedLab } from '../lab/shared.js';
import { run } from './kafka-cluster.js';
import { mirrorToEnd, openMirroring, recordsOf, zero, type Mirroring } from './mirroring.js';

let alone: SourceAlone;
let world: Mirroring;
beforeAll(async () => {
  const { target } = await sharedLab();
  alone = await startSourceAlone({ name: 'test-old-formats', source: '2.8' });
  world = openMirroring({ source: alone.cluster, target });
});
afterAll(async () => {
  await world?.close();
  await alone?.down();
});

const formats = [
  ['0.9.0', 0],
  ['0.10.2', 1],
  ['0.11.0', 2],
] as const;
const compressions = ['uncompressed', 'gzip', 'snappy', 'lz4'] as const;

test.each(formats.flatMap(([format, magic]) => compressions.map((codec) => ({ format, magic, codec }))))(
  'what a broker keeps in the format of Kafka $format with $codec is copied',
  async ({ format, magic, codec }) => {
    const plan = await world.topic(`formats.${run}.${magic}.${codec}`, {
      source: { 'message.format.version': format, 'compression.type': codec },
    });
    const at = zero(plan.migration);
    const sent = Array.from({ length: 60 }, (_, i) => `value ${i} `.repeat(20));
    const producer = alone.cluster
      .kafkajs('admin')
      .producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    for (let i = 0; i < sent.length; i += 20)
      await producer.send({
        topic: plan.migration,
        messages: sent.slice(i, i + 20).map((value) => ({ key: `key ${value.length}`, value, partition: 0 })),
      });
    await producer.disconnect();
    // The broker has really kept it so.
    const rows = await world.source.fetch([{ ...at, offset: 0n }], {
      isolation: 'uncommitted',
      maxBytes: 1_000_000,
      maxWaitMs: 0,
    });
    const fetched = rows.get(partitionKey(at))?.value;
    const kept = [...batchesIn(fetched?.batches ?? Buffer.alloc(0))].map((batch) => [
      batch.magic,
      batch.codec,
    ]);
    expect(kept.length).toBeGreaterThan(0);
    for (const one of kept) expect(one).toEqual([magic, codec === 'uncompressed' ? 'none' : codec]);

    await mirrorToEnd(world, plan);
    const copies = await recordsOf(world.target, at);
    expect(copies.map(({ value }) => value?.toString())).toEqual(sent);
    expect(copies.map(({ key }) => key?.toString())).toEqual(sent.map((value) => `key ${value.length}`));
  },
);
