import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tokensOfMsk } from '../../src/kafka/tokens/msk-tokens.js';
import { isBearerToken } from '../../src/kafka/tokens/token.js';
import { failureOf } from '../failure-of.js';

const accessKey = 'AKIDEXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

// AWS's SDK reads who it is from the environment. Nothing here may find, or ask for, credentials of this machine.
const alone = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/none',
  AWS_SHARED_CREDENTIALS_FILE: '/none',
};
const before = { ...process.env };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-aws-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, alone);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

/** RFC 3986, as AWS encodes the parts of a query. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Signature Version 4 of a presigned request, by AWS's description of it and not by its SDK. */
function signatureOf(url: URL, secretKey: string): string {
  const unsigned = ['X-Amz-Signature', 'User-Agent'];
  const query = [...url.searchParams]
    .filter(([name]) => !unsigned.includes(name))
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
  const request = ['GET', '/', query, `host:${url.host}\n`, 'host', sha256('')].join('\n');
  const at = url.searchParams.get('X-Amz-Date') ?? '';
  const [, ...scope] = (url.searchParams.get('X-Amz-Credential') ?? '').split('/');
  const toSign = ['AWS4-HMAC-SHA256', at, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secretKey}`);
  return hmac(key, toSign).toString('hex');
}

const urlOf = (token: string) => new URL(Buffer.from(token, 'base64url').toString());

test('a token is the signed request to connect that MSK takes, good for 15 minutes', async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secret });
  const earliest = Math.floor(Date.now() / 1000) * 1000;
  const { value, endsAt } = await tokensOfMsk('target', { from: 'msk', region: 'eu-north-1' }).current();
  expect(isBearerToken(value)).toBe(true);
  const url = urlOf(value);
  expect(url.origin).toBe('https://kafka.eu-north-1.amazonaws.com');
  const {
    'X-Amz-Date': date,
    'X-Amz-Signature': signature,
    'User-Agent': agent,
    ...rest
  } = Object.fromEntries(url.searchParams);
  expect(rest).toEqual({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKey}/${date?.slice(0, 8)}/eu-north-1/kafka-cluster/aws4_request`,
    'X-Amz-Expires': '900',
    'X-Amz-SignedHeaders': 'host',
  });
  expect(agent).toMatch(/^aws-msk-iam-sasl-signer-js/);
  expect(signature).toBe(signatureOf(url, secret));
  expect(signature).not.toBe(signatureOf(url, 'another'));
  expect(endsAt).toBeGreaterThanOrEqual(earliest + 900_000);
  expect(endsAt).toBeLessThanOrEqual(Date.now() + 900_000);
});

test('the profile that is named is the one that signs', async () => {
  const file = join(folder, 'credentials');
  const profile = (name: string, key: string) =>
    `[${name}]\naws_access_key_id = ${key}\naws_secret_access_key = ${secret}\n`;
  writeFileSync(file, profile('default', 'AKOTHER') + profile('kafka', 'AKKAFKA'));
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = file;
  const tokens = tokensOfMsk('target', { from: 'msk', region: 'eu-north-1', profile: 'kafka' });
  expect(urlOf((await tokens.current()).value).searchParams.get('X-Amz-Credential')).toMatch(/^AKKAFKA\//);
});

test.each([
  [{}, 'the worker'],
  [{ profile: 'nobody' }, 'the profile "nobody"'],
])('without credentials it says for whom there are none: %j', async (who, whose) => {
  const tokens = tokensOfMsk('target', { from: 'msk', region: 'eu-north-1', ...who });
  expect(await failureOf(tokens.current())).toMatchObject({
    type: 'Unauthenticated',
    message: `AWS gives no credentials for ${whose}, with whom the ferry logs in to cluster "target" (CredentialsProviderError): check the worker's AWS environment, the profile, and who may assume the role.`,
  });
});

test('a signer that is not installed', async () => {
  const missing: string = 'no-such-package';
  const tokens = tokensOfMsk('target', { from: 'msk', region: 'eu-north-1' }, () => import(missing));
  expect(await failureOf(tokens.current())).toMatchObject({
    type: 'BadInput',
    message:
      'Cluster "target" asks for aws-msk-iam, and AWS\'s signer is not installed: run npm install aws-msk-iam-sasl-signer-js where the ferry is installed.',
  });
});

test('a service of AWS that does not answer is asked again', async () => {
  const down = Object.assign(new Error(secret), { code: 'ENOTFOUND' });
  const fail = () => Promise.reject(down);
  const signer = {
    generateAuthToken: fail,
    generateAuthTokenFromProfile: fail,
    generateAuthTokenFromRole: fail,
  };
  const role = 'arn:aws:iam::123456789012:role/ferry';
  const tokens = tokensOfMsk('target', { from: 'msk', region: 'eu-north-1', role }, async () => signer);
  const failure = await failureOf(tokens.current());
  expect(failure).toMatchObject({
    type: 'Unreachable',
    message: `AWS did not answer when it was asked for credentials for the role ${role}, with whom the ferry logs in to cluster "target": check the network and the region.`,
  });
  expect(`${failure.stack}${String(failure.cause)}`).not.toContain(secret);
});
