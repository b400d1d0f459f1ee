import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { declaredGrants } from '../../activities/acls/declared-access.js';
import { compareTopics, createTopics } from '../../activities/topics/topics.js';
import { checkPlan } from '../../activities/plan/plan.js';
import { ferry } from '../../app/cli/program.js';
import type { Migration, MigrationFile } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { workflowId } from '../../src/migration/messages.js';
import { strimzi } from '../../src/provision/files/strimzi.js';
import type { Declaring } from '../../src/provision/declaring.js';
import type { Loss } from '../../src/provision/loss.js';
import { nais } from '../../src/provision/nais/nais.js';
import { openCluster } from '../../src/kafka/open.js';
import { grantAll } from '../../lab/kafka/cluster.js';
import { connectionOf } from './kafka-cluster.js';
import { sharedLab } from '../lab/shared.js';
import { against } from '../unit/nais/crd.js';
import {
  allow,
  attempt,
  commit,
  createOn,
  grant,
  keysOf,
  migrationOf,
  openGround,
  sentenceOf,
  type Ground,
} from './prepare-ground.js';

let ground: Ground;
let folder: string;
beforeAll(async () => {
  ground = openGround(await sharedLab());
  folder = mkdtempSync(join(tmpdir(), 'ferry-nais-'));
});
afterAll(async () => {
  await ground.close();
  rmSync(folder, { recursive: true });
});

const target = nais({ pool: 'nav-prod', namespace: 'shop' });
const declares = (declaring: Declaring) => ({
  ...ground,
  declares: (cluster: string) => (cluster === 'target' ? declaring : undefined),
});
const plan = (migration: Migration, declaring: Declaring = target) =>
  checkPlan(declares(declaring), { migration }, workflowId(migration.name));

/** The command as a person has it, with a target that NAIS provisions. */
async function planOf(file: MigrationFile, ...options: string[]) {
  const config = parse(readFileSync(ground.lab.ferryYaml, 'utf8')) as {
    clusters: Record<string, object>;
    temporal: object;
  };
  config.clusters['target'] = {
    ...config.clusters['target'],
    provision: { kind: 'nais', pool: 'nav-prod', namespace: 'shop', folder: 'topics' },
  };
  writeFileSync(join(folder, 'ferry.yaml'), stringify(config));
  const path = join(folder, 'migration.yaml');
  writeFileSync(path, stringify(file));
  const out: string[] = [];
  const err: string[] = [];
  let code: number | undefined;
  await ferry(['plan', path, ...options, '--config', join(folder, 'ferry.yaml')], {
    terminal: {
      print: (text) => out.push(text),
      complain: (text) => err.push(text),
      redraws: false,
      redraw: () => undefined,
    },
    environment: {},
    end: (exitCode) => (code = exitCode),
  });
  return { out: out.join('\n'), err: err.join('\n'), code };
}

test('ferry plan --json says all that a Topic cannot, and --write writes what it can', async () => {
  const topic = 'naisplan';
  await createOn(ground.admin.source, {
    name: topic,
    config: { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '60000', 'segment.ms': '86400000' },
  });
  await commit(ground.admin.source, 'naisplan.group', topic, [0n, 0n]);
  await grant(
    ground.admin.source,
    allow('User:srvorders', 'write', 'topic', topic),
    allow('User:srvorders', 'read', 'topic', topic, { permission: 'deny' }),
    allow('User:srvbilling', 'read', 'topic', 'naispl', { patternType: 'prefixed' }),
    allow('User:naisplan-stranger', 'read', 'topic', topic),
  );
  const file: MigrationFile = {
    name: 'naisplan',
    strategy: 'simplestCase',
    source: 'source',
    target: 'target',
    topics: [{ name: topic, newName: `shop.${topic}`, replicationFactor: 2 }],
    consumers: [{ group: 'naisplan.group', commitsEvery: '1m' }],
    principals: {
      'User:srvorders': { team: 'shop', application: 'orders-web' },
      'User:srvbilling': { team: 'money', application: 'billing' },
    },
    leaveBehind: { principals: ['User:connect'] },
  };
  const { out, code } = await planOf(file, '--json', '--write');
  expect(code).toBe(3);
  const report = JSON.parse(out) as {
    findings: Finding[];
    will: string[];
    byPeople: boolean;
    declared: { by: string; losses: Loss[]; files: { path: string; text: string }[]; written: string[] };
  };
  expect(report.byPeople).toBe(true);
  expect(report.declared.losses.map(({ weight, key }) => `${weight} ${key}`).sort()).toEqual([
    'asks grant-loss:deny:User:srvorders',
    'asks grant-loss:pattern:User:srvbilling',
    `asks topic-loss:shop.${topic}:message.timestamp.type`,
    `asks topic-loss:shop.${topic}:retention.ms`,
  ]);
  for (const { key, says, instead } of report.declared.losses)
    expect(sentenceOf(report.findings, key)).toBe(`${says}: ${instead}.`);
  // What other tests of this lab hold is not this one's.
  expect(keysOf(report.findings).filter((key) => !/-loss:|holds-unknown:/.test(key))).toEqual([
    'asks principal-not-mapped:User:naisplan-stranger',
    // The lab has a single broker on each side.
    `asks replication:shop.${topic}`,
    'notes acl-of-ferry:User:ferry',
    'notes applications-nais:1',
    'notes applications-nais:2',
    'notes grants-not-shown:target',
  ]);
  expect(report.will).toEqual(
    expect.arrayContaining([
      `Wait until shop.${topic} has been created on target by its owners (topicCreated).`,
      `Create no ACL on target: the files grant read on shop.${topic} for money/billing and write on shop.${topic} for shop/orders-web.`,
    ]),
  );

  const written = join(folder, 'topics', `${topic}.yaml`);
  expect(report.declared.written).toEqual([written]);
  expect(readdirSync(join(folder, 'topics'))).toEqual([`${topic}.yaml`]);
  const text = readFileSync(written, 'utf8');
  expect(text).toBe(report.declared.files[0]?.text);
  const resource = parse(text) as { spec: object };
  expect(against(resource)).toEqual([]);
  expect(resource.spec).toEqual({
    pool: 'nav-prod',
    config: {
      partitions: 2,
      replication: 2,
      minimumInSyncReplicas: 1,
      cleanupPolicy: 'delete',
      retentionHours: 1,
      segmentHours: 24,
    },
    acl: [
      { team: 'money', application: 'billing', access: 'read' },
      { team: 'shop', application: 'orders-web', access: 'write' },
    ],
  });

  // Once more: the same file stays. One that a person has changed is not written over.
  expect((await planOf(file, '--write')).out).toContain(`Written:\n  - ${written}`);
  writeFileSync(written, `${text}# mine\n`);
  const refused = await planOf(file, '--write');
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringContaining(
      `${written} is there already and says something else: put both together by hand`,
    ),
  });
  expect(readFileSync(written, 'utf8')).toBe(`${text}# mine\n`);
  expect((await ground.target.topics([`shop.${topic}`])).get(`shop.${topic}`)?.error?.type).toBe('NotFound');
});

test('what NAIS cannot have at all blocks, and writes nothing', async () => {
  const topic = 'Nais_Blocks';
  await createOn(ground.admin.source, { name: topic });
  await grant(ground.admin.source, allow('User:naisblocks', 'write', 'topic', topic));
  const file: MigrationFile = {
    name: 'naisblocks',
    strategy: 'simplestCase',
    source: 'source',
    target: 'target',
    topics: [{ name: topic }],
    principals: { 'User:naisblocks': 'User:CN=web' },
    leaveBehind: { principals: ['User:connect'] },
  };
  const { out, err, code } = await planOf(file, '--write', join(folder, 'nothing'));
  expect(code).toBe(2);
  expect(out).toContain('Nothing was written: something blocks.');
  expect(err).toContain('say newName: shop.nais-blocks for Nais_Blocks in the file');
  expect(err).toContain('say { team: …, application: … } for it under principals');
  expect(readdirSync(folder)).not.toContain('nothing');
});

test('the ferry makes no topic and no grant there, and compares every entry with what the controller made', async () => {
  const topic = 'nais-made';
  const name = `shop.${topic}`;
  await createOn(ground.admin.source, {
    name: topic,
    config: { 'cleanup.policy': 'compact', 'delete.retention.ms': '7200000' },
  });
  await grant(ground.admin.source, allow('User:naismade', 'write', 'topic', topic));
  const migration = migrationOf({
    name: 'naismade',
    topics: [{ name: topic, newName: name }],
    principals: { 'User:naismade': { team: 'shop', application: 'web' } },
  });
  const on = declares(target);
  const asked = (await plan(migration)).findings.filter(({ weight }) => weight === 'asks');
  const accepted = asked.map(({ key }) => key);
  const work = { migration, accepted };
  const missing = `blocks topic-missing:target/${name}`;
  expect(keysOf((await createTopics(on, work, attempt())).findings)).toContain(missing);
  expect(keysOf((await compareTopics(on, { ...work, topics: [topic] })).findings)).toContain(missing);

  // A controller that knows no compaction on an update, and keeps a value that it was not told again.
  const asDeclared = {
    'cleanup.policy': 'compact',
    'min.insync.replicas': '2',
    'retention.ms': '604800000',
    'retention.bytes': '-1',
    'segment.ms': '604800000',
    'max.message.bytes': '1048588',
    'delete.retention.ms': '7200000',
  };
  await createOn(ground.admin.target, {
    name,
    config: {
      ...asDeclared,
      'cleanup.policy': 'delete',
      'delete.retention.ms': '86400000',
      'min.insync.replicas': '1',
    },
  });
  const wrong = await compareTopics(on, { ...work, topics: [topic] });
  expect(keysOf(wrong.findings).filter((key) => !key.startsWith('notes '))).toEqual([
    `asks not-as-declared:${name}:delete.retention.ms`,
    `asks not-as-declared:${name}:min.insync.replicas`,
    `blocks config-differs:${name}:cleanup.policy`,
  ]);
  expect(wrong.sentence).toBe(`${name} on target: not as declared.`);
  await ground.admin.target.alterTopicConfigs(
    new Map([[name, { 'cleanup.policy': 'compact', 'delete.retention.ms': '7200000' }]]),
  );
  // The only broker of the lab cannot have two replicas in sync: somebody has to accept that.
  const inSync = `not-as-declared:${name}:min.insync.replicas`;
  const as = { ...work, accepted: [...accepted, inSync] };
  expect((await compareTopics(on, { ...as, topics: [topic] })).sentence).toBe(
    `${name} on target as declared, in partitions and in every entry of the configuration that was, but for min.insync.replicas of ${name} (accepted as it is).`,
  );
  const created = await createTopics(on, as, attempt());
  expect(created).toMatchObject({ made: [] });

  // Before the topics were there nobody could know.
  const unseen = await declaredGrants(on, work, target);
  expect(keysOf(unseen.findings)).toContain('asks grants-not-shown:target');
  expect(sentenceOf(unseen.findings, 'grants-not-shown:target')).toMatch(
    /\(it is to be shop\/web as shop_web_[0-9a-f]{8}_\*\): see that each Topic has the status/,
  );
  expect(unseen.sentence).toBe(
    'No grant on target is taken for given: 1 finding to be mended or accepted first.',
  );
  const seen = { ...work, accepted: [...accepted, 'grants-not-shown:target'] };
  expect(await declaredGrants(on, seen, target)).toMatchObject({
    made: [],
    sentence: '1 grant on target by the files of its owners, and none by the ferry.',
  });
  const there = await ground.admin.target.acls({ resourceType: 'topic', resourceName: name });
  expect(there).toEqual([]);
});

test('a configuration that the target does not show is asked about, and the partitions are compared all the same', async () => {
  const topic = 'nais-hidden';
  const name = `shop.${topic}`;
  await createOn(ground.admin.source, { name: topic });
  await createOn(ground.admin.target, { name, partitions: 3 });
  await grantAll(ground.lab.target, 'shipping', [{ resource: 'topic', operation: 'describe', prefix: name }]);
  const blind = openCluster('target', connectionOf(ground.lab.target, 'shipping'));
  try {
    const on = {
      ...declares(target),
      clusters: (cluster: string) => (cluster === 'target' ? blind : ground.clusters(cluster)),
    };
    const migration = migrationOf({ name: 'naishidden', topics: [{ name: topic, newName: name }] });
    const { findings } = await compareTopics(on, { migration, topics: [topic] });
    expect(keysOf(findings).filter((key) => !key.startsWith('notes '))).toEqual([
      `asks config-not-shown:${name}`,
      `asks topic-loss:${name}:replication`,
      `blocks partitions-differ:${name}`,
    ]);
  } finally {
    await blind.close();
  }
});

test('where the target shows its ACLs, those of the files are looked for', async () => {
  const topic = 'strimzi-made';
  await createOn(ground.admin.source, { name: topic });
  await createOn(ground.admin.target, { name: topic });
  await grant(ground.admin.source, allow('User:strimziweb', 'write', 'topic', topic));
  const migration = migrationOf({
    name: 'strimzimade',
    topics: [{ name: topic }],
    principals: { 'User:strimziweb': 'User:CN=strimziweb' },
  });
  const declaring = strimzi({ cluster: 'main' });
  expect(keysOf((await plan(migration, declaring)).findings)).toEqual([`asks no-group:${topic}`]);
  const awaited = await declaredGrants(ground, { migration }, declaring);
  expect(keysOf(awaited.findings)).toEqual(['asks grants-awaited:target']);
  expect(sentenceOf(awaited.findings, 'grants-awaited:target')).toBe(
    '1 ACL of the files is not on target (for User:CN=strimziweb): apply the files, then retry; accepted, these principals go without.',
  );
  await grant(ground.admin.target, allow('User:CN=strimziweb', 'write', 'topic', topic));
  expect(await declaredGrants(ground, { migration }, declaring)).toMatchObject({
    made: [],
    findings: [],
    sentence: '1 grant on target by the files of its owners, and none by the ferry.',
  });
});
