import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CertificateAuthority } from '../../lab/kafka/certificates.js';
import type { Lab } from '../../lab/lab.js';
import type { Cluster } from '../../src/kafka/cluster.js';
import type { ClusterConnection } from '../../src/kafka/link/cluster-connection.js';
import { openCluster } from '../../src/kafka/open.js';
import { sharedLab } from '../lab/shared.js';
import { connectionOf, run } from './kafka-cluster.js';
import { failureOf } from '../failure-of.js';

let lab: Lab;
const opened: Cluster[] = [];
beforeAll(async () => {
  lab = await sharedLab();
});
afterEach(async () => {
  for (const cluster of opened.splice(0)) await cluster.close();
});

const open = (name: string, connection: ClusterConnection): Cluster => {
  const cluster = openCluster(name, connection);
  opened.push(cluster);
  return cluster;
};

describe.each(['source', 'target'] as const)('what is not granted on the %s cluster', (name) => {
  const topic = `failures.${run}.${name}`;
  test('is a row that names the ACL', async () => {
    const admin = open(name, connectionOf(lab[name], 'admin'));
    await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, config: {} }]);
    const cluster = open(name, connectionOf(lab[name], 'audit'));
    const partitions = [{ topic, partition: 0 }];
    const lacks = (what: string) =>
      `The ferry's principal on cluster "${name}" lacks ${what}: grant it, then try again.`;

    const rows = await cluster.watermarks(partitions);
    expect(rows.get(`${topic}/0`)?.error).toMatchObject({
      type: 'Unauthorized',
      message: lacks(`DESCRIBE on topic "${topic}"`),
    });
    const found = await cluster.topics([topic]);
    expect(found.get(topic)?.error?.message).toBe(lacks(`DESCRIBE on topic "${topic}"`));
    const configs = await cluster.topicConfigs([topic]);
    expect(configs.get(topic)?.error?.message).toBe(lacks(`DESCRIBE_CONFIGS on topic "${topic}"`));
    const groups = await cluster.describeGroups(['failures.group']);
    expect(groups.get('failures.group')?.error?.message).toBe(lacks('DESCRIBE on group "failures.group"'));
    const created = await cluster.createTopics([
      { name: `${topic}.new`, partitions: 1, replicationFactor: 1, config: {} },
    ]);
    expect(created.get(`${topic}.new`)?.error?.message).toBe(lacks(`CREATE on topic "${topic}.new"`));
    expect(await failureOf(cluster.acls())).toMatchObject({
      type: 'Unauthorized',
      message: lacks('DESCRIBE on the cluster'),
    });

    await lab[name].allow('audit', { groups: [`${topic}.group`] });
    const commits = await cluster.commitOffsets(`${topic}.group`, [{ topic, partition: 0, offset: 0n }]);
    expect(commits.get(`${topic}/0`)?.error?.message).toBe(lacks(`READ on topic "${topic}"`));
  });
});

describe('credentials that are wrong', () => {
  test('a password is refused, and not repeated', async () => {
    const { bootstrap } = lab.source;
    const sasl = { mechanism: 'scram-sha-512', username: 'ferry', password: 'not-the-one' } as const;
    const failure = await failureOf(open('source', { bootstrap, sasl }).identity());
    expect(failure).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "source" at ${bootstrap[0]} refused the ferry's credentials (scram-sha-512, user "ferry"): check the mechanism, the user and the password.`,
    });
    expect(JSON.stringify(failure)).not.toContain('not-the-one');
  });

  test('a mechanism that the broker does not offer', async () => {
    const { bootstrap } = lab.source;
    const sasl = { mechanism: 'plain', username: 'ferry', password: 'x' } as const;
    const failure = await failureOf(open('source', { bootstrap, sasl }).groups());
    expect(failure.type).toBe('Unauthenticated');
    expect(failure.message).toContain('(plain, user "ferry")');
  });

  test('no client certificate, and one of a stranger', async () => {
    const { bootstrap } = lab.target;
    const { tls } = connectionOf(lab.target, 'ferry');
    const none = await failureOf(open('target', { bootstrap, tls: { ca: tls?.ca ?? '' } }).identity());
    expect(none).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "target" at ${bootstrap[0]} asks for a client certificate and the ferry has none: give a certificate and its key.`,
    });

    const stranger = await (await CertificateAuthority.create('stranger')).issueClient('ferry');
    const theirs = { ca: tls?.ca ?? '', certificate: stranger.certificate, key: stranger.key };
    const refused = await failureOf(open('target', { bootstrap, tls: theirs }).identity());
    expect(refused).toMatchObject({
      type: 'Unauthenticated',
      message: `Cluster "target" at ${bootstrap[0]} refused the ferry's client certificate: check that its authority signed it and that it has not expired.`,
    });
  });

  test('a server certificate that nobody vouches for', async () => {
    const { bootstrap } = lab.target;
    const { ca: _, ...tls } = connectionOf(lab.target, 'ferry').tls ?? {};
    const failure = await failureOf(open('target', { bootstrap, tls }).identity());
    expect(failure.type).toBe('Unauthenticated');
    expect(failure.message).toContain(`at ${bootstrap[0]} shows a certificate that the ferry does not trust`);
  });

  test('TLS where there is none, none where there is TLS', async () => {
    const { bootstrap } = lab.source;
    expect((await failureOf(open('source', { bootstrap, tls: {} }).identity())).message).toMatch(
      /does not speak TLS|did not answer/,
    );
    const plain = await failureOf(open('target', { bootstrap: lab.target.bootstrap }).identity());
    expect(plain.type).toBe('Unreachable');
    expect(plain.message).toContain('that the port expects this protocol');
  });

  test('a key that does not belong to its certificate', async () => {
    const { bootstrap } = lab.target;
    const tls = { ...connectionOf(lab.target, 'ferry').tls, key: 'no key at all' };
    const failure = await failureOf(open('target', { bootstrap, tls }).identity());
    expect(failure.type).toBe('Unauthenticated');
    expect(failure.message).toContain('cannot be read');
  });
});

describe('a cluster that is not there', () => {
  test('says which addresses were tried', async () => {
    const [one, other] = [await closedPort(), await closedPort()];
    const bootstrap = [`127.0.0.1:${one}`, `127.0.0.1:${other}`];
    expect(await failureOf(open('source', { bootstrap }).identity())).toMatchObject({
      type: 'Unreachable',
      message: `Cluster "source" did not answer at any of ${bootstrap.join(', ')}: check the addresses and that its brokers run.`,
    });
    expect((await failureOf(open('source', { bootstrap: [bootstrap[0]!] }).groups())).message).toBe(
      `Cluster "source" at ${bootstrap[0]} did not answer (ECONNREFUSED): check the address and that the broker runs.`,
    );
  });

  test('is found through the addresses that answer', async () => {
    const connection = connectionOf(lab.source, 'ferry');
    const bootstrap = [`127.0.0.1:${await closedPort()}`, ...connection.bootstrap];
    expect((await open('source', { ...connection, bootstrap }).identity()).brokers).toHaveLength(1);
  });
});

describe.each(['source', 'target'] as const)('a broker of the %s cluster that is killed', (name) => {
  test('is missed while it is gone, and asked again by the same cluster once it is back', async () => {
    const topic = `failures.${run}.${name}.killed`;
    const there = lab[name];
    const cluster = open(name, connectionOf(there, 'admin'));
    await cluster.createTopics([{ name: topic, partitions: 2, replicationFactor: 1, config: {} }]);
    const partitions = [0, 1].map((partition) => ({ topic, partition }));
    await cluster.commitOffsets(`${topic}.group`, [{ ...partitions[0]!, offset: 9n }]);
    const before = await cluster.watermarks(partitions);

    const waiting = cluster.fetch([{ ...partitions[0]!, offset: 0n }], {
      isolation: 'committed',
      maxBytes: 1000,
      maxWaitMs: 20_000,
    });
    const lost = failureOf(waiting);
    await there.kill();
    try {
      expect((await lost).type).toBe('Unreachable');
      expect((await failureOf(cluster.watermarks(partitions))).type).toBe('Unreachable');
      expect((await failureOf(cluster.committedOffsets([`${topic}.group`]))).type).toBe('Unreachable');
    } finally {
      await there.start();
    }
    expect(await cluster.watermarks(partitions)).toEqual(before);
    const committed = await cluster.committedOffsets([`${topic}.group`]);
    expect(committed.get(`${topic}.group`)?.value?.get(`${topic}/0`)?.offset).toBe(9n);
  });
});

/** A port on which nothing listens: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
