import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Brokers } from '../../src/kafka/link/brokers.js';
import { keptTokens } from '../../src/kafka/tokens/kept-tokens.js';
import { openTokens } from '../../src/kafka/tokens/open.js';
import type { Token, Tokens } from '../../src/kafka/tokens/token.js';
import type { TokenEndpoint } from '../../src/kafka/tokens/token-origin.js';
import { FerryError } from '../../src/migration/errors.js';
import { failureOf } from '../failure-of.js';

interface Asked {
  authorization: string | undefined;
  form: Record<string, string>;
}

const after: (() => void)[] = [];
afterEach(() => {
  for (const end of after.splice(0)) end();
});

/** @returns tokens of a server that answers so, and what it was asked. */
async function endpoint(
  answer: (response: ServerResponse) => void,
  more: Partial<TokenEndpoint> = {},
): Promise<{ tokens: Tokens; asked: Asked[]; host: string; server: Server }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(text));
      asked.push({ authorization: request.headers.authorization, form });
      answer(response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens = openTokens('target', {
    from: 'endpoint',
    url: `http://${host}/oauth2/token?tenant=hunter3`,
    clientId: 'ferry',
    clientSecret: 'hunter2',
    authentication: 'basic',
    ...more,
  });
  after.push(() => {
    tokens.close();
    server.close();
    server.closeAllConnections();
  });
  return { tokens, asked, host, server };
}

const json = (body: unknown, status = 200) => {
  return (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
};

/** Not signed: the ferry reads what a token says and trusts it in nothing. */
const jwt = (claims: object) =>
  ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'c2ln'].join('.');

describe('a token endpoint', () => {
  test('is asked with the grant, scope and audience, and the login as RFC 6749 encodes it', async () => {
    const { tokens, asked } = await endpoint(json({ access_token: 'abc', expires_in: 60 }), {
      clientId: 'the ferry',
      clientSecret: 'a:b%c+ä',
      scope: 'read write',
      audience: 'kafka',
    });
    expect((await tokens.current()).value).toBe('abc');
    const login = Buffer.from('the+ferry:a%3Ab%25c%2B%C3%A4').toString('base64');
    const form = { grant_type: 'client_credentials', scope: 'read write', audience: 'kafka' };
    expect(asked).toEqual([{ authorization: `Basic ${login}`, form }]);
  });

  test('may take the login in the form', async () => {
    const { tokens, asked } = await endpoint(json({ access_token: 'abc', expires_in: '60' }), {
      authentication: 'body',
    });
    await tokens.current();
    const form = { grant_type: 'client_credentials', client_id: 'ferry', client_secret: 'hunter2' };
    expect(asked).toEqual([{ authorization: undefined, form }]);
  });

  test('is asked once for all who need a token at a time, and again after a broker refused it', async () => {
    const { tokens, asked } = await endpoint(json({ access_token: 'abc', expires_in: 60 }));
    const [one, other] = await Promise.all([tokens.current(), tokens.current()]);
    expect(await tokens.current()).toBe(one);
    expect(other).toBe(one);
    expect(asked).toHaveLength(1);
    tokens.refused(one);
    await tokens.current();
    expect(asked).toHaveLength(2);
  });

  const said = (error: string) => ({ error, error_description: 'hunter4', hint: 'hunter2' });
  test.each([
    [
      'a wrong secret',
      json(said('invalid_client'), 401),
      'Unauthenticated',
      'refused to give a token (HTTP 401, invalid_client): check clientId, the client secret, and how the client says who it is (authentication).',
    ],
    [
      'another audience',
      json(said('invalid_target'), 400),
      'Unauthenticated',
      'refused to give a token (HTTP 400, invalid_target): check audience.',
    ],
    [
      'a code of its own',
      json(said('hunter4'), 403),
      'Unauthenticated',
      'refused to give a token (HTTP 403): check its address, clientId, the client secret, scope and audience.',
    ],
    [
      'a page instead',
      (response: ServerResponse) => response.end('<html>hunter4</html>'),
      'Unauthenticated',
      'answered without a token: check that the address is that of a token endpoint.',
    ],
    [
      'nothing',
      json(null),
      'Unauthenticated',
      'answered without a token: check that the address is that of a token endpoint.',
    ],
    [
      'a token that is none',
      json({ access_token: 'hunter4\x01auth=Bearer x' }),
      'Unauthenticated',
      'gave something else than a bearer token, and Kafka takes no other.',
    ],
    [
      'a token that needs a proof',
      json({ access_token: 'hunter4', token_type: 'DPoP' }),
      'Unauthenticated',
      'gave something else than a bearer token, and Kafka takes no other.',
    ],
    [
      'a token that has ended',
      json({ access_token: jwt({ exp: 1_000, sub: 'hunter4' }) }),
      'Unauthenticated',
      'gave a token that has ended already: check its clock and this one.',
    ],
    ['trouble', json(said('hunter4'), 500), 'Unreachable', 'is not ready (HTTP 500): it is asked again.'],
    ['a quota', json({}, 429), 'Unreachable', 'is not ready (HTTP 429): it is asked again.'],
    [
      'another address',
      (response: ServerResponse) => response.writeHead(302, { location: 'http://hunter4' }).end(),
      'Unauthenticated',
      'refused to give a token (HTTP 302): check its address, clientId, the client secret, scope and audience.',
    ],
    [
      'a closed connection',
      (response: ServerResponse) => response.destroy(),
      'Unreachable',
      'did not answer (ECONNRESET): check its address and that it runs.',
    ],
  ] as const)('that answers with %s fails in one sentence', async (_, answer, type, sentence) => {
    const { tokens, host } = await endpoint(answer);
    const failure = await failureOf(tokens.current());
    expect(failure.type).toBe(type);
    expect(failure.message).toBe(`The token endpoint ${host} for cluster "target" ${sentence}`);
    expect(`${failure.stack}${JSON.stringify(failure)}${String(failure.cause)}`).not.toMatch(/hunter/);
  });

  test('that is not there', async () => {
    const { tokens, server } = await endpoint(json({}));
    server.close();
    await once(server, 'close');
    expect(await failureOf(tokens.current())).toMatchObject({
      type: 'Unreachable',
      message: expect.stringContaining('did not answer (ECONNREFUSED)') as unknown,
    });
  });
});

describe('a token is kept', () => {
  const at = (minutes: number) => minutes * 60_000;

  /** Tokens of ten minutes each, by a clock that the test moves. */
  function kept() {
    const state = { now: 0, given: 0, away: false };
    const fetch = async (): Promise<Token> => {
      if (state.away) throw new FerryError('Unreachable', 'The token endpoint is away.');
      return { value: `token-${++state.given}`, endsAt: state.now + at(10) };
    };
    const tokens = keptTokens({ origin: 'here', fetch, close: () => undefined }, () => state.now);
    return { state, current: async () => (await tokens.current()).value };
  }

  test('until most of its life is over, and replaced before it ends', async () => {
    const { state, current } = kept();
    expect(await current()).toBe('token-1');
    state.now = at(7.9);
    expect(await current()).toBe('token-1');
    state.now = at(8);
    expect(await current()).toBe('token-2');
    state.now = at(15.9);
    expect(await current()).toBe('token-2');
  });

  test('while nobody gives another, as long as it is good', async () => {
    const { state, current } = kept();
    await current();
    state.away = true;
    state.now = at(9);
    expect(await current()).toBe('token-1');
    state.now = at(9.9);
    await expect(current()).rejects.toThrow('away');
    state.away = false;
    expect(await current()).toBe('token-2');
  });
});

describe('a token file', () => {
  function file(): { path: string; tokens: Tokens } {
    const folder = mkdtempSync(join(tmpdir(), 'ferry-token-'));
    after.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'token');
    return { path, tokens: openTokens('target', { from: 'file', path }) };
  }

  test('is read anew each time', async () => {
    const { path, tokens } = file();
    writeFileSync(path, 'first\n');
    expect(await tokens.current()).toEqual({ value: 'first' });
    const exp = Math.floor(Date.now() / 1000) + 60;
    writeFileSync(path, jwt({ exp }));
    expect(await tokens.current()).toEqual({ value: jwt({ exp }), endsAt: exp * 1000 });
  });

  test.each([
    ['', 'Unreachable', 'is empty: see that whatever writes it runs.'],
    ['hunter2 hunter2', 'Unauthenticated', 'holds something else than one bearer token: see what writes it.'],
    [
      jwt({ exp: 1_000, aud: 'hunter2' }),
      'Unauthenticated',
      'holds a token that ended at 1970-01-01T00:16:40.000Z: see that whatever replaces it runs, and that the clocks agree.',
    ],
  ])('that holds %j fails in one sentence', async (text, type, sentence) => {
    const { path, tokens } = file();
    writeFileSync(path, text);
    const failure = await failureOf(tokens.current());
    expect(failure).toMatchObject({
      type,
      message: `The token file ${path} for cluster "target" ${sentence}`,
    });
  });

  test('that is not there may come back', async () => {
    const { path, tokens } = file();
    expect(await failureOf(tokens.current())).toMatchObject({
      type: 'Unreachable',
      message: `The token file ${path} for cluster "target" is not there: see that whatever writes it runs.`,
    });
  });
});

test('an endpoint that goes away is named, however each connection notices, and no broker is blamed', async () => {
  const { server, host } = await endpoint((response) => {
    server.close();
    response.destroy();
  });
  const brokers = new Brokers('target', {
    // Nobody is asked anything there, for want of a token.
    bootstrap: ['127.0.0.1:9', 'localhost:9'],
    sasl: {
      mechanism: 'oauthbearer',
      token: {
        from: 'endpoint',
        url: `http://${host}/`,
        clientId: 'ferry',
        clientSecret: 'hunter2',
        authentication: 'basic',
      },
    },
  });
  after.push(() => void brokers.close());
  // The first connection is reset, the second refused.
  await expect(brokers.metadata({ names: [] })).rejects.toThrow(
    new RegExp(
      `^The token endpoint ${host} for cluster "target" did not answer \\(\\w+\\): check its address and that it runs\\.$`,
    ),
  );
});
