import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSign, randomUUID, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AUDIENCE, ISSUER, KEY_ID, tokenFiles } from './tokens.js';

// A program: `token-server.ts FOLDER PORT`. It gives tokens by the client credentials grant (RFC 6749, 4.4) to the clients
// whose secrets are in the folder, signed with the key there.

const [folder = '', port = '0'] = process.argv.slice(2);
const files = tokenFiles(folder);
const key = readFileSync(files.key, 'utf8');

/** Short, so that everybody who lives on tokens needs many. */
const lifetimeSeconds = 20;

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

function tokenFor(form: URLSearchParams, authorization: string | undefined): object {
  if (form.get('grant_type') !== 'client_credentials') throw new Refused(400, 'unsupported_grant_type');
  const client = clientOf(form, authorization);
  const now = Math.floor(Date.now() / 1000);
  const scope = form.get('scope');
  const claims = {
    iss: ISSUER,
    sub: client,
    aud: form.get('audience') ?? AUDIENCE,
    iat: now,
    exp: now + lifetimeSeconds,
    jti: randomUUID(),
    ...(scope !== null && { scope }),
  };
  const said = `${encoded({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encoded(claims)}`;
  const signature = createSign('RSA-SHA256').update(said).sign(key, 'base64url');
  return { access_token: `${said}.${signature}`, token_type: 'Bearer', expires_in: lifetimeSeconds };
}

/** RFC 6749, 2.3.1: the two ways in which a client may say who it is. */
function clientOf(form: URLSearchParams, authorization: string | undefined): string {
  const [user, secret] = authorization?.startsWith('Basic ')
    ? Buffer.from(authorization.slice(6), 'base64').toString().split(':').map(formDecoded)
    : [form.get('client_id'), form.get('client_secret')];
  const known = user ? secretOf(user) : undefined;
  if (user == null || secret == null || known === undefined || !same(secret, known))
    throw new Refused(401, 'invalid_client');
  return user;
}

function secretOf(client: string): string | undefined {
  if (!/^[a-z-]+$/.test(client)) return undefined;
  try {
    return readFileSync(files.secretOf(client), 'utf8');
  } catch {
    return undefined;
  }
}

const formDecoded = (text: string): string => new URLSearchParams(`a=${text}`).get('a') ?? '';
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const same = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await reply(request);
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

async function reply(request: IncomingMessage): Promise<{ status: number; body: object }> {
  if (request.method !== 'POST' || request.url !== '/token')
    return { status: 404, body: { error: 'not_found' } };
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  try {
    const form = new URLSearchParams(Buffer.concat(pieces).toString());
    return { status: 200, body: tokenFor(form, request.headers.authorization) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { status: error.status, body: { error: error.code, error_description: 'refused by the lab' } };
  }
}

createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1');
