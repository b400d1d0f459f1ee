import { afterEach, describe, expect, it } from '@jest/globals';
import type { DoubleOptions } from '../../lab/registry-double/server.js';
import type { Registry } from '../../src/registry/registry.js';
import { holdings, openGround, type Ground } from '../registry/ground.js';
import { avro, json, proto } from '../registry/schemas.js';

let ground: Ground;
afterEach(() => ground.close());

/** Avro with a deleted version and a gap, Protobuf with references over two subjects, JSON; ids with holes. */
async function history(source: Registry): Promise<string[]> {
  await source.register('unrelated', avro('Unrelated'));
  await source.register('orders-value', avro('Order', 'a'));
  await source.register('orders-value', avro('Order', 'a', 'b'));
  await source.register('orders-value', avro('Order', 'a', 'b', 'c'));
  await source.register('orders-value', avro('Order', 'a', 'b', 'c', 'd'));
  await source.deleteVersion('orders-value', 2);
  await source.deleteVersion('orders-value', 2, { permanent: true });
  await source.deleteVersion('orders-value', 3);
  await source.register('common.proto', proto('Common'));
  const common = { name: 'common.proto', subject: 'common.proto', version: 1, message: 'Common' };
  await source.register('money.proto', proto('Money', [common]));
  const money = { name: 'money.proto', subject: 'money.proto', version: 1, message: 'Money' };
  await source.register('payments-value', proto('Payment', [common, money]));
  await source.register('orders-key', json('key'));
  await source.register('copy-key', json('key'));
  await source.setCompatibility('orders-value', 'FULL_TRANSITIVE');
  await source.register('unrelated', avro('Unrelated', 'last'));
  return ['orders-value', 'orders-key', 'payments-value', 'copy-key'];
}

const without = (held: Record<string, unknown>, prefix: string) =>
  Object.fromEntries(Object.entries(held).filter(([key]) => !key.startsWith(prefix)));

describe('a registry with import mode', () => {
  it.each<[string, DoubleOptions]>([
    ['empty', {}],
    ['that keeps schemas as they are', { writesAnew: false }],
  ])('%s gets ids, numbers, gaps, references, deletions and levels', async (_, target) => {
    ground = await openGround({ target });
    const subjects = await history(ground.source);
    const copied = await ground.copy(subjects);
    expect(copied).toMatchObject({ complete: true, way: 'import', registered: 8, deleted: 1 });
    const from = without(await holdings(ground.source), 'unrelated');
    const to = await holdings(ground.target);
    if (target.writesAnew !== false) expect(to).toEqual(from);
    expect(Object.keys(to)).toEqual(Object.keys(from));
    expect(await ground.target.compatibility('orders-value')).toBe('FULL_TRANSITIVE');
    expect(await ground.target.compatibility('orders-key')).toBeUndefined();
    for (const subject of Object.keys(to))
      expect(await ground.target.mode(subject.split('/')[0]!)).toBe('READWRITE');
    // The source's highest id belongs to a schema that was not copied: nothing stands under it, nor under those to come.
    const highest = (await ground.source.maxId(1))!;
    expect(await ground.target.byId(highest)).toBeUndefined();
    expect(await ground.target.register('later', avro('Later'))).toBe(highest + 1_000_000 + 1);
    expect((await ground.target.subjects({ deleted: true })).sort()).toEqual(
      [
        ...new Set(Object.keys(from).map((key) => key.split('/')[0]!)),
        'kafka-ferry-reserved-registry-a',
        'later',
      ].sort(),
    );
  });

  it('finds nothing to do the second time', async () => {
    ground = await openGround();
    const subjects = await history(ground.source);
    await ground.copy(subjects);
    const before = ground.doubles.target.log.length;
    expect(await ground.copy(subjects)).toMatchObject({
      complete: true,
      changed: false,
      way: 'none',
      versions: 8,
    });
    const asked = ground.doubles.target.log.slice(before);
    expect(asked.filter((line) => !line.startsWith('GET '))).toEqual([]);
  });
});

describe('a registry without import mode', () => {
  it('that is new and empty gets the same ids by counting', async () => {
    ground = await openGround({ target: { importMode: 'none', compatibility: 'BACKWARD' } });
    const subjects = await history(ground.source);
    const copied = await ground.copy(subjects);
    expect(copied).toMatchObject({ complete: true, way: 'counted', registered: 8, deleted: 1 });
    expect(await holdings(ground.target)).toEqual(without(await holdings(ground.source), 'unrelated'));
    expect(await ground.target.register('later', avro('Later'))).toBe((await ground.source.maxId(1))! + 1);
    expect(await ground.copy(subjects)).toMatchObject({ complete: true, changed: false, way: 'none' });
  });
});
