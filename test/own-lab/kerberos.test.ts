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
import { kdcFiles, TICKET_SECONDS } from '../../lab/login/kdc.js';
import { versions } from '../../lab/versions.js';
import { BrokerLink } from '../../src/kafka/link/broker-link.js';
import type { ClusterConnection, TicketLogin } from '../../src/kafka/link/cluster-connection.js';
import { type Credentials, credentialsOf } from '../../src/kafka/link/credentials.js';
import type { TicketOrigin } from '../../src/kafka/kerberos/ticket-origin.js';
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
  lab = await startLab({ name: 'test-kerberos', login: 'kerberos' });
  const { value, mistakes } = readConfig({ path: lab.ferryYaml, environment: {} });
  expect(mistakes).toBeUndefined();
  connections = value!.clusters;
  folder = mkdtempSync(join(tmpdir(), 'ferry-kerberos-'));
});
afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true });
  await lab?.down();
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const addressOf = (side: Side) => connections[side]!.bootstrap[0]!;
const loginOf = (side: Side) => connections[side]!.sasl as TicketLogin;
const krb5Conf = () => kdcFiles(lab.kdc!.folder).krb5Conf;
const keytab = () => kdcFiles(lab.kdc!.folder).keytabOf('ferry');

function clusterAs(side: Side, change: Partial<TicketOrigin> = {}, service = 'kafka') {
  const login = loginOf(side);
  const tickets = { ...login.tickets, ...change } as TicketOrigin;
  const cluster = openCluster(side, { ...connections[side]!, sasl: { ...login, service, tickets } });
  open.push(cluster);
  return cluster;
}

const withCache = (side: Side, name: string, principal?: string) => {
  const tickets: TicketOrigin = {
    from: 'cache',
    name,
    krb5Conf: krb5Conf(),
    ...(principal && { principal }),
  };
  const cluster = openCluster(side, { ...connections[side]!, sasl: { ...loginOf(side), tickets } });
  open.push(cluster);
  return cluster;
};

async function failureOf(call: Promise<unknown>): Promise<FerryError> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof FerryError)) throw new Error('expected a FerryError', { cause: failure });
  return failure;
}

/** A link to a cluster, and how often the broker has believed who asks. */
async function countedLink(side: Side, sasl: TicketLogin) {
  const connection = { ...connections[side]!, sasl };
  const real = credentialsOf(side, sasl)!;
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
  const link = await BrokerLink.open(side, addressOf(side), connection, counted);
  open.push(link, counted);
  return { link, proofs: () => proofs };
}

/** A keytab with a new key of a principal that the KDC knows, or knew. */
async function keytabOf(principal: string, ...afterwards: string[]): Promise<string> {
  const path = join(folder, `${principal}.keytab`);
  for (const query of [`addprinc -randkey ${principal}`, `ktadd -k ${path} ${principal}`, ...afterwards])
    await lab.kdc!.kadmin(query);
  return path;
}

describe.each(sides)('on the %s', (side) => {
  test('the ferry comes in with its keytab and has the rights of its principal', async () => {
    const cluster = clusterAs(side);
    expect(cluster.principal).toBe('User:ferry');
    expect(JSON.stringify(await cluster.acls())).toContain('"User:ferry"');
  });

  test('a service that the KDC does not know', async () => {
    expect(await failureOf(clusterAs(side, {}, 'kafkaa').identity())).toMatchObject({
      type: 'Unauthenticated',
      message: `The KDC knows no service kafkaa/localhost@LAB.TEST, so there is no ticket with the keytab ${keytab()} for cluster "${side}": check service, which is sasl.kerberos.service.name of the brokers, and that their principals have the host names under which the ferry reaches them.`,
    });
  });

  test('a service that is not that broker', async () => {
    await lab.kdc!.kadmin('addprinc -randkey http/localhost');
    const failure = await failureOf(clusterAs(side, {}, 'http').identity());
    expect(failure).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "${side}" at ${addressOf(side)} refused the ticket for http/localhost, or could not prove that it is that: check that its keytab has the keys that the KDC has now, its principal is this one, and the clocks of broker, KDC and this machine agree; a broker's log says which.`,
    });
  });
});

test('one connection lasts longer than its session and its ticket, also while others come and go', async () => {
  const begun = Date.now();
  const links = await Promise.all(sides.map((side) => countedLink(side, loginOf(side))));
  const sessions = Math.ceil(TICKET_SECONDS / 4.8) + 2;
  await eventually(
    () => Math.min(...links.map(({ proofs }) => proofs())),
    (count) => count >= sessions,
  );
  expect(Date.now() - begun).toBeGreaterThan(TICKET_SECONDS * 1_000);
  for (const { link } of links) {
    await link.ask(metadataV12, { names: [] });
    expect(link.alive).toBe(true);
  }
});

test('a keytab of another realm', async () => {
  const path = await keytabOf('ferry@OTHER.TEST');
  expect(await failureOf(clusterAs('source', { path }).identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `The keytab ${path} for cluster "source" holds no key of ferry@LAB.TEST, but of ferry@OTHER.TEST: check principal and its realm.`,
  });
  const change = { path, principal: 'ferry@OTHER.TEST' };
  expect(await failureOf(clusterAs('source', change).identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `Kerberos knows no KDC of the realm OTHER.TEST, so no ticket can be asked for with the keytab ${path} for cluster "source": check the realm of principal, and give the KDC in krb5.conf.`,
  });
});

test('a keytab that is not there, or is none, or has keys of before', async () => {
  const path = join(folder, 'ferry.keytab');
  expect(await failureOf(clusterAs('source', { path }).identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `The keytab ${path} for cluster "source" is not there: check the path.`,
  });
  writeFileSync(path, 'no keytab');
  expect(await failureOf(clusterAs('source', { path }).identity())).toMatchObject({
    message: `The keytab ${path} for cluster "source" is no keytab: check the path, and get the file anew.`,
  });
  const old = await keytabOf('old@LAB.TEST', 'cpw -randkey old@LAB.TEST');
  expect(
    await failureOf(clusterAs('source', { path: old, principal: 'old@LAB.TEST' }).identity()),
  ).toMatchObject({
    type: 'Unauthenticated',
    message: `The KDC does not take the key of old@LAB.TEST in the keytab ${old} for cluster "source": the key has been changed there, so get a new keytab.`,
  });
  const gone = await keytabOf('gone@LAB.TEST', 'delprinc -force gone@LAB.TEST');
  expect(
    await failureOf(clusterAs('source', { path: gone, principal: 'gone@LAB.TEST' }).identity()),
  ).toMatchObject({
    type: 'Unauthenticated',
    message: `The KDC knows no principal gone@LAB.TEST: check principal and the keytab ${gone} for cluster "source".`,
  });
});

test('a credential cache that others fill, whose ticket ends and is renewed', async () => {
  const cache = `FILE:${join(folder, 'cache')}`;
  const cluster = withCache('source', cache);
  expect(await failureOf(cluster.identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `There are no tickets in the credential cache ${cache} for cluster "source": see that whatever gets them runs, as the same user, and for the same principal.`,
  });
  await lab.kdc!.kinit(cache);
  expect((await cluster.identity()).brokers).toHaveLength(1);
  const other = withCache('source', cache, 'billing@LAB.TEST');
  expect((await failureOf(other.identity())).message).toMatch(
    /^There are no tickets of billing@LAB\.TEST in/,
  );
  // Each connection is open until its session ends, and is not opened again without a ticket.
  const failure = await eventually(
    () =>
      cluster.identity().then(
        () => undefined,
        (error: FerryError) => error,
      ),
    // A request that is under way when the session ends says only that the connection is gone.
    (failed) => failed !== undefined && failed.type !== 'Unreachable',
  );
  expect(failure).toMatchObject({
    message: `The tickets in the credential cache ${cache} for cluster "source" have ended: see that whatever renews them runs.`,
  });
  await lab.kdc!.kinit(cache);
  expect((await cluster.identity()).brokers).toHaveLength(1);
});

test('clocks that are six minutes apart', async () => {
  try {
    await lab.kdc!.withClock('+6m');
    // MIT's library goes by the clock of the KDC, so it is the broker that does not agree with it.
    expect((await failureOf(clusterAs('source').identity())).message).toBe(
      `Cluster "source" at ${addressOf('source')} refused the ticket for kafka/localhost, or could not prove that it is that: check that its keytab has the keys that the KDC has now, its principal is this one, and the clocks of broker, KDC and this machine agree; a broker's log says which.`,
    );
    const strict = join(folder, 'strict.conf');
    writeFileSync(
      strict,
      readFileSync(krb5Conf(), 'utf8').replace('[libdefaults]', '[libdefaults]\n kdc_timesync = 0'),
    );
    expect(await failureOf(clusterAs('source', { krb5Conf: strict }).identity())).toMatchObject({
      type: 'Unauthenticated',
      message: `The clock of this machine and that of the KDC are further apart than Kerberos allows, by default five minutes, so there is no ticket with the keytab ${keytab()} for cluster "source": set the clocks right.`,
    });
  } finally {
    await lab.kdc!.withClock();
  }
  expect((await clusterAs('source').identity()).brokers).toHaveLength(1);
});

test('a KDC that is away keeps new connections out until it is back, and those with tickets go on', async () => {
  const before = clusterAs('source');
  await before.identity();
  await lab.kdc!.kill();
  try {
    const cluster = clusterAs('target');
    expect(await failureOf(cluster.identity())).toMatchObject({
      type: 'Unreachable',
      message: `No KDC of the realm LAB.TEST answered when a ticket for cluster "target" was asked for with the keytab ${keytab()}: check that it runs, the network, and its address in krb5.conf.`,
    });
    expect((await before.identity()).brokers).toHaveLength(1);
    await lab.kdc!.start();
    expect((await cluster.identity()).brokers).toHaveLength(1);
  } finally {
    await lab.kdc!.start();
  }
});

test('a port that takes no tickets says so', async () => {
  // By the name that its principal has.
  const bootstrap = lab.source.bootstrap.map((address) => address.replace('127.0.0.1', 'localhost'));
  const cluster = openCluster('source', { bootstrap, sasl: loginOf('source') });
  open.push(cluster);
  expect(await failureOf(cluster.identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `Cluster "source" at ${bootstrap[0]} does not offer GSSAPI there: use the port that does, or another mechanism.`,
  });
});

test("Kafka's own client comes in with the properties that the documentation gives for Connect", async () => {
  const guide = readFileSync(new URL('../../docs/logins.md', import.meta.url), 'utf8');
  const documented = /<!-- client properties: gssapi -->\s*```properties\n([^`]*)```/.exec(guide)?.[1] ?? '';
  const here = {
    '/etc/kafka/ferry.keytab': keytab(),
    'ferry@EXAMPLE.COM': 'ferry@LAB.TEST',
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
    ...['-Xmx128m', '-XX:TieredStopAtLevel=1', `-Djava.security.krb5.conf=${krb5Conf()}`],
    ...['-cp', join(cacheFolder(`kafka-${versions.targetKafka}`, 'libs'), '*')],
    'org.apache.kafka.tools.TopicCommand',
    ...['--bootstrap-server', addressOf('target'), '--command-config', file, '--list'],
  ]);
  expect(stdout).toContain(topic);
});
