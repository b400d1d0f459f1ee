import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { inspect } from 'node:util';
import { openCodec } from '../../app/codec/open.js';
import { everybody, whoHasToken } from '../../app/codec/may-read.js';
import { serveCodec, type CodecServerOptions } from '../../app/codec/server.js';
import { parseConfig } from '../../app/config/config.js';
import { mistakeText } from '../../src/migration/mistakes.js';

const key = () => randomBytes(32).toString('base64');
const keys = { old: key(), new: key() };
const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (one: Payload | undefined): unknown => one && defaultPayloadConverter.fromPayload(one);
const bytesOf = (one: Payload | undefined): string =>
  Object.values(one?.metadata ?? {})
    .concat(one?.data ?? [])
    .map((bytes) => Buffer.from(bytes).toString('latin1'))
    .join(' ');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-codec-'));
  writeFileSync(join(folder, 'old.key'), `${keys.old}\n`);
  writeFileSync(join(folder, 'empty.key'), '\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const aesGcm = (options: object): Promise<PayloadCodec> => openCodec({ module: 'aes-gcm', options, folder });
const withOld = { key: 'old', keys: { old: { file: 'old.key' } } };
const withBoth = { key: 'new', keys: { old: { file: 'old.key' }, new: { value: keys.new } } };

describe('the AES-GCM codec', () => {
  it('hides the payload, and how it was written, and gives it back whole', async () => {
    const codec = await aesGcm(withOld);
    const [sealed] = await codec.encode([payload({ topic: 'orders' })]);
    expect(bytesOf(sealed)).not.toMatch(/orders|json\/plain/);
    expect(bytesOf(sealed)).toContain('binary/encrypted');
    const [opened] = await codec.decode([sealed as Payload]);
    expect(valueOf(opened)).toEqual({ topic: 'orders' });
  });

  it('writes the same payload differently each time', async () => {
    const codec = await aesGcm(withOld);
    const [one, two] = await codec.encode([payload('orders'), payload('orders')]);
    expect(bytesOf(one)).not.toBe(bytesOf(two));
  });

  it('reads what was written with an earlier key, and writes with the new one', async () => {
    const [before] = await (await aesGcm(withOld)).encode([payload('orders')]);
    const codec = await aesGcm(withBoth);
    const [after] = await codec.encode([payload('orders')]);
    expect((await codec.decode([before as Payload, after as Payload])).map(valueOf)).toEqual([
      'orders',
      'orders',
    ]);
    await expect((await aesGcm(withOld)).decode([after as Payload])).rejects.toThrow(
      'A payload is encrypted with the key new: add it to temporal.codec.options.keys of ferry.yaml.',
    );
  });

  it('reads what was written before there was a codec, and does not encrypt twice', async () => {
    const codec = await aesGcm(withOld);
    expect((await codec.decode([payload('orders')])).map(valueOf)).toEqual(['orders']);
    const sealed = await codec.encode([payload('orders')]);
    expect(await codec.encode(sealed)).toEqual(sealed);
  });

  it.each([
    ['a byte of the text', (data: Uint8Array) => (data[20]! ^= 1)],
    ['the tag', (data: Uint8Array) => (data[data.length - 1]! ^= 1)],
    ['the nonce', (data: Uint8Array) => (data[0]! ^= 1)],
  ])('says when %s was changed', async (_, change) => {
    const codec = await aesGcm(withOld);
    const [sealed] = (await codec.encode([payload('orders')])) as [Payload];
    change(sealed.data as Uint8Array);
    await expect(codec.decode([sealed])).rejects.toThrow('A payload does not open with the key old');
  });

  it('says when the id of another key was put beside it, or nothing is left', async () => {
    const both = await aesGcm({ ...withBoth, keys: { old: { value: keys.old }, new: { value: keys.old } } });
    const [sealed] = (await both.encode([payload('orders')])) as [Payload];
    const moved = { ...sealed, metadata: { ...sealed.metadata, 'encryption-key-id': Buffer.from('old') } };
    await expect(both.decode([moved])).rejects.toThrow('does not open');
    await expect(both.decode([{ ...sealed, data: new Uint8Array(5) }])).rejects.toThrow('does not open');
  });

  it.each([
    [{ key: 'none', keys: { old: { file: 'old.key' } } }, 'expected key to be one of keys'],
    [{ key: 'old', keys: { old: { file: 'gone.key' } } }, 'gone.key: there is no such file'],
    [
      { key: 'old', keys: { old: { file: 'empty.key' } } },
      'empty.key: expected a secret in the file, which is',
    ],
    [
      { key: 'old', keys: { old: { value: 'c2hvcnQ=' } } },
      'temporal.codec.options.keys.old: expected a key of 32 bytes',
    ],
    [{ key: 'old', keys: { old: {} } }, 'expected either file, or value'],
    [{}, 'temporal.codec.options.key'],
  ])('refuses %j in one sentence', async (options, sentence) => {
    await expect(aesGcm(options)).rejects.toThrow(sentence);
    await expect(aesGcm(options)).rejects.not.toThrow('c2hvcnQ');
  });
});

describe('a codec of one’s own', () => {
  const module = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return openCodec({ module: `./${name}`, options: { shift: 1 }, folder });
  };

  it('is a module beside ferry.yaml, and is given its options', async () => {
    const codec = await module(
      'own.mjs',
      `export default ({ shift }) => {
        const turn = (payloads, by) =>
          payloads.map((one) => ({ ...one, data: Uint8Array.from(one.data, (byte) => (byte + by) & 255) }));
        return { encode: async (all) => turn(all, shift), decode: async (all) => turn(all, -shift) };
      };`,
    );
    const sealed = await codec.encode([payload('orders')]);
    expect(bytesOf(sealed[0])).not.toContain('orders');
    expect((await codec.decode(sealed)).map(valueOf)).toEqual(['orders']);
  });

  it.each([
    ['gone.mjs', undefined, 'cannot be loaded'],
    ['throws.mjs', 'throw new Error("secret");', 'cannot be loaded'],
    ['none.mjs', 'export const codec = {};', 'has no default export'],
    ['nothing.mjs', 'export default () => ({});', 'made no codec'],
    ['fails.mjs', 'export default () => { throw new Error("secret"); };', 'could not make a codec'],
  ])('%s is refused in one sentence', async (name, text, sentence) => {
    const opening =
      text === undefined ? openCodec({ module: `./${name}`, options: {}, folder }) : module(name, text);
    const message = await opening.then(String, (error: Error) => error.message);
    expect(message).toContain(sentence);
    expect(message).not.toContain('secret');
  });
});

describe('ferry.yaml', () => {
  const read = (document: object, which = {}) => parseConfig(document, folder, { KEY: keys.new }, which);

  it('shows no key, also where it is printed whole', () => {
    const { value } = read(
      {
        temporal: {
          codec: { module: 'aes-gcm', options: { key: 'new', keys: { new: { value: '${KEY}' } } } },
        },
        codecServer: { address: '127.0.0.1:0', authorization: 'token', token: '${KEY}' },
      },
      { codecServer: true },
    );
    expect(value?.temporal.codec).toMatchObject({ module: 'aes-gcm', folder });
    expect(inspect(value, { depth: 9 }) + JSON.stringify(value)).not.toContain(keys.new);
  });

  it.each([
    [{ address: '0.0.0.0:8888', authorization: 'none' }, 'would decode for everybody'],
    [{ address: '127.0.0.1:8888', authorization: 'token' }, 'expected either token or tokenFile'],
    [{ address: '127.0.0.1:8888', authorization: 'temporal', token: 'a' }, 'and none of them elsewhere'],
    [{ address: '127.0.0.1:8888', authorization: 'none', origins: ['*'] }, 'expected the origin of a web UI'],
    [{ address: '127.0.0.1:8888' }, 'expected temporal, token or none'],
  ])('refuses the codec server %j', (codecServer, sentence) => {
    expect(read({ codecServer }).mistakes?.map(mistakeText).join()).toContain(sentence);
  });

  it('does not ask those who need no codec server for its token', () => {
    const codecServer = { address: '127.0.0.1:0', authorization: 'token', tokenFile: 'not-there' };
    expect(read({ codecServer }).mistakes).toBeUndefined();
    expect(
      read({ codecServer: { ...codecServer, tokenFile: undefined, token: '${UNSET}' } }).mistakes,
    ).toBeUndefined();
    expect(read({ codecServer }, { codecServer: true }).mistakes?.map(mistakeText).join()).toContain(
      'no such file',
    );
  });

  it('has a codec server for nobody whose token is an empty file', () => {
    const codecServer = { address: '0.0.0.0:8888', authorization: 'token', tokenFile: 'empty.key' };
    expect(read({ codecServer }, { codecServer: true }).mistakes).toEqual([
      { path: 'codecServer.tokenFile', expected: 'expected a secret in the file, which is empty' },
    ]);
  });
});

describe('the codec server', () => {
  const origin = 'https://ui.example.com';
  let close: (() => Promise<void>) | undefined;
  afterEach(async () => {
    await close?.();
    close = undefined;
  });

  async function serving(more: Partial<CodecServerOptions> = {}): Promise<string> {
    const codec = await aesGcm(withOld);
    const server = await serveCodec(codec, {
      address: '127.0.0.1:0',
      origins: [origin],
      mayRead: everybody,
      ...more,
    });
    close = server.close;
    return `http://127.0.0.1:${server.port}`;
  }

  const json = ({ metadata, data }: Payload) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
    ),
    data: Buffer.from(data ?? []).toString('base64'),
  });
  const post = (url: string, payloads: unknown, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ payloads }),
    });

  it.each(['', '/default', '/name%20of%20one'])(
    'encodes and decodes at %s/encode and /decode',
    async (prefix) => {
      const url = await serving();
      const sealed = (await (await post(`${url}${prefix}/encode`, [json(payload('orders'))])).json()) as {
        payloads: { data: string }[];
      };
      expect(Buffer.from(sealed.payloads[0]?.data ?? '', 'base64').toString('latin1')).not.toContain(
        'orders',
      );
      const opened = await post(`${url}${prefix}/decode`, sealed.payloads, { origin });
      expect(opened.headers.get('access-control-allow-origin')).toBe(origin);
      expect(opened.headers.get('cache-control')).toBe('no-store');
      expect(await opened.json()).toEqual({ payloads: [json(payload('orders'))] });
    },
  );

  it('lets a browser ask from the web UI alone', async () => {
    const url = await serving();
    const preflight = (from: string) =>
      fetch(`${url}/decode`, {
        method: 'OPTIONS',
        headers: { origin: from, 'access-control-request-method': 'POST' },
      });
    const [ours, another] = [await preflight(origin), await preflight('https://evil.example.com')];
    expect([ours.status, ours.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    expect(ours.headers.get('access-control-allow-headers')).toContain('x-namespace');
    expect([another.status, another.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    expect((await post(`${url}/decode`, [], { origin: 'https://evil.example.com' })).status).toBe(403);
  });

  it('answers who shows the token, and nobody else', async () => {
    const url = await serving({ mayRead: whoHasToken('s3cret') });
    const status = async (headers: Record<string, string>) =>
      (await post(`${url}/decode`, [], headers)).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: 'Bearer other' })).toBe(403);
    expect(await status({ authorization: 's3cret' })).toBe(403);
    expect(await status({ authorization: 'Bearer s3cret' })).toBe(200);
  });

  it('is asked about the namespace of the header, or of the path', async () => {
    const asked: unknown[] = [];
    const url = await serving({
      mayRead: async (...who) => {
        asked.push(who);
        return true;
      },
    });
    await post(`${url}/decode`, [], { 'x-namespace': 'moves', authorization: 'Bearer a' });
    await post(`${url}/moves/decode`, []);
    await post(`${url}/decode`, []);
    expect(asked).toEqual([
      ['Bearer a', 'moves'],
      [undefined, 'moves'],
      [undefined, undefined],
    ]);
  });

  it('refuses nonsense with a code and one sentence', async () => {
    const url = await serving();
    const refusal = async (answer: Response) => [answer.status, await answer.json()];
    const instead = { message: 'Send {"payloads":[{"metadata":{…},"data":"…"}]}, bytes as base64.' };
    expect(await refusal(await post(`${url}/else`, []))).toEqual([
      404,
      { message: 'POST to /encode or /decode.' },
    ]);
    expect(await refusal(await post(`${url}/%E0%A4%A/decode`, []))).toEqual([
      404,
      { message: 'POST to /encode or /decode.' },
    ]);
    expect((await fetch(`${url}/decode`)).status).toBe(405);
    expect(await (await post(`${url}/encode`, undefined)).json()).toEqual({ payloads: [] });
    expect(await refusal(await post(`${url}/decode`, 'orders'))).toEqual([400, instead]);
    expect(await refusal(await post(`${url}/decode`, [{ data: '%' }]))).toEqual([400, instead]);
    expect(await refusal(await fetch(`${url}/decode`, { method: 'POST', body: 'orders' }))).toEqual([
      400,
      { message: 'Send payloads as JSON.' },
    ]);
    const [sealed] = (await (await aesGcm(withBoth)).encode([payload('orders')])) as [Payload];
    expect(await refusal(await post(`${url}/decode`, [json(sealed)]))).toEqual([
      400,
      { message: expect.stringContaining('encrypted with the key new') },
    ]);
    const large = await fetch(`${url}/decode`, { method: 'POST', body: 'x'.repeat(33 * 1024 * 1024) }).then(
      ({ status }) => status,
      // It hung up while this was still being sent.
      () => 413,
    );
    expect(large).toBe(413);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
