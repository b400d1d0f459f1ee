import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { LabRegistries } from '../../lab/lab.js';
import { startRegistryDouble, type RegistryDouble } from '../../lab/registry-double/server.js';
import { enterImport, leaveImport } from '../../src/registry/import-mode.js';
import { openRegistry } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';
import { schemaIdOf } from '../../src/registry/wire-format.js';
import { sharedLab, stopRegistries } from '../lab/shared.js';
import { avro, json, proto } from '../registry/schemas.js';
import { run } from './kafka-cluster.js';

// What the double and a real registry have in common has to be the same: otherwise tests on the double prove nothing.
describe.each(['double', 'Apicurio'])('a registry: %s', (which) => {
  let url: string;
  let registry: Registry;
  let double: RegistryDouble | undefined;
  let real: LabRegistries | undefined;
  beforeAll(async () => {
    if (which === 'double') double = await startRegistryDouble({ compatibility: 'NONE', writesAnew: false });
    else real = await (await sharedLab()).startRegistries();
    url = double?.url ?? real!.source.url;
    registry = openRegistry(which, { url });
  });
  afterAll(async () => {
    registry.close();
    await double?.close();
    if (real) await stopRegistries(real);
  });
  /** Apicurio's may be used by other tests too. */
  const name = (subject: string) => `contract-${run}-${subject}`;

  it('gives a schema one id, and a new version only to a new schema', async () => {
    const subject = name('a/b %value');
    const first = await registry.register(subject, avro(`A${run}`, 'a'));
    expect(await registry.register(subject, avro(`A${run}`, 'a'))).toBe(first);
    const second = await registry.register(subject, avro(`A${run}`, 'a', 'b'));
    expect(second).toBeGreaterThan(first);
    expect(await registry.register(name('other'), avro(`A${run}`, 'a'))).toBe(first);
    expect(await registry.subjects()).toEqual(expect.arrayContaining([subject, name('other')]));
    expect(await registry.versions(subject)).toEqual([1, 2]);
    expect(await registry.version(subject, 2)).toEqual({
      ...avro(`A${run}`, 'a', 'b'),
      subject,
      version: 2,
      id: second,
    });
    expect(await registry.byId(first)).toEqual(avro(`A${run}`, 'a'));
    expect(await registry.find(subject, avro(`A${run}`, 'a', 'b'))).toEqual({ id: second, version: 2 });
  });

  it('knows Protobuf with references, and JSON', async () => {
    const [base, uses] = [proto(`Base${run}`), name('uses')];
    await registry.register(name('base.proto'), base);
    const reference = { name: 'base.proto', subject: name('base.proto'), version: 1, message: `Base${run}` };
    await registry.register(uses, proto(`Uses${run}`, [reference]));
    expect(await registry.version(uses, 1)).toMatchObject(proto(`Uses${run}`, [reference]));
    await registry.register(name('json'), json(`t${run}`));
    expect(await registry.version(name('json'), 1)).toMatchObject(json(`t${run}`));
    await expect(registry.deleteVersion(name('base.proto'), 1)).rejects.toMatchObject({
      type: 'Refused',
      code: 42206,
    });
    await expect(
      registry.register(
        name('lost'),
        proto(`Lost${run}`, [{ name: 'no', subject: name('nowhere'), version: 1, message: 'No' }]),
      ),
    ).rejects.toMatchObject({ type: 'Refused', code: 42201 });
    await expect(registry.register(name('bad'), { ...avro('x'), text: '{nonsense' })).rejects.toMatchObject({
      type: 'Refused',
      code: 42201,
    });
  });

  it('deletes softly, then for good', async () => {
    const subject = name('deleted');
    const [, second] = [
      await registry.register(subject, avro(`D${run}`, 'a')),
      await registry.register(subject, avro(`D${run}`, 'a', 'b')),
      await registry.register(subject, avro(`D${run}`, 'a', 'b', 'c')),
    ];
    await registry.deleteVersion(subject, 2);
    expect(await registry.versions(subject)).toEqual([1, 3]);
    expect(await registry.versions(subject, { deleted: true })).toEqual([1, 2, 3]);
    expect(await registry.version(subject, 2)).toMatchObject({ id: second });
    expect(await registry.byId(second)).toBeDefined();
    await registry.deleteVersion(subject, 2, { permanent: true });
    expect(await registry.versions(subject, { deleted: true })).toEqual([1, 3]);
    await registry.deleteVersion(subject, 2, { permanent: true });
    await registry.deleteSubject(subject);
    expect(await registry.versions(subject)).toEqual([]);
    expect(await registry.subjects()).not.toContain(subject);
    expect(await registry.subjects({ deleted: true })).toContain(subject);
    await registry.deleteSubject(subject, { permanent: true });
    expect(await registry.subjects({ deleted: true })).not.toContain(subject);
    await registry.deleteSubject(subject, { permanent: true });
  });

  it('has nothing where there is nothing', async () => {
    expect(await registry.versions(name('nowhere'))).toEqual([]);
    expect(await registry.version(name('nowhere'), 1)).toBeUndefined();
    expect(await registry.version(name('other'), 99)).toBeUndefined();
    expect(await registry.byId(2_000_000_000)).toBeUndefined();
    expect(await registry.find(name('other'), avro('Unknown'))).toBeUndefined();
    expect(await registry.compatibility(name('nowhere'))).toBeUndefined();
  });

  it('refuses what is not compatible', async () => {
    const subject = name('strict');
    await registry.register(subject, avro(`C${run}`, 'a'));
    await registry.setCompatibility(subject, 'FULL');
    expect(await registry.compatibility(subject)).toBe('FULL');
    const other = {
      ...avro(`C${run}`),
      text: JSON.stringify({ type: 'record', name: `C${run}`, fields: [{ name: 'a', type: 'int' }] }),
    };
    await expect(registry.register(subject, other)).rejects.toMatchObject({
      type: 'Refused',
      incompatible: true,
      message: expect.stringMatching(/not compatible with the versions there/) as unknown,
    });
    expect(await registry.globalCompatibility()).toBe('NONE');
  });

  it('takes a subject into import mode, or has none', async () => {
    const entered = await enterImport(registry, name('import'), { force: false }).then(
      () => true,
      (error: { type: string }) => error.type,
    );
    expect(entered).toBe(which === 'double' ? true : 'Unsupported');
    expect(await leaveImport(registry, name('import'))).toBe(which === 'double');
    expect(await registry.subjects({ deleted: true })).not.toContain(name('import'));
  });

  it('is used by applications', async () => {
    const client = new SchemaRegistry({ host: url });
    const { id } = await client.register(
      { type: SchemaType.AVRO, schema: avro(`App${run}`, 'a').text },
      { subject: name('app') },
    );
    const encoded = await client.encode(id, { a: 'x' });
    expect(schemaIdOf(encoded)).toBe(id);
    expect(await client.decode(encoded)).toEqual({ a: 'x' });
    expect((await registry.byId(id))?.text).toBe(avro(`App${run}`, 'a').text);
  });
});
