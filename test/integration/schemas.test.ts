import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Dependencies } from '../../activities/kit/dependencies.js';
import { partitionsIn, plannedTopics } from '../../activities/topics/planned-topics.js';
import { refuseRegistryIds, sampleIds } from '../../activities/schemas/schema-ids.js';
import { copySchemas, schemaActivities } from '../../activities/schemas/schemas.js';
import type { LabRegistries } from '../../lab/lab.js';
import { startRegistryDouble, type RegistryDouble } from '../../lab/registry-double/server.js';
import type { Migration } from '../../src/migration/file.js';
import { openRegistry } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';
import { sharedLab, stopRegistries } from '../lab/shared.js';
import { eventually } from '../eventually.js';
import { avro, proto } from '../registry/schemas.js';
import { run } from './kafka-cluster.js';
import { attempt, openGround, withRegistries, type Ground } from './prepare-ground.js';
import { makeTopic, migrationOf, running } from './watching.js';

// A real registry that has no import mode, and one that has: the way from what people have to what they move to.
let ground: Ground;
let double: RegistryDouble;
let registries: LabRegistries;
let source: Registry;
let target: Registry;
beforeAll(async () => {
  const lab = await sharedLab();
  ground = openGround(lab);
  registries = await lab.startRegistries();
  double = await startRegistryDouble();
  source = openRegistry('registry-onprem', { url: registries.source.url });
  target = openRegistry('registry-aiven', { url: double.url, pausesMs: [] });
});
afterAll(async () => {
  source.close();
  target.close();
  await double.close();
  await ground.close();
  await stopRegistries(registries);
});

const dependencies = (): Dependencies => withRegistries(ground, { onprem: source, aiven: target });

const copy = (migration: Migration) => copySchemas(dependencies(), { migration }, attempt());

/** A topic with values that an application has encoded by the source registry: Avro, and Protobuf with a reference. */
async function encodedTopic(label: string, strategy: Migration['strategy'] = 'advancedMirroring') {
  const topic = `schemas-${run}-${label}`;
  const base = `${topic}-base`;
  await makeTopic(ground.admin.source, topic);
  await source.register(base, proto(`Base${label}`));
  await source.register(
    `${topic}-key`,
    proto(`Key${label}`, [{ name: base, subject: base, version: 1, message: `Base${label}` }]),
  );
  const client = new SchemaRegistry({ host: double.url });
  const onSource = new SchemaRegistry({ host: registries.source.url });
  const { id } = await onSource.register(
    { type: SchemaType.AVRO, schema: avro(`Order${label}`, 'a').text },
    { subject: `${topic}-value` },
  );
  const value = await onSource.encode(id, { a: 'x' });
  await produce(
    topic,
    Array.from({ length: 20 }, () => value),
  );
  const migration = migrationOf({
    name: `schemas-${label}`,
    strategy,
    mirror: 'engine',
    topics: [{ name: topic, newName: `${topic}-moved` }],
    schemas: { source: 'onprem', target: 'aiven' },
  });
  return { topic, base, id, value, client, migration };
}

async function produce(topic: string, values: Buffer[]): Promise<void> {
  const producer = ground.lab.source.kafkajs('admin').producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: values.map((value) => ({ value })) });
  } finally {
    await producer.disconnect();
  }
}

test('records of the source can be decoded by the target registry, under the id they carry', async () => {
  const { topic, base, id, value, client, migration } = await encodedTopic('copied');
  const { leaveImport } = schemaActivities(dependencies());
  const copied = await copy(migration);
  expect(copied.findings.filter(({ weight }) => weight !== 'notes')).toEqual([]);
  expect(copied.sentence).toBe(
    '3 schema versions registered on registry-aiven with their ids, in import mode.',
  );
  expect(await client.decode(value)).toEqual({ a: 'x' });
  expect(await target.version(`${topic}-moved-value`, 1)).toMatchObject({ id });
  expect((await target.version(`${topic}-moved-key`, 1))?.references).toEqual([
    { name: base, subject: base, version: 1 },
  ]);
  expect((await copy(migration)).sentence).toMatch(
    /No schema version had to be registered on registry-aiven. 3 versions there already/,
  );
  expect((await running(leaveImport, { migration }).answer).sentence).toBe(
    'Nothing on registry-aiven is in import mode.',
  );
});

test('an id in a record whose schema is in no subject of the migration is found', async () => {
  const { topic, migration } = await encodedTopic('stray');
  const other = await source.register(`${topic}-elsewhere`, avro('Elsewhere'));
  const stray = Buffer.from([0, 0, 0, 0, 0, 1]);
  stray.writeUInt32BE(other, 1);
  await produce(topic, [stray]);
  const { findings } = await copy(migration);
  expect(findings.filter(({ weight }) => weight !== 'notes')).toEqual([
    {
      weight: 'blocks',
      key: `schema-id-not-copied:${other}`,
      sentence: `the value at offset 20 of ${topic}/0 carries schema id ${other}, which is not on registry-aiven: name its subject in the migration file (schemas.subjects), then try again.`,
    },
  ]);
});

test('a new version follows within seconds, and a version of somebody else asks', async () => {
  const { topic, migration } = await encodedTopic('followed');
  const { watchSchemas } = schemaActivities(dependencies());
  await copy(migration);
  const watching = running(watchSchemas, { migration, sliceMs: 60_000 }, { heartbeatTimeoutMs: 60_000 });
  await watching.says(/3 schema versions of registry-onprem are on registry-aiven/);
  const id = await source.register(`${topic}-value`, avro('Orderfollowed', 'a', 'b'));
  await eventually(
    () => target.version(`${topic}-moved-value`, 2),
    (version) => version?.id === id,
    10_000,
  );
  await watching.says(/4 schema versions .*, 1 of them followed/);
  expect(await target.mode(`${topic}-moved-value`)).toBe('READWRITE');
  await target.register(`${topic}-moved-value`, avro('Orderfollowed', 'a', 'b', 'c'));
  expect(await watching.answer).toMatchObject({
    state: 'asks',
    findings: expect.arrayContaining([
      expect.objectContaining({ weight: 'asks', key: `schema-on-target:${topic}-moved-value version 3` }),
    ]) as unknown,
  });
});

test('import mode that a killed worker has left on is left, and a level that it has lifted is put back', async () => {
  const { topic, base, migration } = await encodedTopic('killed');
  await source.setCompatibility(`${topic}-value`, 'FULL');
  await copy(migration);
  for (const subject of [base, `${topic}-moved-value`])
    await target.setMode(subject, 'IMPORT', { force: true });
  await target.setCompatibility(`${topic}-moved-value`, 'NONE');
  const { leaveImport } = schemaActivities(dependencies());
  const { sentence } = await running(leaveImport, { migration }).answer;
  expect(sentence).toBe(
    `${topic}-moved-value and ${base} on registry-aiven taken out of import mode. The compatibility of ${topic}-moved-value is as on the source again.`,
  );
  for (const subject of [base, `${topic}-moved-value`]) expect(await target.mode(subject)).toBe('READWRITE');
  expect(await target.compatibility(`${topic}-moved-value`)).toBe('FULL');
});

test('strategies that bring no records along upload versions under ids of the target', async () => {
  const { topic, migration } = await encodedTopic('uploaded', 'simplestCase');
  const { findings, sentence } = await copy(migration);
  expect(findings).toEqual([]);
  expect(sentence).toBe('3 schema versions registered on registry-aiven.');
  expect(await target.versions(`${topic}-moved-value`)).toEqual([1]);
});

test('a topic whose records carry ids is told from one whose records do not', async () => {
  const { topic, id } = await encodedTopic('carries');
  const plain = `schemas-${run}-plain`;
  await makeTopic(ground.admin.source, plain);
  const numbers = Array.from({ length: 50 }, (_, index) => {
    const number = Buffer.alloc(8);
    number.writeBigInt64BE(BigInt(index));
    return number;
  });
  await produce(plain, [...numbers, Buffer.from('{}')]);
  const partitions = partitionsIn(await plannedTopics(ground.source, [topic, plain]));
  const { samples } = await sampleIds(ground.source, partitions);
  expect(samples.find((sample) => sample.topic === topic)).toMatchObject({
    part: 'value',
    carrying: 20,
    sampled: 20,
  });
  expect(await refuseRegistryIds(samples, source, 'use advancedMirroring')).toEqual([
    {
      weight: 'blocks',
      key: `schemas-in-topic:${topic}`,
      sentence: `The values of ${topic} carry ids of schemas (${id}) that registry-onprem has given: use advancedMirroring.`,
    },
  ]);
  expect(await refuseRegistryIds(samples, undefined, 'use advancedMirroring')).toMatchObject([
    { weight: 'asks', key: `schemas-in-topic:${topic}` },
  ]);
});
