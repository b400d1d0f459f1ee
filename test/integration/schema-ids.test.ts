import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Dependencies } from '../../activities/kit/dependencies.js';
import { engineActivities } from '../../activities/mirror/engine.js';
import { parityActivities } from '../../activities/mirror/parity.js';
import { checkSchemas, copySchemas, schemaActivities } from '../../activities/schemas/schemas.js';
import type { LabRegistries } from '../../lab/lab.js';
import { FerryError } from '../../src/migration/errors.js';
import type { Migration, MigrationFile } from '../../src/migration/file.js';
import type { SourceOffsets, TargetOffsets } from '../../src/migration/offsets.js';
import { encodeBatch } from '../../src/kafka/records/encode.js';
import { mapTopic } from '../../src/mirror/map-topic.js';
import type { MirroredIds } from '../../src/mirror/schema-ids.js';
import { openRegistry } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';
import { schemaIdOf } from '../../src/registry/wire-format.js';
import { sharedLab, stopRegistries } from '../lab/shared.js';
import { avro } from '../registry/schemas.js';
import { run } from './kafka-cluster.js';
import {
  mirrorToEnd,
  openMirroring,
  positionOf,
  recordsOf,
  writeBatches,
  type Mirroring,
} from './mirroring.js';
import { attempt, openGround, withRegistries, type Ground } from './prepare-ground.js';
import { makeTopic, migrationOf, running } from './watching.js';

// Two real registries without import mode, the target's in use by others: ids cannot be kept.
let ground: Ground;
let registries: LabRegistries;
let source: Registry;
let target: Registry;
beforeAll(async () => {
  const lab = await sharedLab();
  ground = openGround(lab);
  registries = await lab.startRegistries();
  source = openRegistry('registry-onprem', { url: registries.source.url });
  target = openRegistry('registry-aiven', { url: registries.target.url });
  // As many as it takes, whatever tests before have registered at either.
  const given = await source.register(`others-${run}`, avro('Other', 'f0'));
  for (let number = 0, there = 0; there < given + 100; number += 1)
    there = await target.register(`others-${run}`, avro('Other', `f${number}`));
});
afterAll(async () => {
  source.close();
  target.close();
  await ground.close();
  await stopRegistries(registries);
});

const dependencies = (): Dependencies => withRegistries(ground, { onprem: source, aiven: target });

const copy = (migration: Migration, accepted: string[] = []) =>
  copySchemas(dependencies(), { migration, accepted }, attempt());

type Messages = { key?: Buffer | string; value: Buffer | null; headers?: Record<string, string> }[];

async function send(topic: string, messages: Messages, there = ground.lab.source): Promise<void> {
  const producer = there.kafkajs('admin').producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: messages.map((one) => ({ partition: 0, ...one })) });
  } finally {
    await producer.disconnect();
  }
}

/** A topic on both clusters whose values an application encodes by the source's registry. */
async function encoded(label: string, file: Partial<MigrationFile> = {}) {
  const topic = `ids-${run}-${label}`;
  const copied = `${topic}-moved`;
  await makeTopic(ground.admin.source, topic);
  await makeTopic(ground.target, copied);
  const clients = {
    source: new SchemaRegistry({ host: registries.source.url }),
    target: new SchemaRegistry({ host: registries.target.url }),
  };
  const register = async (...fields: string[]) =>
    (
      await clients.source.register(
        { type: SchemaType.AVRO, schema: avro(`Order${label}`, ...fields).text },
        { subject: `${topic}-value` },
      )
    ).id;
  const id = await register('a');
  const encode = (as: number, content: Record<string, string>) => clients.source.encode(as, content);
  const migration = migrationOf({
    name: topic,
    strategy: 'advancedMirroring',
    mirror: 'engine',
    topics: [{ name: topic, newName: copied }],
    schemas: { source: 'onprem', target: 'aiven', ids: 'translate' },
    ...file,
  });
  return { topic, copied, clients, register, id, encode, migration };
}

const endsOf = async (cluster: Ground['source'], topic: string): Promise<string[]> => {
  const row = (await cluster.watermarks([{ topic, partition: 0 }])).get(`${topic}/0`);
  return [String(row?.value?.highWatermark)];
};

/** Begins to copy; `caughtUp` waits until everything is on the target that is on the source then. */
async function mirroring(migration: Migration, accepted: string[] = []) {
  const engine = engineActivities(dependencies());
  const topic = migration.topics[0]!.name;
  await running(engine.prepareMirror, { migration }).answer;
  const partitions = { [topic]: 1 };
  const share = running(
    engine.mirror,
    { migration, accepted, sliceMs: 120_000, share: 0, shares: 1, partitions },
    { heartbeatTimeoutMs: 1_000 },
  );
  return {
    share,
    caughtUp: async () => {
      const to = { [topic]: await endsOf(ground.source, topic) };
      const seen = await running(engine.watchMirror, { migration, sliceMs: 60_000, partitions, to }).answer;
      if (seen.state !== 'caught-up') throw new Error(JSON.stringify(seen));
      return { ends: to, mirrored: seen.mirrored };
    },
    stop: async () => {
      share.cancel();
      return share.answer;
    },
  };
}

const compared = async (
  migration: Migration,
  tables: { ends: SourceOffsets; mirrored: TargetOffsets },
  accepted: string[] = [],
) =>
  running(parityActivities(dependencies()).watchParity, { migration, accepted, sliceMs: 60_000, ...tables })
    .answer;

const valuesOf = async (topic: string) =>
  (await recordsOf(ground.target, { topic, partition: 0 })).map(({ value }) => value);

describe('a mirror that writes the target’s ids into records', () => {
  test('has them decoded by the target’s registry, compares equal, and lets new schemas follow', async () => {
    const { topic, copied, clients, register, id, encode, migration } = await encoded('translated');
    // Keys are numbers whose first bytes could be an id: the file says nothing of them, so they stay.
    const key = Buffer.from([0, 0, 0, 0, id, 1, 2, 3]);
    const plain = [null, Buffer.from([0, 1]), Buffer.from('{"a":1}')];
    await send(topic, [
      ...(await Promise.all(['x', 'y'].map(async (a) => ({ key, value: await encode(id, { a }) })))),
      ...plain.map((value) => ({ key: 'k', value, headers: { trace: 't' } })),
    ]);
    const { findings, sentence } = await copy(migration);
    expect(findings.filter(({ weight }) => weight === 'blocks')).toEqual([]);
    expect(sentence).toBe('1 schema version registered on registry-aiven.');
    const there = await target.version(`${copied}-value`, 1);
    expect(there?.id).not.toBe(id);

    const first = await mirroring(migration);
    await first.caughtUp();
    await first.stop();
    const [x, y, ...rest] = await recordsOf(ground.target, { topic: copied, partition: 0 });
    expect([x, y].map((one) => one!.key)).toEqual([key, key]);
    expect([x, y].map((one) => schemaIdOf(one!.value))).toEqual([there!.id, there!.id]);
    expect(await clients.target.decode(x!.value!)).toEqual({ a: 'x' });
    expect(await clients.target.decode(y!.value!)).toEqual({ a: 'y' });
    expect(rest.map(({ value }) => value)).toEqual(plain);

    // A second attempt finds what the first has written, and meets an id that was not there when it began.
    const { watchSchemas } = schemaActivities(dependencies());
    const following = running(watchSchemas, { migration, sliceMs: 60_000 }, { heartbeatTimeoutMs: 60_000 });
    const second = await mirroring(migration);
    await second.caughtUp();
    const newer = await register('a', 'b');
    expect(newer).not.toBe(id);
    await send(topic, [{ value: await encode(newer, { a: 'z', b: 'new' }) }]);
    const tables = await second.caughtUp();
    await second.stop();
    following.cancel();
    await following.answer.catch(() => undefined);
    const values = await valuesOf(copied);
    expect(values).toHaveLength(6);
    expect(await clients.target.decode(values.at(-1)!)).toEqual({ a: 'z', b: 'new' });
    expect(await compared(migration, tables)).toMatchObject({
      state: 'equal',
      report: { records: '6', differences: [], unverifiable: [] },
    });

    // The copy is not the source's bytes: without the ids it differs.
    const kept = { ...migration, schemas: { ...migration.schemas!, ids: 'keep' as const } };
    expect(await compared(kept, tables)).toMatchObject({ state: 'differs' });
  });

  test('a record with a wrong id is found', async () => {
    const { topic, copied, register, id, encode, migration } = await encoded('wrong');
    const other = await register('a', 'b');
    await send(topic, [
      { value: await encode(id, { a: 'x' }) },
      { value: await encode(other, { a: 'y', b: '' }) },
    ]);
    await copy(migration);
    const ids = await Promise.all([1, 2].map((version) => target.version(`${copied}-value`, version)));
    const sourceValues = (await recordsOf(ground.source, { topic, partition: 0 })).map(({ value }) => value!);
    // Both under the id of the second version, and at the times of the source.
    const times = (await recordsOf(ground.source, { topic, partition: 0 })).map(({ timestamp }) => timestamp);
    const producer = ground.lab.target.kafkajs('admin').producer();
    await producer.connect();
    await producer.send({
      topic: copied,
      messages: sourceValues.map((value, at) => {
        const copyOf = Buffer.from(value);
        copyOf.writeUInt32BE(ids[1]!.id, 1);
        return { partition: 0, value: copyOf, timestamp: String(times[at]) };
      }),
    });
    await producer.disconnect();
    const tables = {
      ends: { [topic]: await endsOf(ground.source, topic) },
      mirrored: { [copied]: await endsOf(ground.target, copied) },
    };
    expect(await compared(migration, tables)).toMatchObject({
      state: 'differs',
      report: { differences: [{ topic, partition: 0, source: '0', target: '0' }] },
    });
  });

  test('compacted topics compare by the latest record of each key', async () => {
    const topic = `ids-${run}-compacted`;
    for (const cluster of [ground.admin.source, ground.target])
      await makeTopic(cluster, topic, 1, { 'cleanup.policy': 'compact' });
    const id = await source.register(`${topic}-value`, avro('Compacted', 'a'));
    const framed = (text: string) => {
      const value = Buffer.concat([Buffer.alloc(5), Buffer.from(text)]);
      value.writeUInt32BE(id, 1);
      return value;
    };
    await send(topic, [
      { key: 'a', value: framed('1') },
      { key: 'b', value: framed('2') },
      { key: 'a', value: framed('3') },
      { key: 'b', value: null },
    ]);
    const migration = migrationOf({
      name: topic,
      strategy: 'advancedMirroring',
      mirror: 'engine',
      topics: [{ name: topic }],
      schemas: { source: 'onprem', target: 'aiven', ids: 'translate' },
    });
    await copy(migration);
    const mirror = await mirroring(migration);
    const tables = await mirror.caughtUp();
    await mirror.stop();
    expect(await compared(migration, tables)).toMatchObject({ state: 'equal', report: { differences: [] } });
    const kept = { ...migration, schemas: { ...migration.schemas!, ids: 'keep' as const } };
    expect(await compared(kept, tables)).toMatchObject({ state: 'differs' });
  });

  test('stops at an id that nobody knows, and goes on when a person has accepted it', async () => {
    const { topic, copied, id, encode, migration } = await encoded('stray');
    await copy(migration);
    const stray = Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0, 1, 2]);
    await send(topic, [{ value: await encode(id, { a: 'x' }) }]);
    await send(topic, [{ value: stray }]);
    await send(topic, [{ value: await encode(id, { a: 'y' }) }]);
    const key = `schema-id-unknown:${0x7f_ff_ff_f0}`;
    const sentence = `The value at offset 1 of ${topic}/0 carries schema id ${0x7f_ff_ff_f0}, and no schema of that id was copied from onprem to aiven: register it there under a subject of the migration, or accept that it is copied as it is, then retry.`;
    const { share } = await mirroring(migration);
    await expect(share.answer).rejects.toMatchObject({
      type: 'Conflict',
      message: sentence,
      findings: [{ weight: 'asks', key, sentence }],
    });
    expect(await valuesOf(copied)).toHaveLength(1);

    // The copy of the schemas, tried again, samples the records and says the same before the mirror has to.
    expect((await copy(migration)).findings).toMatchObject([{ weight: 'asks', key }]);
    expect((await copy(migration, [key])).findings).toEqual([]);
    const accepted = await mirroring(migration, [key]);
    const tables = await accepted.caughtUp();
    await accepted.stop();
    const values = await valuesOf(copied);
    expect(values).toHaveLength(3);
    expect(values[1]).toEqual(stray);
    expect(await compared(migration, tables, [key])).toMatchObject({
      state: 'equal',
      report: { records: '3' },
    });
  });
});

describe('an attempt that was lost before it stored how far it had come', () => {
  test('is gone on from: each record once, and the map leads to it', async () => {
    const world = openMirroring(ground.lab);
    const name = `ids-${run}-lost`;
    const plan = await world.topic(name);
    const at = { topic: name, partition: 0 };
    const framed = (id: number, text: string) =>
      Buffer.concat([Buffer.from([0, 0, 0, 0, id]), Buffer.from(text)]);
    const batch = (from: number) =>
      encodeBatch(
        Array.from({ length: 50 }, (_, index) => ({
          timestamp: BigInt(Date.now()),
          key: null,
          value: index % 5 === 0 ? null : framed(1 + (index % 4), `value ${from + index}`),
          headers: [],
        })),
        { codec: 'gzip' },
      );
    await writeBatches(world.sourceAdmin, at, [batch(0), batch(50)]);
    const ids: MirroredIds = {
      of: () => (part, id) => (part === 'value' ? id + 100 : id),
      learn: async () => undefined,
    };
    // The first attempt stores where it begins; what it stores after that is lost.
    let stored = 0;
    const forgetful = Object.assign(Object.create(world.target) as Mirroring['target'], {
      produce: async (lane, written) => {
        if (written.topic === mapTopic(name) && ++stored > 1)
          return { kind: 'refused', error: new FerryError('Refused', 'the map takes nothing') };
        return world.target.produce(lane, written);
      },
    } satisfies Pick<Mirroring['target'], 'produce'>);
    await expect(mirrorToEnd({ source: world.source, target: forgetful }, plan, { ids })).rejects.toThrow(
      'the map takes nothing',
    );
    const before = await recordsOf(world.target, at);
    expect(before.length).toBeGreaterThan(0);

    await mirrorToEnd(world, plan, { ids });
    const [from, to] = [await recordsOf(world.source, at), await recordsOf(world.target, at)];
    expect(to.slice(0, before.length)).toEqual(before);
    expect(to.map(({ value }) => value)).toEqual(
      from.map(({ value }) => value && framed(value[4]! + 100, value.subarray(5).toString())),
    );
    const { map } = await positionOf(world.target, plan);
    expect(from.map(({ offset }) => map.translate(offset))).toEqual(to.map(({ offset }) => offset));
    await world.close();
  });
});

describe('where ids cannot be kept', () => {
  const acceptable = ', or accept that the mirror writes the ids of registry-aiven into the records.';

  test('whoever accepts it has the engine write others, as long as nothing is copied', async () => {
    const { migration, copied } = await encoded('asked', { schemas: { source: 'onprem', target: 'aiven' } });
    const asked = expect.objectContaining({
      weight: 'asks',
      key: 'schema-ids-not-kept',
      sentence: expect.stringContaining(acceptable) as unknown,
    }) as unknown;
    const planned = await checkSchemas(dependencies(), { migration });
    expect(planned).toContainEqual(asked);
    expect(planned.filter(({ weight }) => weight === 'blocks')).toEqual([]);
    expect((await copy(migration)).findings).toContainEqual(asked);
    expect(await target.versions(`${copied}-value`)).toEqual([]);

    const { caughtUp, stop } = await mirroring(migration);
    await caughtUp();
    await stop();
    expect((await copy(migration)).findings).toContainEqual(expect.objectContaining({ weight: 'blocks' }));
    expect((await copy(migration, ['schema-ids-not-kept'])).sentence).toBe(
      '1 schema version registered on registry-aiven.',
    );
    expect(await target.versions(`${copied}-value`)).toEqual([1]);
  });

  test('MirrorMaker cannot write others, which blocks whatever is accepted', async () => {
    const { topic, migration } = await encoded('maker', { schemas: { source: 'onprem', target: 'aiven' } });
    const byMaker: Migration = {
      ...migration,
      mirror: 'mirrormaker',
      topics: [{ ...migration.topics[0]!, newName: topic }],
    };
    for (const accepted of [[], ['schema-ids-not-kept']]) {
      const planned = await checkSchemas(dependencies(), { migration: byMaker, accepted });
      expect(planned).toContainEqual(expect.objectContaining({ weight: 'blocks' }));
      expect(planned.map(({ sentence }) => sentence).join()).not.toContain(acceptable);
    }
  });
});
