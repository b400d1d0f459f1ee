import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HeldBack } from '../../activities/schemas/schema-held-back.js';
import { parseMigration, type Migration } from '../../src/migration/file.js';
import { openGround, type Ground } from '../registry/ground.js';
import { avro } from '../registry/schemas.js';

const migration = (file: object = {}): Migration =>
  parseMigration({
    name: 'a',
    strategy: 'advancedMirroring',
    mirror: 'engine',
    source: 's',
    target: 't',
    topics: [{ name: 'orders' }],
    schemas: { source: 'source', target: 'target' },
    ...file,
  }).migration!;

let ground: Ground;
beforeEach(async () => {
  ground = await openGround();
});
afterEach(() => ground.close());

const holdBack = (accepted: string[] = [], file: object = {}) =>
  HeldBack.of(
    {
      registries: (name: string) => (name === 'source' ? ground.source : ground.target),
    },
    { migration: migration(file), accepted },
    new AbortController().signal,
  );
const at = (id: number) => ({ topic: 'orders', partition: 0, part: 'value' as const, id, offset: 7n });

describe('a record that keeps its id', () => {
  it('is held back until the target has its schema', async () => {
    const id = await ground.source.register('orders-value', avro('Order'));
    const held = holdBack()!;
    expect(held.of('orders')('value', id)).toBeUndefined();
    let learned = false;
    const learning = held.learn(at(id)).then(() => (learned = true));
    // It has asked for it on the target, and was answered that it is not there.
    const asked = (line: string) => ground.doubles.target.log.filter((one) => one === line).length;
    while (asked(`GET /schemas/ids/${id}`) < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(learned).toBe(false);
    await ground.copy(['orders-value']);
    await learning;
    expect(held.of('orders')('value', id)).toBe(id);
  });

  it('is not written where its id is another schema', async () => {
    const id = await ground.source.register('orders-value', avro('Order'));
    expect(await ground.target.register('other', avro('Other'))).toBe(id);
    await expect(holdBack()!.learn(at(id))).rejects.toMatchObject({
      type: 'Conflict',
      message: expect.stringMatching(
        /offset 7 of orders\/0 carries schema id 1, which is another schema on registry-b/,
      ) as unknown,
      findings: [{ weight: 'asks', key: 'schema-id-unknown:1' }],
    });
    expect(holdBack(['schema-id-unknown:1'])!.of('orders')('value', id)).toBe(id);
  });

  it('passes with bytes that are no id of the source, and nobody asks for ever', async () => {
    const held = holdBack()!;
    expect(held.of('orders')('value', 0)).toBe(0);
    for (let id = 1; id <= 100; id++) await held.learn(at(id));
    const asked = ground.doubles.source.log.length;
    expect(held.of('orders')('value', 5)).toBe(5);
    expect(held.of('orders')('value', 12_345)).toBe(12_345);
    expect(held.of('orders')('key', 5)).toBeUndefined();
    expect(ground.doubles.source.log).toHaveLength(asked);
  });

  it('is nobody’s affair where MirrorMaker copies, or other ids are written', () => {
    expect(holdBack([], { mirror: 'mirrormaker', connect: 'c' })).toBeUndefined();
    expect(holdBack(['schema-ids-not-kept'])).toBeUndefined();
  });
});

it('what a registry does not know while it reads its log is waited for', async () => {
  const id = await ground.source.register('orders-value', avro('Order'));
  ground.doubles.source.rules.restart();
  // As it answers by id then: with what it has so far.
  ground.doubles.source.fault = (request) =>
    request.startsWith('GET /schemas/ids/')
      ? { status: 404, body: '{"error_code":40403}', contentType: 'application/json' }
      : undefined;
  const held = holdBack()!;
  const learning = held.learn(at(id));
  while (!ground.doubles.source.log.includes('GET /_health'))
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(held.of('orders')('value', id)).toBeUndefined();
  ground.doubles.source.fault = undefined;
  ground.doubles.source.rules.replayed();
  await ground.copy(['orders-value']);
  await learning;
  expect(held.of('orders')('value', id)).toBe(id);
});
