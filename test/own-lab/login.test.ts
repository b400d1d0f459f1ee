import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '../../app/config/config.js';
import { cacheFolder } from '../../lab/host/folders.js';
import { javaCommand } from '../../lab/host/toolchain.js';
import { type Lab, startLab } from '../../lab/lab.js';
import { versions } from '../../lab/versions.js';
import { BrokerLink } from '../../src/kafka/link/broker-link.js';
import type { ClusterConnection, TokenLogin } from '../../src/kafka/link/cluster-connection.js';
import { type Credentials, credentialsOf } from '../../src/kafka/link/credentials.js';
import type { TokenEndpoint } from '../../src/kafka/tokens/token-origin.js';
import { metadataV12 } from '../../src/kafka/wire/metadata-v12.js';
import { openCluster } from '../../src/kafka/open.js';
import { FerryError } from '../../src/migration/errors.js';
import { eventually } from '../eventually.js';

const sides = ['source', 'target'] as const;
type Side = (typeof sides)[number];

let lab: Lab;
let folder: string;
let connections: Readonly<Record<string, ClusterConnection>>;
beforeAll(async () => {
  lab = await startLab({ name: 'test-login', login: 'oauth' });
  const { value, mistakes } = readConfig({ path: lab.ferryYaml, environment: {} });
  expect(mistakes).toBeUndefined();
  connections = value!.clusters;
  folder = mkdtempSync(join(tmpdir(), 'ferry-login-'));
});
afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true });
  await lab?.down();
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

function clusterAs(side: Side, sasl: ClusterConnection['sasl']) {
  const cluster = openCluster(side, { ...connections[side]!, ...(sasl && { sasl }) });
  open.push(cluster);
  return cluster;
}

const loginOf = (side: Side) => connections[side]?.sasl as TokenLogin;
const endpointOf = (side: Side) => loginOf(side).token as TokenEndpoint;
const asking = (side: Side, change: Partial<TokenEndpoint>): TokenLogin => ({
  mechanism: 'oauthbearer',
  token: { ...endpointOf(side), ...change },
});
const addressOf = (side: Side) => connections[side]!.bootstrap[0]!;
const host = () => new URL(endpointOf('source').url).host;

async function failureOf(call: Promise<unknown>): Promise<FerryError> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof FerryError)) throw new Error('expected a FerryError', { cause: failure });
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
    const path = join(folder, `${side}.token`);
    const cluster = clusterAs(side, { mechanism: 'oauthbearer', token: { from: 'file', path } });
    writeFileSync(path, 'not-a-token-of-the-lab');
    expect(await failureOf(cluster.identity())).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "${side}" at ${addressOf(side)} refused the token from the token file ${path}: check that its brokers expect this audience, trust whoever gives the token, and that the clocks agree.`,
    });
    writeFileSync(path, `${await tokenFor()}\n`);
    expect((await cluster.identity()).brokers).toHaveLength(1);
  });

  test('a token for another audience is refused, and its audience named', async () => {
    const failure = await failureOf(clusterAs(side, asking(side, { audience: 'elsewhere' })).identity());
    expect(failure).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "${side}" at ${addressOf(side)} refused the token from the token endpoint ${host()}, which is for the audience "elsewhere": check that its brokers expect this audience, trust whoever gives the token, and that the clocks agree.`,
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
    const { link, proofs } = await countedLink(side, connections[side]!);
    await eventually(proofs, (count) => count >= 6);
    await link.ask(metadataV12, { names: [] });
    expect(link.alive).toBe(true);
  });
});

/** A link to a cluster, and how often the broker has believed who asks. */
async function countedLink(side: Side, connection: ClusterConnection) {
  const real = credentialsOf(side, connection.sasl)!;
  let proofs = 0;
  const counted: Credentials = {
    ready: async (host) => {
      const proof = await real.ready(host);
      return async (exchange) => {
        const sessionMs = await proof(exchange);
        proofs++;
        return sessionMs;
      };
    },
    close: () => real.close(),
  };
  const link = await BrokerLink.open(side, connection.bootstrap[0]!, connection, counted);
  open.push(link, counted);
  return { link, proofs: () => proofs };
}

test('one connection with a password lasts longer than its session', async () => {
  const { username, password } = lab.source.clients['ferry']!.sasl!;
  const { link, proofs } = await countedLink('source', {
    bootstrap: connections['source']!.bootstrap,
    sasl: { mechanism: 'scram-sha-512', username, password },
  });
  await eventually(proofs, (count) => count >= 3);
  await link.ask(metadataV12, { names: [] });
  expect(link.alive).toBe(true);
});

test('a port that takes no tokens says so', async () => {
  const { bootstrap } = lab.source;
  const cluster = openCluster('source', { bootstrap, sasl: loginOf('source') });
  open.push(cluster);
  expect(await failureOf(cluster.identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `Cluster "source" at ${bootstrap[0]} does not offer OAUTHBEARER there: use the port that does, or another mechanism.`,
  });
});

test('an endpoint that is away keeps new connections out, whatever address they go to, until it is back', async () => {
  const before = clusterAs('source', loginOf('source'));
  await before.identity();
  await lab.tokens!.kill();
  try {
    const [address] = connections['target']!.bootstrap;
    const bootstrap = [address!, address!.replace('127.0.0.1', 'localhost')];
    const cluster = openCluster('target', { ...connections['target']!, bootstrap });
    open.push(cluster);
    const failure = await failureOf(cluster.identity());
    expect(failure.type).toBe('Unreachable');
    // A connection to it that was kept open breaks in another way than one that is refused.
    expect(failure.message).toMatch(
      /^The token endpoint [\d.:]+ for cluster "target" did not answer \(\w+\): check its address and that it runs\.$/,
    );
    // Its token and its session are good for a while yet.
    expect((await before.identity()).brokers).toHaveLength(1);
    await lab.tokens!.start();
    expect((await cluster.identity()).brokers).toHaveLength(1);
  } finally {
    await lab.tokens!.start();
  }
});

test("Kafka's own client comes in with the properties that the documentation gives for Connect", async () => {
  const guide = readFileSync(new URL('../../docs/logins.md', import.meta.url), 'utf8');
  const documented =
    /<!-- client properties: oauthbearer -->\s*```properties\n([^`]*)```/.exec(guide)?.[1] ?? '';
  const { url, clientId, clientSecret } = endpointOf('target');
  const here = {
    'https://login.example.com/oauth2/token': url,
    '${file:/etc/kafka/oauth.properties:client.id}': clientId,
    '${file:/etc/kafka/oauth.properties:client.secret}': clientSecret,
    '/etc/kafka/ca.pem': lab.target.clients['ferry']!.tls!.ca,
  };
  const settings = Object.entries(here).reduce((text, [example, value]) => {
    expect(text).toContain(example);
    return text.replaceAll(example, value);
  }, documented);
  const file = join(folder, 'client.properties');
  writeFileSync(file, settings, { mode: 0o600 });
  const topic = 'login.documented';
  const admin = lab.target.kafkajs('admin').admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }] });
  await admin.disconnect();
  const { stdout } = await promisify(execFile)(javaCommand(), [
    ...['-Xmx128m', '-XX:TieredStopAtLevel=1', `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${url}`],
    ...['-cp', join(cacheFolder(`kafka-${versions.targetKafka}`, 'libs'), '*')],
    'org.apache.kafka.tools.TopicCommand',
    ...['--bootstrap-server', addressOf('target'), '--command-config', file, '--list'],
  ]);
  expect(stdout).toContain(topic);
});
