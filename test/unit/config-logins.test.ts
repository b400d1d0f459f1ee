import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigFolder, pems } from './config-folder.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

describe('a login to a cluster', () => {
  it('takes the password from a file, without its line end', () => {
    const { value } = folder.read(
      'clusters: { onprem: { bootstrap: [b:1], sasl: { mechanism: plain, username: u, passwordFile: onprem.password } } }',
    );
    expect(value?.clusters['onprem']?.sasl).toMatchObject({ password: 'from a file' });
  });

  it('takes a password from no file without one', () => {
    writeFileSync(join(folder.path, 'empty.password'), '\n');
    const { mistakes } = folder.read(
      `
clusters:
  a: { bootstrap: [b:1], sasl: { mechanism: plain, username: u, passwordFile: empty.password } }
  b:
    bootstrap: [b:1]
    sasl:
      mechanism: oauthbearer
      tokenEndpoint: { url: https://l/t, clientId: ferry, clientSecretFile: empty.password }
registries: { r: { url: "https://r", username: u, passwordFile: empty.password } }
notify: { mail: { host: mail, from: ferry@example.com, username: u, passwordFile: empty.password } }`,
    );
    const empty = 'expected a secret in the file, which is empty';
    expect(mistakes).toEqual([
      { path: 'clusters.a.sasl.passwordFile', expected: empty },
      { path: 'clusters.b.sasl.tokenEndpoint.clientSecretFile', expected: empty },
      { path: 'registries.r.passwordFile', expected: empty },
      { path: 'notify.mail.passwordFile', expected: empty },
    ]);
  });

  it('takes tokens from an endpoint or a file, and shows no secret of theirs', () => {
    const { value } = folder.read(
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
        tls: { ca: pems.ca },
      },
      extensions: { logicalCluster: 'lkc-1' },
    });
    expect(b?.sasl).toEqual({
      mechanism: 'oauthbearer',
      token: { from: 'file', path: join(folder.path, 'token') },
    });
    expect(c?.sasl).toMatchObject({ token: { authentication: 'body', clientSecret: 'hunter2' } });
    for (const printed of [JSON.stringify(value), inspect(value, { depth: 10 })])
      expect(printed).not.toMatch(/hunter2|from a file/);
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
    const { mistakes } = folder.read(
      `clusters: { a: { bootstrap: [b:1], sasl: { mechanism: oauthbearer, ${keys} } } }`,
    );
    expect(mistakes?.map(({ path, expected }) => `${path}: ${expected}`)).toEqual([
      expect.stringContaining(`clusters.a.${mistake}`),
    ]);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
  });

  it('takes tickets of Kerberos by a keytab or a cache', () => {
    const { value } = folder.read(`
clusters:
  a: { bootstrap: [b:1], sasl: { mechanism: gssapi, keytab: ferry.keytab, principal: ferry@EXAMPLE.COM } }
  b: { bootstrap: [b:1], sasl: { mechanism: gssapi, cache: tickets/cc, service: kafka-prod, krb5Conf: krb5.conf } }
  c: { bootstrap: [b:1], sasl: { mechanism: gssapi, cache: "KCM:", principal: ferry@EXAMPLE.COM } }
  d: { bootstrap: [b:1], sasl: { mechanism: gssapi, cache: "FILE:cc" } }`);
    const loginOf = (name: string) => value?.clusters[name]?.sasl;
    expect(loginOf('a')).toEqual({
      mechanism: 'gssapi',
      service: 'kafka',
      tickets: { from: 'keytab', path: join(folder.path, 'ferry.keytab'), principal: 'ferry@EXAMPLE.COM' },
    });
    expect(loginOf('b')).toEqual({
      mechanism: 'gssapi',
      service: 'kafka-prod',
      tickets: {
        from: 'cache',
        name: `FILE:${join(folder.path, 'tickets/cc')}`,
        krb5Conf: join(folder.path, 'krb5.conf'),
      },
    });
    expect(loginOf('c')).toMatchObject({
      tickets: { from: 'cache', name: 'KCM:', principal: 'ferry@EXAMPLE.COM' },
    });
    expect(loginOf('d')).toMatchObject({ tickets: { name: `FILE:${join(folder.path, 'cc')}` } });
    const { mistakes } = folder.read(`
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
    const { value } = folder.read(`
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
    const { mistakes } = folder.read(`
clusters:
  a: { bootstrap: [b:1], sasl: { mechanism: aws-msk-iam, region: Stockholm, role: ferry } }
  b: { bootstrap: [b:1], sasl: { mechanism: aws-msk-iam, region: eu-north-1, profile: p, role: "arn:aws:iam::123456789012:role/r" } }`);
    expect(mistakes?.map(({ path }) => path)).toEqual([
      'clusters.a.sasl.region',
      'clusters.a.sasl.role',
      'clusters.b.sasl',
    ]);
  });
});
