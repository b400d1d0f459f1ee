import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { kdcFiles, TICKET_SECONDS } from '../../lab/login/kdc.js';
import type { TicketLogin } from '../../src/kafka/link/cluster-connection.js';
import type { TicketOrigin } from '../../src/kafka/kerberos/ticket-origin.js';
import { openCluster } from '../../src/kafka/open.js';
import { metadataV12 } from '../../src/kafka/wire/metadata-v12.js';
import type { FerryError } from '../../src/migration/errors.js';
import { eventually } from '../eventually.js';
import { failureOf } from '../failure-of.js';
import { LoginLab, sides, type Side } from './login-lab.js';

let here: LoginLab;
beforeAll(async () => {
  here = await LoginLab.start('kerberos');
});
afterAll(() => here?.down());
afterEach(() => here.closeAll());

const kdc = () => here.lab.kdc!;
const loginOf = (side: Side) => here.connections[side].sasl as TicketLogin;
const krb5Conf = () => kdcFiles(kdc().folder).krb5Conf;
const keytab = () => kdcFiles(kdc().folder).keytabOf('ferry');

function clusterAs(side: Side, change: Partial<TicketOrigin> = {}, service = 'kafka') {
  const login = loginOf(side);
  const tickets = { ...login.tickets, ...change } as TicketOrigin;
  return here.cluster(side, { sasl: { ...login, service, tickets } });
}

const withCache = (side: Side, name: string, principal?: string) => {
  const tickets: TicketOrigin = {
    from: 'cache',
    name,
    krb5Conf: krb5Conf(),
    ...(principal && { principal }),
  };
  return here.cluster(side, { sasl: { ...loginOf(side), tickets } });
};

/** A keytab with a new key of a principal that the KDC knows, or knew. */
async function keytabOf(principal: string, ...afterwards: string[]): Promise<string> {
  const path = join(here.folder, `${principal}.keytab`);
  for (const query of [`addprinc -randkey ${principal}`, `ktadd -k ${path} ${principal}`, ...afterwards])
    await kdc().kadmin(query);
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
    await kdc().kadmin('addprinc -randkey http/localhost');
    const failure = await failureOf(clusterAs(side, {}, 'http').identity());
    expect(failure).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "${side}" at ${here.addressOf(side)} refused the ticket for http/localhost, or could not prove that it is that: check that its keytab has the keys that the KDC has now, its principal is this one, and the clocks of broker, KDC and this machine agree; a broker's log says which.`,
    });
  });
});

test('one connection lasts longer than its session and its ticket, also while others come and go', async () => {
  const begun = Date.now();
  const links = await Promise.all(sides.map((side) => here.countedLink(side)));
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
  const path = join(here.folder, 'ferry.keytab');
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
  const cache = `FILE:${join(here.folder, 'cache')}`;
  const cluster = withCache('source', cache);
  expect(await failureOf(cluster.identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `There are no tickets in the credential cache ${cache} for cluster "source": see that whatever gets them runs, as the same user, and for the same principal.`,
  });
  await kdc().kinit(cache);
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
  await kdc().kinit(cache);
  expect((await cluster.identity()).brokers).toHaveLength(1);
});

test('clocks that are six minutes apart', async () => {
  try {
    await kdc().withClock('+6m');
    // MIT's library goes by the clock of the KDC, so it is the broker that does not agree with it.
    expect((await failureOf(clusterAs('source').identity())).message).toBe(
      `Cluster "source" at ${here.addressOf('source')} refused the ticket for kafka/localhost, or could not prove that it is that: check that its keytab has the keys that the KDC has now, its principal is this one, and the clocks of broker, KDC and this machine agree; a broker's log says which.`,
    );
    const strict = join(here.folder, 'strict.conf');
    writeFileSync(
      strict,
      readFileSync(krb5Conf(), 'utf8').replace('[libdefaults]', '[libdefaults]\n kdc_timesync = 0'),
    );
    expect(await failureOf(clusterAs('source', { krb5Conf: strict }).identity())).toMatchObject({
      type: 'Unauthenticated',
      message: `The clock of this machine and that of the KDC are further apart than Kerberos allows, by default five minutes, so there is no ticket with the keytab ${keytab()} for cluster "source": set the clocks right.`,
    });
  } finally {
    await kdc().withClock();
  }
  expect((await clusterAs('source').identity()).brokers).toHaveLength(1);
});

test('a KDC that is away keeps new connections out until it is back, and those with tickets go on', async () => {
  const before = clusterAs('source');
  await before.identity();
  await kdc().kill();
  try {
    const cluster = clusterAs('target');
    expect(await failureOf(cluster.identity())).toMatchObject({
      type: 'Unreachable',
      message: `No KDC of the realm LAB.TEST answered when a ticket for cluster "target" was asked for with the keytab ${keytab()}: check that it runs, the network, and its address in krb5.conf.`,
    });
    expect((await before.identity()).brokers).toHaveLength(1);
    await kdc().start();
    expect((await cluster.identity()).brokers).toHaveLength(1);
  } finally {
    await kdc().start();
  }
});

test('a port that takes no tickets says so', async () => {
  // By the name that its principal has.
  const bootstrap = here.lab.source.bootstrap.map((address) => address.replace('127.0.0.1', 'localhost'));
  const cluster = here.opened(openCluster('source', { bootstrap, sasl: loginOf('source') }));
  expect(await failureOf(cluster.identity())).toMatchObject({
    type: 'Unauthenticated',
    message: `Cluster "source" at ${bootstrap[0]} does not offer GSSAPI there: use the port that does, or another mechanism.`,
  });
});

test("Kafka's own client comes in with the properties that the documentation gives for Connect", async () => {
  const topic = await here.newTopic();
  const topics = await here.topicsByKafka(
    'gssapi',
    { '/etc/kafka/ferry.keytab': keytab(), 'ferry@EXAMPLE.COM': 'ferry@LAB.TEST' },
    `-Djava.security.krb5.conf=${krb5Conf()}`,
  );
  expect(topics).toContain(topic);
});
