import { afterAll, expect, it } from '@jest/globals';
import { whoHasToken, withoutLogin } from '../../app/codec/may-read.js';
import { ConfigFolder, pems } from './config-folder.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

it.each([
  ['', false],
  [', apiKey: key', true],
  [', tls: true', {}],
  [', apiKey: key, tls: false', false],
  [
    ', tls: { ca: ca.pem, certificate: ferry.crt, key: ferry.key }',
    { serverRootCACertificate: Buffer.from(pems.ca) },
  ],
])('a login is shown to Temporal by TLS where the ferry’s own is, and alone: "%s"', (keys, tls) => {
  const { value } = folder.read(`temporal: { address: "temporal.example:7233"${keys} }`);
  if (!value) throw new Error('the configuration has mistakes');
  expect(withoutLogin(value.temporal.connection)).toEqual({ address: 'temporal.example:7233', tls });
});

it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic secret', 'Bearer other'])(
  'who shows no token, or another, reads nothing: %j',
  async (authorization) => {
    for (const token of ['secret', ''])
      expect(await whoHasToken(token)(authorization, undefined)).toBe(false);
    expect(await whoHasToken('secret')('Bearer secret', undefined)).toBe(true);
  },
);
