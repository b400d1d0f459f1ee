import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ferry } from '../../../app/cli/program.js';
import { parseMigration } from '../../../src/migration/file.js';
import { nais } from '../../../src/provision/nais/nais.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-topics-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function importOf(texts: string[], ...options: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let code: number | undefined;
  const files = texts.map((text, index) => {
    const path = join(folder, `${index}.yaml`);
    writeFileSync(path, text);
    return path;
  });
  await ferry(['topic', 'import', ...files, ...options], {
    terminal: {
      print: (text) => out.push(text),
      complain: (text) => err.push(text.replaceAll(`${folder}/`, '')),
      redraws: false,
      redraw: () => undefined,
    },
    environment: {},
    end: (exitCode) => (code = exitCode),
  });
  return { out: out.join('\n'), err, code };
}

const topic = (spec = 'pool: nav-prod\n  acl: []', head = 'apiVersion: kafka.nais.io/v1\nkind: Topic') =>
  `${head}\nmetadata: { name: orders, namespace: shop, labels: { team: shop } }\nspec:\n  ${spec}\n`;

describe('ferry topic import', () => {
  it('declares remote storage only where nothing is compacted, as NAIS switches it on', async () => {
    const of = async (policy: string) =>
      (
        await importOf([
          topic(`pool: p\n  config: { cleanupPolicy: "${policy}", localRetentionHours: 5 }\n  acl: []`),
        ])
      ).out;
    expect(await of('delete')).toContain('remote.storage.enable: "true"');
    expect(await of('compact')).not.toContain('remote.storage');
    expect(await of('compact,delete')).not.toMatch(/remote\.storage|local\.retention/);
  });

  it.each(['150%', '101%'])('takes no %s for a share', async (share) => {
    const { err, code } = await importOf([
      topic(`pool: p\n  config: { minCleanableDirtyRatioPercent: ${share} }\n  acl: []`),
    ]);
    expect(code).toBe(2);
    expect(err.join()).toContain('expected a percentage, for example 50%');
  });

  it('prints the part of a migration file, whole as the Topic and its defaults have it', async () => {
    const { out, code } = await importOf([
      topic(`pool: nav-prod
  config: { partitions: 12, retentionHours: 336, cleanupPolicy: "compact,delete", minCleanableDirtyRatioPercent: 10% }
  acl:
    - { access: write, team: shop, application: orders-web }`),
    ]);
    expect(code).toBe(0);
    expect(out).toBe(`# Say for name how the topic is called on the source, where it has another name there.

topics:
  - name: orders
    newName: shop.orders
    createdBy: people
    partitions: 12
    replicationFactor: 3
    config:
      min.insync.replicas: "2"
      cleanup.policy: compact,delete
      retention.ms: "1209600000"
      retention.bytes: "-1"
      segment.ms: "604800000"
      max.message.bytes: "1048588"
      min.cleanable.dirty.ratio: "0.1"
# Say of each application which principal it is on the source:
# principals:
#   User:…: { team: shop, application: orders-web } # write shop.orders`);
    const { mistakes } = parseMigration({
      name: 'a',
      strategy: 'simplestCase',
      source: 'a',
      target: 'b',
      ...(parse(out) as object),
    });
    expect(mistakes).toBeUndefined();
  });

  it('declares what the ferry would write for it, so that nothing changes on the way and back', async () => {
    const target = nais({ pool: 'nav-prod', namespace: 'shop' });
    const wanted = {
      from: 'orders',
      name: 'shop.orders',
      partitions: 3,
      replicationFactor: 2,
      config: {
        'cleanup.policy': 'compact',
        'delete.retention.ms': '3600000',
        'remote.storage.enable': 'false',
        'segment.ms': '7200000',
      },
      defaults: {},
    };
    const declared = target.topic(wanted);
    const [file] = target.files('shop', [declared], {
      grants: [],
      bindings: [],
      losses: [],
      mistakes: [],
      unmapped: [],
    });
    const { out } = await importOf([file?.text ?? ''], '--json');
    const { topics } = JSON.parse(out) as { topics: object[] };
    const { name, partitions, replicationFactor, config } = declared.topic;
    expect(topics).toEqual([
      { name: 'orders', newName: name, createdBy: 'people', partitions, replicationFactor, config },
    ]);
  });

  it('reads several Topics, of one file or of several', async () => {
    const other = topic().replace('name: orders', 'name: payments');
    const { out, code } = await importOf(
      [`${topic()}---\n${other}---\n`, topic().replace('orders', 'mail')],
      '--json',
    );
    expect(code).toBe(0);
    expect(
      (JSON.parse(out) as { topics: { newName: string }[] }).topics.map(({ newName }) => newName),
    ).toEqual(['shop.orders', 'shop.payments', 'shop.mail']);
    const twice = await importOf([topic(), topic()]);
    expect(twice).toMatchObject({ code: 2, err: ['shop.orders is declared twice: name each Topic once.'] });
  });

  it.each([
    [
      topic(undefined, 'apiVersion: kafka.nais.io/v2\nkind: Topic'),
      ['0.yaml: apiVersion: expected kafka.nais.io/v1: the ferry reads no other'],
    ],
    [
      topic(undefined, 'apiVersion: nais.io/v1alpha1\nkind: Application'),
      [
        '0.yaml: apiVersion: expected kafka.nais.io/v1: the ferry reads no other',
        '0.yaml: kind: expected Topic: take the file of another kind out',
      ],
    ],
    [
      topic('pool: nav-prod\n  config: { retentionDays: 7 }\n  acl: []\n  quota: 1'),
      [
        '0.yaml: spec.config.retentionDays: is not a key of a Topic that the ferry knows: what it means would be lost',
        '0.yaml: spec.quota: is not a key of a Topic that the ferry knows: what it means would be lost',
      ],
    ],
    [
      topic('pool: nav-prod\n  config: { replication: 2, minimumInSyncReplicas: 3 }\n  acl: []'),
      ['0.yaml: spec.config: expected minimumInSyncReplicas no larger than replication, as kafkarator does'],
    ],
    [
      topic('pool: {{ pool }}\n  acl:\n    - { access: all, team: shop, application: a }'),
      [
        '0.yaml: spec.pool: expected the name of a pool, for example nav-prod',
        '0.yaml: spec.acl[0].access: expected read, write or readwrite',
      ],
    ],
    [
      topic(
        'pool: a\n  config: { replication: 1, segmentHours: 9000, partitions: 9223372036854775807 }\n  acl: []',
      ),
      [
        '0.yaml: spec.config.partitions: expected a whole number from 1 to 1000000',
        '0.yaml: spec.config.replication: expected a whole number from 2',
        '0.yaml: spec.config.segmentHours: expected a whole number from 1 to 8760',
      ],
    ],
    ['', ['There is no Topic in these files.']],
    [
      'a: [',
      [
        '0.yaml: line 1, column 5: is no YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
  ])('refuses in one sentence for each thing that is wrong: %#', async (text, sentences) => {
    const { err, out, code } = await importOf([text]);
    expect(err).toEqual(sentences);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('says which document of a file is wrong, and which file is not there', async () => {
    const wrong = topic().replace('acl: []', 'acl: 1');
    expect((await importOf([`${topic()}---\n${wrong}`])).err).toEqual([
      '0.yaml, document 2: spec.acl: expected a list of entries with access, team and application',
    ]);
    const gone = await importOf([], join(folder, 'gone.yaml'));
    expect(gone.err).toEqual(['gone.yaml: there is no such file']);
  });
});
