import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../app/config/config.js';
import { ConfigFolder, pems } from './config-folder.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

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
  it.each([
    ['ca: empty.pem', 'clusters.a.tls.ca: empty.pem: expected a certificate in PEM (-----BEGIN …)'],
    ['ca: store.jks', 'clusters.a.tls.ca: store.jks: expected a certificate in PEM (-----BEGIN …)'],
    [
      'certificate: ferry.key, key: ferry.crt',
      'clusters.a.tls.certificate: ferry.key: expected a certificate in PEM (-----BEGIN …)',
      'clusters.a.tls.key: ferry.crt: expected a private key in PEM (-----BEGIN …)',
    ],
  ])('trusts and shows nothing but what is PEM: %s', (tls, ...expected) => {
    writeFileSync(join(folder.path, 'empty.pem'), '');
    writeFileSync(join(folder.path, 'store.jks'), Buffer.from('feedfeed00000002', 'hex'));
    const { mistakes } = folder.read(`clusters: { a: { bootstrap: [b:1], tls: { ${tls} } } }`);
    expect(mistakes?.map(({ path, expected }) => `${path}: ${expected}`)).toEqual(expected);
  });

  it('trusts no less where people are told', () => {
    writeFileSync(join(folder.path, 'empty.pem'), '');
    const { mistakes } = folder.read(`
notify:
  webhooks: { board: { url: "https://board", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, ca: empty.pem } }
  chats: { room: { url: "https://room", ca: empty.pem } }
  mail: { host: mail, port: 25, from: ferry@example.com, ca: empty.pem }
reports: { url: "https://keeper", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, ca: empty.pem }`);
    expect(mistakes?.map(({ path, expected }) => `${path} ${expected}`).sort()).toEqual(
      ['notify.chats.room.ca', 'notify.mail.ca', 'notify.webhooks.board.ca', 'reports.ca'].map(
        (path) => `${path} empty.pem: expected a certificate in PEM (-----BEGIN …)`,
      ),
    );
  });

  it('is read whole, with secrets from the environment and files beside it', () => {
    const { value } = folder.read(whole, environment);
    expect({ ...value?.clusters['onprem'] }).toEqual({
      bootstrap: ['broker-1:9092', '[::1]:9093'],
      sasl: { mechanism: 'scram-sha-512', username: 'ferry', password: 'hunter2' },
    });
    expect({ ...value?.clusters['aiven'] }).toEqual({
      bootstrap: ['aiven.example:12345'],
      tls: pems,
    });
    expect({ ...value?.registries['onprem'] }).toEqual({ url: 'http://registry:8081' });
    expect({ ...value?.registries['aiven'] }).toEqual({
      url: 'https://registry.example/api',
      login: { username: 'ferry', password: 'hunter3' },
      tls: { ca: pems.ca },
    });
    expect({ ...value?.connect['mirrors'] }).toEqual({
      url: 'https://connect.example',
      login: { username: 'ferry', password: 'connect-secret' },
      tls: { ca: pems.ca },
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
    const { value } = folder.read(whole, environment);
    for (const printed of [JSON.stringify(value), inspect(value, { depth: 10 })]) {
      expect(printed).not.toMatch(/hunter2|hunter3|KEY-TEXT|api-secret|connect-secret/);
      expect(printed).toMatch(/scram-sha-512/);
    }
  });

  it('keeps $${NAME} as it stands and does not look into what the environment gave', () => {
    const { value } = folder.read(
      'clusters: { a: { bootstrap: [b:1], sasl: { mechanism: plain, username: "$${X}", password: "${P}" } } }',
      { P: '${X}' },
    );
    expect(value?.clusters['a']?.sasl).toMatchObject({ username: '${X}', password: '${X}' });
  });

  it('falls back on what Temporal’s own tools read', () => {
    const { value } = folder.read('temporal: { taskQueue: mine }', {
      TEMPORAL_ADDRESS: 'cloud.example:7233',
      TEMPORAL_NAMESPACE: 'team',
      TEMPORAL_CONFIG_FILE: join(folder.path, 'none.toml'),
    });
    expect(value?.temporal).toMatchObject({ namespace: 'team', taskQueue: 'mine' });
    expect(value?.temporal.connection.address).toBe('cloud.example:7233');
  });
});

describe('mistakes', () => {
  it('are reported all at once, each with its path', () => {
    const { mistakes } = folder.read(`
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

  it('name a variable that is not set and a file that is not there', () => {
    const { mistakes } = folder.read(
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
    const { mistakes } = folder.read('clusters:\n  a: { bootstrap: [b:1], sasl: {password: "hunter2 }\n');
    expect(mistakes?.[0]?.path).toMatch(/^line \d+, column \d+$/);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
    expect(JSON.stringify(folder.read('a: *hunter2').mistakes)).not.toContain('hunter2');
  });

  it('of a file that is not there', () => {
    const path = join(folder.path, 'missing.yaml');
    expect(readConfig({ path, environment: {} })).toEqual({
      mistakes: [{ path: '', expected: 'there is no such file' }],
      file: path,
    });
  });

  it('of clusters do not matter to who only talks to Temporal', () => {
    const yaml = `
temporal: { address: t:7233 }
clusters: { a: { bootstrap: [b:1], sasl: { mechanism: plain, username: u, password: "\${NOWHERE}" }, tls: { ca: gone.pem } } }`;
    expect(folder.read(yaml, {}, true).value?.temporal.connection.address).toBe('t:7233');
  });
});
