import { afterAll, expect, it } from '@jest/globals';
import { withoutLogin } from '../../app/codec/may-read.js';
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
