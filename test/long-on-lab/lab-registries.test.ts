import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { attachLab, type Lab, type LabRegistries } from '../../lab/lab.js';
import { sharedLab, stopRegistries } from '../lab/shared.js';

const subject = 'lab.registries-value';
const schema = '{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}';

let lab: Lab;
let registries: LabRegistries;
beforeAll(async () => {
  lab = await sharedLab();
  registries = await lab.startRegistries();
});
afterAll(() => stopRegistries(registries));

test('whoever attaches to the lab finds both registries', async () => {
  const { registries: found } = await attachLab('test');
  expect(found?.source.url).toBe(registries.source.url);
  expect(found?.target.url).toBe(registries.target.url);
  expect(registries.source.url).not.toBe(registries.target.url);
});

test('an application encodes and decodes by the one, and the other knows nothing of it', async () => {
  const source = new SchemaRegistry({ host: registries.source.url });
  const { id } = await source.register({ type: SchemaType.AVRO, schema }, { subject });
  const encoded = await source.encode(id, { id: 'a' });
  expect(await source.decode(encoded)).toEqual({ id: 'a' });
  expect(await subjects('target')).not.toContain(subject);
});

test('a registry that was killed comes back on the same address with its schemas', async () => {
  const before = await subjects('source');
  expect(before).toContain(subject);
  await registries.source.kill();
  expect(registries.source.isRunning()).toBe(false);
  await expect(subjects('source')).rejects.toThrow();
  await registries.source.start();
  expect(await subjects('source')).toEqual(before);
});

async function subjects(name: keyof LabRegistries): Promise<string[]> {
  const answer = await fetch(`${registries[name].url}/subjects`);
  return (await answer.json()) as string[];
}
