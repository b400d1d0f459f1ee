import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { mistakeText } from '../../src/migration/mistakes.js';
import { ConfigFolder } from './config-folder.js';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

describe('how topics and rights come to a cluster', () => {
  const cluster = (provision: string) =>
    folder.read(`clusters: { aiven: { bootstrap: ["aiven.example:1"], provision: ${provision} } }`, {
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
    [
      '{ kind: aiven, project: p, service: s, token: "two words" }',
      'clusters.aiven.provision.token: expected one token on one line',
    ],
    [
      '{ kind: aiven, project: p, service: s, tokenFile: nowhere.token }',
      'clusters.aiven.provision.tokenFile: nowhere.token: there is no such file',
    ],
  ])('%s is told', (provision, says) => expect(mistakes(provision)).toEqual([expect.stringContaining(says)]));

  it.each([
    ['two lines', 'a-secret\nanother-secret\n'],
    ['a byte order mark', '\ufeffa-secret\n'],
    ['nothing', ''],
  ])('a file of %s is no token, and nothing of it is shown', (_, text) => {
    writeFileSync(join(folder.path, 'aiven.token'), text);
    const told = mistakes('{ kind: aiven, project: p, service: s, tokenFile: aiven.token }');
    expect(told).toEqual(['clusters.aiven.provision.tokenFile: expected one token on one line']);
  });

  it('a file of one token on a line is one', () => {
    writeFileSync(join(folder.path, 'aiven.token'), 'a+secret/of==\r\n');
    const { value } = cluster('{ kind: aiven, project: p, service: s, tokenFile: aiven.token }');
    expect(value?.clusters['aiven']?.provision).toMatchObject({ apiToken: 'a+secret/of==' });
  });
});

describe('a way to provision', () => {
  const cluster = (provision: string) =>
    folder.read(`clusters: { a: { bootstrap: [b:1], provision: ${provision} } }`);

  it('is by Kafka itself unless files are to be written, whose folder starts from that of the file', () => {
    expect(cluster('{ kind: kafka }').value?.declarations).toEqual({});
    expect(folder.read('clusters: { a: { bootstrap: [b:1] } }').value?.declarations).toEqual({});
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
      expect(declaration?.folder).toBe(join(folder.path, 'topics'));
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
