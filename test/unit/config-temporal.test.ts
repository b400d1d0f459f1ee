import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../app/config/config.js';
import { ConfigFolder, pems } from './config-folder.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

describe('a key for Temporal that has a password', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const sealed = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' } as const;
  writeFileSync(join(folder.path, 'sealed.key'), privateKey.export(sealed));
  const read = (key: string, keyPassword: string) =>
    folder.read(
      `temporal: { address: t:7233, tls: { certificate: ferry.crt, key: ${key}, keyPassword: ${keyPassword} } }`,
    );

  it('is opened, since the SDK takes no password, and shown nowhere', () => {
    const { value } = read('sealed.key', 'hunter2');
    const { tls } = { ...value?.temporal.connection };
    const pair = typeof tls === 'object' ? tls?.clientCertPair : undefined;
    expect(createPrivateKey(String(pair?.key)).equals(privateKey)).toBe(true);
    expect(String(pair?.crt)).toBe(pems.certificate);
    expect(JSON.stringify(value) + inspect(value, { depth: 9 })).not.toMatch(/hunter2|PRIVATE KEY/);
  });

  it.each([
    ['sealed.key', 'temporal.tls.keyPassword: does not open temporal.tls.key'],
    ['ferry.key', 'temporal.tls.keyPassword: does not open temporal.tls.key'],
    ['gone.key', 'temporal.tls.key: gone.key: there is no such file'],
  ])('is refused where the password is another, or there is no key: %s', (key, mistake) => {
    const { mistakes } = read(key, 'hunter3');
    expect(mistakes?.map(({ path, expected }) => `${path}: ${expected}`)).toEqual([
      expect.stringContaining(mistake),
    ]);
    expect(JSON.stringify(mistakes)).not.toContain('hunter3');
  });
});

it('asks who talks to Temporal alone for no secret of whom people are told by', () => {
  const hook = { url: '${BOARD_URL}', secret: '${BOARD_SECRET}' };
  const document = {
    notify: { webhooks: { board: hook }, everyone: ['board'] },
    reports: hook,
    registries: { r: { url: '${REGISTRY_URL}' } },
  };
  expect(parseConfig(document, folder.path, {}, { temporalOnly: true }).mistakes).toBeUndefined();
  expect(parseConfig(document, folder.path, {}).mistakes?.map(({ path }) => path)).toContain(
    'reports.secret',
  );
});
