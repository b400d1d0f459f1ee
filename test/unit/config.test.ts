import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../app/config/config.js';
import { mistakeText } from '../../src/migration/file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-config-'));
  writeFileSync(join(folder, 'ca.pem'), 'CA');
  writeFileSync(join(folder, 'ferry.crt'), 'CRT');
  writeFileSync(join(folder, 'ferry.key'), 'KEY-TEXT');
  writeFileSync(join(folder, 'onprem.password'), 'from a file\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(yaml: string, environment: Record<string, string> = {}, temporalOnly = false) {
  const path = join(folder, 'ferry.yaml');
  writeFileSync(path, yaml);
  return readConfig({ path, environment, temporalOnly });
}

const whole = `
temporal: { address: temporal.example:7233, namespace: kafka, apiKey: "\${API_KEY}", tls: true, ui: http://ui.example/ }
clusters:
  onprem:
    bootstrap: [broker-1:9092, "[::1]:9093"]
    sasl: { mechanism: scram-sha-512, username: ferry, password: "\${ONPREM_PASSWORD}" }
  aiven:
    bootstrap: [aiven.example:12345]
    tls: { ca: ca.pem, certificate: ferry.crt, key: ferry.key }
registries:
  onprem: { url: http://registry:8081/ }
  aiven: { url: "https://registry.example/api", username: ferry, password: "\${REGISTRY_PASSWORD}", tls: { ca: ca.pem } }
connect:
  mirrors:
    url: https://connect.example/
    username: ferry
    password: "\${CONNECT_PASSWORD}"
    tls: { ca: ca.pem }
    sourceClient: { bootstrap.servers: "broker-1:9092", sasl.jaas.config: "\${file:/etc/onprem.properties:jaas}" }
    targetClient: { bootstrap.servers: "aiven.example:12345" }
worker: { health: 127.0.0.1:8080, maxWatches: 300, shutdownGrace: 1m }
`;
const environment = {
  ONPREM_PASSWORD: 'hunter2',
  API_KEY: 'api-secret',
  CONNECT_PASSWORD: 'connect-secret',
  REGISTRY_PASSWORD: 'hunter3',
};

describe('a configuration', () => {
  it('is read whole, with secrets from the environment and files beside it', () => {
    const { value } = read(whole, environment);
    expect({ ...value?.clusters['onprem'] }).toEqual({
      bootstrap: ['broker-1:9092', '[::1]:9093'],
      sasl: { mechanism: 'scram-sha-512', username: 'ferry', password: 'hunter2' },
    });
    expect({ ...value?.clusters['aiven'] }).toEqual({
      bootstrap: ['aiven.example:12345'],
      tls: { ca: 'CA', certificate: 'CRT', key: 'KEY-TEXT' },
    });
    expect({ ...value?.registries['onprem'] }).toEqual({ url: 'http://registry:8081' });
    expect({ ...value?.registries['aiven'] }).toEqual({
      url: 'https://registry.example/api',
      login: { username: 'ferry', password: 'hunter3' },
      tls: { ca: 'CA' },
    });
    expect({ ...value?.connect['mirrors'] }).toEqual({
      url: 'https://connect.example',
      login: { username: 'ferry', password: 'connect-secret' },
      tls: { ca: 'CA' },
      sourceClient: {
        'bootstrap.servers': 'broker-1:9092',
        'sasl.jaas.config': '${file:/etc/onprem.properties:jaas}',
      },
      targetClient: { 'bootstrap.servers': 'aiven.example:12345' },
    });
    expect({ ...value?.temporal, connection: { ...value?.temporal.connection } }).toEqual({
      connection: { address: 'temporal.example:7233', tls: {}, apiKey: 'api-secret' },
      namespace: 'kafka',
      taskQueue: 'kafka-ferry',
      ui: 'http://ui.example',
    });
    expect(value?.worker).toEqual({
      health: '127.0.0.1:8080',
      metrics: undefined,
      maxWatches: 300,
      maxChanges: 20,
      maxMirrors: 8,
      shutdownGraceMs: 60_000,
    });
  });

  it('has an example that is right but for the secrets and files of its reader', () => {
    const path = fileURLToPath(new URL('../../ferry.example.yaml', import.meta.url));
    const { mistakes } = readConfig({
      path,
      environment: { ONPREM_PASSWORD: 'x', AIVEN_REGISTRY_PASSWORD: 'x' },
    });
    expect(mistakes?.map(({ path, expected }) => `${path} ${expected}`)).toEqual([
      'clusters.aiven.tls.ca aiven/ca.pem: there is no such file',
      'clusters.aiven.tls.certificate aiven/service.cert: there is no such file',
      'clusters.aiven.tls.key aiven/service.key: there is no such file',
    ]);
  });

  it('shows no secret when it is printed', () => {
    const { value } = read(whole, environment);
    for (const printed of [JSON.stringify(value), inspect(value, { depth: 10 })]) {
      expect(printed).not.toMatch(/hunter2|hunter3|KEY-TEXT|api-secret|connect-secret/);
      expect(printed).toMatch(/scram-sha-512/);
    }
  });

  it('takes the password from a file, without its line end', () => {
    const { value } = read(
      'clusters: { onprem: { bootstrap: [b:1], sasl: { mechanism: plain, username: u, passwordFile: onprem.password } } }',
    );
    expect(value?.clusters['onprem']?.sasl).toMatchObject({ password: 'from a file' });
  });

  it('takes tokens from an endpoint or a file, and shows no secret of theirs', () => {
    const { value } = read(
      `
clusters:
  a:
    bootstrap: [b:1]
    sasl:
      mechanism: oauthbearer
      tokenEndpoint:
        url: https://login.example/token
        clientId: ferry
        clientSecretFile: onprem.password
        scope: kafka.read kafka.write
        audience: kafka
        tls: { ca: ca.pem }
      extensions: { logicalCluster: lkc-1 }
  b: { bootstrap: [b:1], sasl: { mechanism: oauthbearer, tokenFile: token } }
  c:
    bootstrap: [b:1]
    sasl:
      mechanism: oauthbearer
      tokenEndpoint: { url: https://l/t, clientId: ferry, clientSecret: "\${S}", authentication: body }`,
      { S: 'hunter2' },
    );
    const { a, b, c } = value?.clusters ?? {};
    expect(a?.sasl).toEqual({
      mechanism: 'oauthbearer',
      token: {
        from: 'endpoint',
        url: 'https://login.example/token',
        clientId: 'ferry',
        clientSecret: 'from a file',
        authentication: 'basic',
        scope: 'kafka.read kafka.write',
        audience: 'kafka',
        tls: { ca: 'CA' },
      },
      extensions: { logicalCluster: 'lkc-1' },
    });
    expect(b?.sasl).toEqual({
      mechanism: 'oauthbearer',
      token: { from: 'file', path: join(folder, 'token') },
    });
    expect(c?.sasl).toMatchObject({ token: { authentication: 'body', clientSecret: 'hunter2' } });
    for (const printed of [JSON.stringify(value), inspect(value, { depth: 10 })])
      expect(printed).not.toMatch(/hunter2|from a file/);
  });

  it('takes tickets of Kerberos by a keytab or a cache', () => {
    const { value } = read(`
clusters:
  a: { bootstrap: [b:1], sasl: { mechanism: gssapi, keytab: ferry.keytab, principal: ferry@EXAMPLE.COM } }
  b: { bootstrap: [b:1], sasl: { mechanism: gssapi, cache: tickets/cc, service: kafka-prod, krb5Conf: krb5.conf } }
  c: { bootstrap: [b:1], sasl: { mechanism: gssapi, cache: "KCM:", principal: ferry@EXAMPLE.COM } }
  d: { bootstrap: [b:1], sasl: { mechanism: gssapi, cache: "FILE:cc" } }`);
    const loginOf = (name: string) => value?.clusters[name]?.sasl;
    expect(loginOf('a')).toEqual({
      mechanism: 'gssapi',
      service: 'kafka',
      tickets: { from: 'keytab', path: join(folder, 'ferry.keytab'), principal: 'ferry@EXAMPLE.COM' },
    });
    expect(loginOf('b')).toEqual({
      mechanism: 'gssapi',
      service: 'kafka-prod',
      tickets: {
        from: 'cache',
        name: `FILE:${join(folder, 'tickets/cc')}`,
        krb5Conf: join(folder, 'krb5.conf'),
      },
    });
    expect(loginOf('c')).toMatchObject({
      tickets: { from: 'cache', name: 'KCM:', principal: 'ferry@EXAMPLE.COM' },
    });
    expect(loginOf('d')).toMatchObject({ tickets: { name: `FILE:${join(folder, 'cc')}` } });
    const { mistakes } = read(`
clusters:
  a: { bootstrap: [b:1], sasl: { mechanism: gssapi } }
  b: { bootstrap: [b:1], sasl: { mechanism: gssapi, keytab: k } }
  c: { bootstrap: [b:1], sasl: { mechanism: gssapi, keytab: k, principal: ferry } }
  d: { bootstrap: [b:1], sasl: { mechanism: gssapi, cache: c, service: kafka/host } }`);
    expect(mistakes?.map(({ path, expected }) => `${path}: ${expected}`)).toEqual([
      'clusters.a.sasl: expected either keytab or cache',
      'clusters.b.sasl: expected principal beside keytab: whose keys are meant',
      'clusters.c.sasl.principal: expected a principal with its realm, for example ferry@EXAMPLE.COM',
      'clusters.d.sasl.service: expected the first part of the principals of the brokers, for example kafka',
    ]);
  });

  it('takes the login to MSK, which is a token too', () => {
    const { value } = read(`
clusters:
  a: { bootstrap: [b:1], sasl: { mechanism: aws-msk-iam, region: eu-north-1 } }
  b: { bootstrap: [b:1], sasl: { mechanism: aws-msk-iam, region: us-gov-west-1, profile: kafka } }`);
    expect(value?.clusters['a']?.sasl).toEqual({
      mechanism: 'oauthbearer',
      token: { from: 'msk', region: 'eu-north-1' },
    });
    expect(value?.clusters['b']?.sasl).toMatchObject({
      token: { region: 'us-gov-west-1', profile: 'kafka' },
    });
    const { mistakes } = read(`
clusters:
  a: { bootstrap: [b:1], sasl: { mechanism: aws-msk-iam, region: Stockholm, role: ferry } }
  b: { bootstrap: [b:1], sasl: { mechanism: aws-msk-iam, region: eu-north-1, profile: p, role: "arn:aws:iam::123456789012:role/r" } }`);
    expect(mistakes?.map(({ path }) => path)).toEqual([
      'clusters.a.sasl.region',
      'clusters.a.sasl.role',
      'clusters.b.sasl',
    ]);
  });

  it.each([
    ['tokenFile: t, username: u', 'sasl.username: is not a key of ferry.yaml'],
    ['extensions: { a: b }', 'sasl: expected either tokenEndpoint or tokenFile'],
    [
      'tokenFile: t, tokenEndpoint: { url: https://l/t, clientId: c, clientSecret: hunter2 }',
      'sasl: expected either tokenEndpoint or tokenFile',
    ],
    [
      'tokenEndpoint: { url: https://l/t, clientId: c }',
      'sasl.tokenEndpoint: expected either clientSecret or clientSecretFile',
    ],
    [
      'tokenEndpoint: { url: "https://u:hunter2@l/t", clientId: c, clientSecret: hunter2 }',
      'sasl.tokenEndpoint.url: expected no login in the address',
    ],
    [
      'tokenEndpoint: { url: http://l/t, clientId: c, clientSecret: hunter2, tls: true }',
      'sasl.tokenEndpoint: expected an address with https beside tls',
    ],
    [
      'tokenFile: t, extensions: { auth: x }',
      'sasl.extensions.auth: expected SASL extensions by names of letters',
    ],
    ['tokenFile: t, extensions: { a: "\\x01auth=hunter2" }', 'sasl.extensions.a: expected text of ASCII'],
  ])('logs in with no token where it says: %s', (keys, mistake) => {
    const { mistakes } = read(
      `clusters: { a: { bootstrap: [b:1], sasl: { mechanism: oauthbearer, ${keys} } } }`,
    );
    expect(mistakes?.map(({ path, expected }) => `${path}: ${expected}`)).toEqual([
      expect.stringContaining(`clusters.a.${mistake}`),
    ]);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
  });

  it.each([
    ['ftp://registry', 'registries.a.url: expected the address of a registry'],
    ['http://user:secret@registry', 'registries.a.url: expected no login in the address'],
    [
      'http://registry, username: u',
      'registries.a: expected username together with either password or passwordFile',
    ],
    [
      'http://registry, password: p',
      'registries.a: expected username together with either password or passwordFile',
    ],
    ['http://registry, tls: true', 'registries.a: expected an address with https beside tls'],
  ])('has no registry with url: %s', (url, mistake) => {
    const { mistakes } = read(
      `registries: { a: { url: "${url.replace(',', '",')}${url.includes(',') ? '' : '"'} } }`,
    );
    expect(mistakes?.map(({ path, expected }) => `${path}: ${expected}`)).toEqual([
      expect.stringContaining(mistake),
    ]);
    expect(JSON.stringify(mistakes)).not.toMatch(/secret/);
  });

  it('keeps $${NAME} as it stands and does not look into what the environment gave', () => {
    const { value } = read(
      'clusters: { a: { bootstrap: [b:1], sasl: { mechanism: plain, username: "$${X}", password: "${P}" } } }',
      { P: '${X}' },
    );
    expect(value?.clusters['a']?.sasl).toMatchObject({ username: '${X}', password: '${X}' });
  });

  it('falls back on what Temporal’s own tools read', () => {
    const { value } = read('temporal: { taskQueue: mine }', {
      TEMPORAL_ADDRESS: 'cloud.example:7233',
      TEMPORAL_NAMESPACE: 'team',
      TEMPORAL_CONFIG_FILE: join(folder, 'none.toml'),
    });
    expect(value?.temporal).toMatchObject({ namespace: 'team', taskQueue: 'mine' });
    expect(value?.temporal.connection.address).toBe('cloud.example:7233');
  });
});

describe('mistakes', () => {
  it('are reported all at once, each with its path', () => {
    const { mistakes } = read(`
temporal: { namespace: "", apiKey: x }
clusters:
  onprem: { bootstrap: [broker-1], sasl: { mechanism: kerberos, username: ferry }, colour: red }
  aiven: { bootstrap: [], tls: { certificate: ferry.crt } }
  other: { bootstrap: [b:1], tls: { cert: x } }
workers: {}
`);
    expect(mistakes?.map(({ path }) => path).sort()).toEqual([
      'clusters.aiven.bootstrap',
      'clusters.aiven.tls',
      'clusters.onprem.bootstrap[0]',
      'clusters.onprem.colour',
      'clusters.onprem.sasl.mechanism',
      'clusters.other.tls.cert',
      'temporal',
      'temporal.namespace',
      'workers',
    ]);
  });

  it('of Connect: no address, half a login, and a secret where only a reference may stand', () => {
    const { mistakes } = read(`
connect:
  a: { url: connect:8083, username: ferry, sourceClient: { bootstrap.servers: b }, targetClient: {} }
  b:
    url: http://connect
    sourceClient: { bootstrap.servers: b, ssl.key.password: hunter2 }
    targetClient: { bootstrap.servers: "\${NOWHERE}" }`);
    expect(mistakes?.map(({ path }) => path).sort()).toEqual([
      'connect.a',
      'connect.a.targetClient',
      'connect.a.url',
      'connect.b.sourceClient',
      'connect.b.targetClient.bootstrap.servers',
    ]);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
  });

  it('name a variable that is not set and a file that is not there', () => {
    const { mistakes } = read(
      'clusters: { a: { bootstrap: [b:1], sasl: { mechanism: plain, username: u, password: "${NOWHERE}" }, tls: { ca: gone.pem } } }',
    );
    expect(mistakes).toEqual([
      {
        path: 'clusters.a.sasl.password',
        expected: 'needs the environment variable NOWHERE, which is not set',
      },
      { path: 'clusters.a.tls.ca', expected: 'gone.pem: there is no such file' },
    ]);
  });

  it('in the YAML give line and column and never quote the file', () => {
    const { mistakes } = read('clusters:\n  a: { bootstrap: [b:1], sasl: {password: "hunter2 }\n');
    expect(mistakes?.[0]?.path).toMatch(/^line \d+, column \d+$/);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
    expect(JSON.stringify(read('a: *hunter2').mistakes)).not.toContain('hunter2');
  });

  it('of a file that is not there', () => {
    const path = join(folder, 'missing.yaml');
    expect(readConfig({ path, environment: {} })).toEqual({
      mistakes: [{ path: '', expected: 'there is no such file' }],
      file: path,
    });
  });

  it('of clusters do not matter to who only talks to Temporal', () => {
    const yaml = `
temporal: { address: t:7233 }
clusters: { a: { bootstrap: [b:1], sasl: { mechanism: plain, username: u, password: "\${NOWHERE}" }, tls: { ca: gone.pem } } }`;
    expect(read(yaml, {}, true).value?.temporal.connection.address).toBe('t:7233');
  });
});

describe('how topics and rights come to a cluster', () => {
  const cluster = (provision: string) =>
    read(`clusters: { aiven: { bootstrap: ["aiven.example:1"], provision: ${provision} } }`, {
      AIVEN_TOKEN: 'aiven-secret',
    });
  const mistakes = (provision: string) =>
    cluster(provision).mistakes?.map(({ path, expected }) => `${path}: ${expected}`);

  it('is Aiven’s API, whose token no printing shows', () => {
    const { value } = cluster('{ kind: aiven, project: shop, service: kafka-shop, token: "${AIVEN_TOKEN}" }');
    expect(value?.clusters['aiven']?.provision).toEqual({
      kind: 'aiven',
      project: 'shop',
      service: 'kafka-shop',
      apiToken: 'aiven-secret',
      acls: 'auto',
      users: 'ask',
    });
    expect(JSON.stringify(value) + inspect(value, { depth: 9 })).not.toContain('aiven-secret');
  });

  it.each([
    ['nonsense', 'clusters.aiven.provision: expected an object whose kind is kafka, aiven, nais or files'],
    [
      '{ kind: aiven, project: a/b, service: s, token: x }',
      'clusters.aiven.provision.project: expected the name',
    ],
    [
      '{ kind: aiven, project: p, service: s }',
      'clusters.aiven.provision: expected either token or tokenFile',
    ],
    [
      '{ kind: aiven, project: p, service: s, token: x, url: "http://api.example/v1" }',
      'clusters.aiven.provision.url: expected an address with https',
    ],
    [
      '{ kind: aiven, project: p, service: s, token: x, acls: both }',
      'clusters.aiven.provision.acls: expected auto',
    ],
  ])('%s is told', (provision, says) => expect(mistakes(provision)).toEqual([expect.stringContaining(says)]));
});

describe('a way to provision', () => {
  const cluster = (provision: string) =>
    read(`clusters: { a: { bootstrap: [b:1], provision: ${provision} } }`);

  it('is by Kafka itself unless files are to be written, whose folder starts from that of the file', () => {
    expect(cluster('{ kind: kafka }').value?.declarations).toEqual({});
    expect(read('clusters: { a: { bootstrap: [b:1] } }').value?.declarations).toEqual({});
    for (const [section, by] of [
      ['{ kind: nais, pool: nav-prod, namespace: shop, folder: topics }', 'nais'],
      ['{ kind: files, format: strimzi, cluster: main, folder: topics }', 'strimzi'],
      [
        '{ kind: files, format: terraform-aiven, project: var.p, service: \'aiven_kafka.a["b"].name\', folder: topics }',
        'terraform-aiven',
      ],
    ] as const) {
      const declaration = cluster(section).value?.declarations['a'];
      expect(declaration?.declaring.by).toBe(by);
      expect(declaration?.folder).toBe(join(folder, 'topics'));
    }
  });

  it.each([
    [
      '{ kind: consul }',
      'clusters.a.provision.kind: expected an object whose kind is kafka, aiven, nais or files',
    ],
    ['{ kind: files, format: helm }', 'clusters.a.provision.format: expected terraform-aiven or strimzi'],
    [
      '{ kind: nais, pool: a, namespace: Shop.A, folder: b }',
      'clusters.a.provision.namespace: expected the namespace of the Topics',
    ],
    [
      '{ kind: nais, pool: a, namespace: shop }',
      'clusters.a.provision.folder: expected the folder for the files',
    ],
    [
      `{ kind: files, format: terraform-aiven, project: 'file("/etc/passwd")', service: '"a"', folder: b }`,
      'clusters.a.provision.project: expected an expression of Terraform, for example var.project',
    ],
  ])('is refused as %s', (section, mistake) => {
    expect(cluster(section).mistakes?.map(mistakeText)).toEqual([mistake]);
  });
});
