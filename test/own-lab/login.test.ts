import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { TokenLogin } from '../../src/kafka/link/cluster-connection.js';
import { openCluster } from '../../src/kafka/open.js';
import type { TokenEndpoint } from '../../src/kafka/tokens/token-origin.js';
import { metadataV12 } from '../../src/kafka/wire/metadata-v12.js';
import type { FerryError } from '../../src/migration/errors.js';
import { eventually } from '../eventually.js';
import { failureOf as anyFailureOf } from '../failure-of.js';
import { LoginLab, sides, type Side } from './login-lab.js';

let here: LoginLab;
beforeAll(async () => {
  here = await LoginLab.start('oauth');
});
afterAll(() => here?.down());
afterEach(() => here.closeAll());

const clusterAs = (side: Side, sasl: TokenLogin) => here.cluster(side, { sasl });
const loginOf = (side: Side) => here.connections[side].sasl as TokenLogin;
const endpointOf = (side: Side) => loginOf(side).token as TokenEndpoint;
const asking = (side: Side, change: Partial<TokenEndpoint>): TokenLogin => ({
  mechanism: 'oauthbearer',
  token: { ...endpointOf(side), ...change },
});
const host = () => new URL(endpointOf('source').url).host;

async function failureOf(call: Promise<unknown>): Promise<FerryError> {
  const failure = await anyFailureOf(call);
  // No token begins otherwise, and no secret is this.
  expect(`${failure.message}${failure.stack}${JSON.stringify(failure)}`).not.toMatch(/eyJ/);
  expect(failure.message).not.toContain(endpointOf('source').clientSecret);
  return failure;
}

/** A token as anybody may get one. */
async function tokenFor(audience?: string): Promise<string> {
  const { url, clientId, clientSecret } = endpointOf('source');
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const body = new URLSearchParams({ ...form, ...(audience !== undefined && { audience }) });
  const answer = (await (await fetch(url, { method: 'POST', body })).json()) as { access_token: string };
  return answer.access_token;
}

describe.each(sides)('on the %s', (side) => {
  test('the ferry comes in with a token and has the rights of its principal', async () => {
    const cluster = clusterAs(side, { ...loginOf(side), extensions: { logicalCluster: 'lkc-1' } });
    const { acls } = await cluster.acls().then((acls) => ({ acls }));
    expect(JSON.stringify(acls)).toContain('User:ferry');
  });

  test('a token from a file, which is replaced', async () => {
    const path = join(here.folder, `${side}.token`);
    const cluster = clusterAs(side, { mechanism: 'oauthbearer', token: { from: 'file', path } });
    writeFileSync(path, 'not-a-token-of-the-lab');
    expect(await failureOf(cluster.identity())).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "${side}" at ${here.addressOf(side)} refused the token from the token file ${path}: check that its brokers expect this audience, trust whoever gives the token, and that the clocks agree.`,
    });
    writeFileSync(path, `${await tokenFor()}\n`);
    expect((await cluster.identity()).brokers).toHaveLength(1);
  });

  test('a token for another audience is refused, and its audience named', async () => {
    const failure = await failureOf(clusterAs(side, asking(side, { audience: 'elsewhere' })).identity());
    expect(failure).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "${side}" at ${here.addressOf(side)} refused the token from the token endpoint ${host()}, which is for the audience "elsewhere": check that its brokers expect this audience, trust whoever gives the token, and that the clocks agree.`,
    });
  });

  test('a wrong secret is refused by the endpoint', async () => {
    const failure = await failureOf(clusterAs(side, asking(side, { clientSecret: 'guessed' })).identity());
    expect(failure).toMatchObject({
      type: 'Unauthenticated',
      message: `The token endpoint ${host()} for cluster "${side}" refused to give a token (HTTP 401, invalid_client): check clientId, the client secret, and how the client says who it is (authentication).`,
    });
  });

  test('one connection lasts longer than its session and its token', async () => {
    // Tokens live for 20 s, a session for 6 s.
    const { link, proofs } = await here.countedLink(side);
    await eventually(proofs, (count) => count >= 6);
    await link.ask(metadataV12, { names: [] });
    expect(link.alive).toBe(true);
  });
});

test('one connection with a password lasts longer than its session', async () => {
  const { username, password } = here.lab.source.clients['ferry']!.sasl!;
  const { link, proofs } = await here.countedLink('source', {
    bootstrap: here.connections.source.bootstrap,
    sasl: { mechanism: 'scram-sha-512', username, password },
  });
  await eventually(proofs, (count) => count >= 3);
  await link.ask(metadataV12, { names: [] });
  expect(link.alive).toBe(true);
});

test('a port that takes no tokens says so', async () => {
  const { bootstrap } = here.lab.source;
  const cluster = here.opened(openCluster('source', { bootstrap, sasl: loginOf('source') }));
  expect(await failureOf(cluster.identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `Cluster "source" at ${bootstrap[0]} does not offer OAUTHBEARER there: use the port that does, or another mechanism.`,
  });
});

test('an endpoint that is away keeps new connections out, whatever address they go to, until it is back', async () => {
  const before = clusterAs('source', loginOf('source'));
  await before.identity();
  await here.lab.tokens!.kill();
  try {
    const [address] = here.connections.target.bootstrap;
    const bootstrap = [address!, address!.replace('127.0.0.1', 'localhost')];
    const cluster = here.cluster('target', { bootstrap });
    const failure = await failureOf(cluster.identity());
    expect(failure.type).toBe('Unreachable');
    // A connection to it that was kept open breaks in another way than one that is refused.
    expect(failure.message).toMatch(
      /^The token endpoint [\d.:]+ for cluster "target" did not answer \(\w+\): check its address and that it runs\.$/,
    );
    // Its token and its session are good for a while yet.
    expect((await before.identity()).brokers).toHaveLength(1);
    await here.lab.tokens!.start();
    expect((await cluster.identity()).brokers).toHaveLength(1);
  } finally {
    await here.lab.tokens!.start();
  }
});

test("Kafka's own client comes in with the properties that the documentation gives for Connect", async () => {
  const { url, clientId, clientSecret } = endpointOf('target');
  const topic = await here.newTopic();
  const topics = await here.topicsByKafka(
    'oauthbearer',
    {
      'https://login.example.com/oauth2/token': url,
      '${file:/etc/kafka/oauth.properties:client.id}': clientId,
      '${file:/etc/kafka/oauth.properties:client.secret}': clientSecret,
    },
    `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${url}`,
  );
  expect(topics).toContain(topic);
});
