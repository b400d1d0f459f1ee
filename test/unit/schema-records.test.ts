import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Doubt } from '../../activities/schemas/doubt.js';
import {
  checkIdsInRecords,
  idsInHeaders,
  idsNotCopied,
  refuseRegistryIds,
  type SampledIds,
} from '../../activities/schemas/schema-ids.js';
import { schemaHeaderOf } from '../../src/registry/wire-format.js';
import { openGround, type Ground } from '../registry/ground.js';
import { avro } from '../registry/schemas.js';

let ground: Ground;
beforeEach(async () => {
  ground = await openGround();
});
afterEach(() => ground.close());

const guid = '89791762-2336-186f-9674-299b90a802e2';
const guidBytes = Buffer.from(`01${guid.replaceAll('-', '')}`, 'hex');
const header = (name: string, value: Buffer | null) => ({ key: Buffer.from(name), value });

describe('a header', () => {
  it.each([
    ['a GUID', header('__value_schema_id', guidBytes), { part: 'value', names: { guid } }],
    ['an id', header('__key_schema_id', Buffer.from([0, 0, 0, 1, 2])), { part: 'key', names: { id: 258 } }],
    [
      'a number of Apicurio',
      header('apicurio.value.globalId', Buffer.alloc(8)),
      { part: 'value', names: undefined },
    ],
    ['a text', header('confluent-schema-id', Buffer.from('100')), { part: 'value', names: undefined }],
    ['nothing', header('__value_schema_id', null), { part: 'value', names: undefined }],
  ])('with %s tells the schema of its part', (_, given, told) => {
    expect(schemaHeaderOf(given)).toEqual({ name: given.key.toString(), ...told });
  });

  it('about something else tells none', () => {
    expect(schemaHeaderOf(header('trace-id', guidBytes))).toBeUndefined();
  });
});

function sampled({
  part = 'value',
  ids = [],
  headers = [],
}: { part?: 'key' | 'value'; ids?: number[]; headers?: ReturnType<typeof header>[] } = {}): SampledIds {
  const at = { partition: 2, offset: 7n };
  return {
    ...{ topic: 'orders', part, sampled: 10, carrying: ids.length },
    ids: new Map(ids.map((id) => [id, at])),
    headers: new Map(
      headers.flatMap((one) => {
        const told = schemaHeaderOf(one);
        return told ? [[JSON.stringify(told.names), { ...told, ...at }] as const] : [];
      }),
    ),
  };
}

describe('sampled records', () => {
  it('a key of a schema that nobody copies is named with its subjects, before anything is copied', async () => {
    const copied = await ground.source.register('orders-value', avro('Order'));
    const key = await ground.source.register('com.shop.OrderKey', avro('OrderKey'));
    const samples = [sampled({ part: 'key', ids: [key, 9_999] }), sampled({ ids: [copied] })];
    expect(await idsNotCopied(samples, ground.source, new Set([copied]))).toEqual([
      {
        weight: 'blocks',
        key: `schema-id-not-copied:${key}`,
        sentence: `the key at offset 7 of orders/2 carries schema id ${key} of com.shop.OrderKey, which is not copied: name its subject in the migration file (schemas.subjects), then try again.`,
      },
    ]);
  });

  it('an id in a header is looked for as one before the bytes is', async () => {
    const id = await ground.source.register('orders-value', avro('Order'));
    const bytes = Buffer.alloc(5);
    bytes.writeUInt32BE(id, 1);
    const samples = [sampled({ headers: [header('__value_schema_id', bytes)] })];
    expect(await checkIdsInRecords(samples, ground.source, ground.target)).toMatchObject([
      { key: `schema-id-not-copied:${id}` },
    ]);
    expect(await idsInHeaders(samples, false, ground.target)).toMatchObject([{ weight: 'notes' }]);
    expect(await idsInHeaders(samples, true, ground.target)).toMatchObject([
      { weight: 'asks', key: 'schema-ids-in-headers:orders' },
    ]);
  });

  it('a GUID is named by the plan, and asks after the copy where the target finds nothing by it', async () => {
    const samples = [sampled({ headers: [header('__value_schema_id', guidBytes)] })];
    const [planned] = await idsInHeaders(samples, false, undefined);
    expect(planned).toEqual({
      weight: 'notes',
      key: 'schema-ids-in-headers:orders',
      sentence:
        'The values of orders name their schemas in headers (__value_schema_id), which are copied as they are.',
    });
    expect(await idsInHeaders(samples, false, ground.target)).toMatchObject([
      { weight: 'asks', sentence: expect.stringContaining(`registry-b finds no schema by the GUID ${guid}`) },
    ]);
    ground.doubles.target.fault = (request) =>
      request === `GET /schemas/guids/${guid}`
        ? { status: 200, body: JSON.stringify({ schema: '"string"' }), contentType: 'application/json' }
        : undefined;
    expect(await idsInHeaders(samples, false, ground.target)).toEqual([planned]);
  });

  it('without schemas that are copied, headers are enough to ask', async () => {
    const samples = [
      sampled({ headers: [header('__key_schema_id', guidBytes)] }),
      sampled({ part: 'key', headers: [header('__key_schema_id', guidBytes)] }),
    ];
    expect(await refuseRegistryIds(samples.slice(1), undefined, 'use advancedMirroring')).toMatchObject([
      { weight: 'asks', key: 'schemas-in-topic:orders' },
    ]);
    expect(await refuseRegistryIds([sampled()], undefined, 'use advancedMirroring')).toEqual([]);
  });
});

describe('a registry that shows less than before', () => {
  const before = { source: 10, target: 10 };

  it('is believed when it has done so for a minute without a break', () => {
    const doubt = new Doubt();
    const less = { source: 0, target: 10 };
    const of = (now: typeof less, at: number) => doubt.of({ before, now, at });
    expect(of(less, 0)).toBe('source');
    expect(of(before, 30_000)).toBeUndefined();
    expect(of(less, 40_000)).toBe('source');
    expect(of(less, 99_000)).toBe('source');
    expect(of(less, 100_000)).toBeUndefined();
    expect(of({ source: 10, target: 9 }, 101_000)).toBe('target');
    expect(new Doubt().of({ before: undefined, now: less, at: 0 })).toBeUndefined();
  });

  it('while it is copied to: it is asked again, and nobody has to decide', async () => {
    await ground.source.register('orders-value', avro('Order'));
    await ground.source.register('orders-value', avro('Order', 'a'));
    let written = false;
    ground.doubles.target.fault = (request) => {
      written ||= request === 'POST /subjects/orders-value/versions';
      return undefined;
    };
    ground.doubles.source.fault = (request) =>
      written && request.startsWith('GET /subjects/orders-value/versions?')
        ? { status: 200, body: '[1]', contentType: 'application/json' }
        : undefined;
    await expect(ground.copy(['orders-value'])).rejects.toMatchObject({
      type: 'Unreachable',
      message: expect.stringMatching(/"registry-a" shows fewer versions than a moment ago/) as unknown,
    });
    ground.doubles.source.fault = undefined;
    expect(await ground.copy(['orders-value'])).toMatchObject({ complete: true, registered: 0 });
  });
});
