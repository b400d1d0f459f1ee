import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyAcls } from '../../activities/acls/acls.js';
import { sharedLab } from '../lab/shared.js';
import {
  allow,
  attempt,
  Attempts,
  createOn,
  grant,
  keysOf,
  migrationOf,
  openGround,
  sentenceOf,
  type Ground,
} from './prepare-ground.js';
import { FerryError } from '../../src/migration/errors.js';
import type { AclBinding } from '../../src/kafka/cluster.js';
import { targetName, type Migration } from '../../src/migration/file.js';
import { unpackAcls, type MadeAcl, type PackedAcls } from '../../src/migration/packed-acls.js';

const unpackedFor = ({ topics }: Migration, made: readonly (MadeAcl | PackedAcls)[]) =>
  unpackAcls(topics.map(targetName), made);

let ground: Ground;
beforeAll(async () => {
  ground = openGround(await sharedLab());
});
afterAll(() => ground.close());

const heldBy = async (principal: string) =>
  ((await ground.target.acls({ principal })) ?? []).map(
    ({ resourceType, resourceName, patternType, operation, permission, host }) =>
      [permission, operation, resourceType, patternType, resourceName, host].join(' '),
  );

test('principals may do on the target what they may do on the source, by the names there', async () => {
  await createOn(ground.admin.source, { name: 'acl.in' }, { name: 'acl.out' });
  await grant(
    ground.admin.source,
    allow('User:acl-writer', 'write', 'topic', 'acl.in'),
    allow('User:acl-writer', 'describe', 'topic', 'acl.in'),
    allow('User:acl-writer', 'write', 'transactional-id', 'acl-writer-', { patternType: 'prefixed' }),
    allow('User:acl-reader', 'read', 'topic', 'acl.', { patternType: 'prefixed' }),
    allow('User:acl-reader', 'read', 'group', 'acl.group', { host: '10.1.2.3' }),
    allow('User:acl-reader', 'write', 'topic', 'acl.in', { permission: 'deny' }),
    allow('User:acl-reader', 'write', 'transactional-id', 'acl-reader'),
    allow('User:acl-gone', 'read', 'topic', 'acl.out'),
    allow('User:acl-stranger', 'all', 'topic', 'acl.other'),
  );
  await grant(ground.admin.target, allow('User:CN=acl-writer', 'describe', 'topic', 'acl.new'));
  const migration = migrationOf({
    name: 'acl',
    topics: [{ name: 'acl.in', newName: 'acl.new' }, { name: 'acl.out' }],
    consumers: [{ group: 'acl.group', newGroup: 'acl.newgroup' }],
    principals: { 'User:acl-writer': 'User:CN=acl-writer', 'User:acl-reader': 'User:CN=acl-reader' },
    leaveBehind: { principals: ['User:ferry', 'User:connect', 'User:acl-gone'] },
  });
  const { made, findings, sentence } = await copyAcls(ground, { migration }, attempt());
  expect(keysOf(findings)).toEqual(['notes acl-host-kept:User:acl-reader', 'notes acl-patterns-narrowed']);
  expect(sentenceOf(findings, 'acl-patterns-narrowed')).toBe(
    'ACLs for topics that begin with acl. on source become ACLs for exactly the topics and groups of this migration on target.',
  );
  expect((await heldBy('User:CN=acl-writer')).sort()).toEqual([
    'allow describe topic literal acl.new *',
    'allow write topic literal acl.new *',
    'allow write transactional-id prefixed acl-writer- *',
  ]);
  // A transactional id is for principals that may write; this one may not.
  expect((await heldBy('User:CN=acl-reader')).sort()).toEqual([
    'allow read group literal acl.newgroup 10.1.2.3',
    'allow read topic literal acl.new *',
    'allow read topic literal acl.out *',
    'deny write topic literal acl.new *',
  ]);
  expect(unpackedFor(migration, made)).toHaveLength(6);
  expect(unpackedFor(migration, made)).not.toContainEqual(
    allow('User:CN=acl-writer', 'describe', 'topic', 'acl.new'),
  );
  expect(sentence).toBe('6 ACLs created on target, 1 there already.');

  const again = await copyAcls(ground, { migration }, attempt());
  expect(again.made).toEqual([]);
  expect(again.sentence).toBe('0 ACLs created on target, 7 there already.');
});

test('the ferry knows who it is on both clusters, and leaves its own rights out', async () => {
  expect([ground.source.principal, ground.target.principal]).toEqual(['User:ferry', 'User:CN=ferry']);
  await createOn(ground.admin.source, { name: 'own-rights' });
  const migration = migrationOf({
    name: 'acl-own',
    topics: [{ name: 'own-rights' }],
    leaveBehind: { principals: ['User:connect'] },
  });
  const { made, findings } = await copyAcls(ground, { migration }, attempt());
  expect(keysOf(findings)).toEqual(['notes acl-of-ferry:User:ferry']);
  expect(made).toEqual([]);
});

test('a principal that the file does not map is asked about, and gets nothing when accepted', async () => {
  await createOn(ground.admin.source, { name: 'unmapped' });
  await grant(
    ground.admin.source,
    allow('User:unmapped-known', 'read', 'topic', 'unmapped'),
    allow('User:unmapped-who', 'read', 'topic', 'unmapped'),
    allow('User:unmapped-who', 'describe', 'topic', 'unmapped'),
  );
  const migration = migrationOf({
    name: 'unmapped',
    topics: [{ name: 'unmapped' }],
    principals: { 'User:unmapped-known': 'User:CN=unmapped-known' },
  });
  const asked = await copyAcls(ground, { migration }, attempt());
  expect(keysOf(asked.findings)).toEqual(['asks principal-not-mapped:User:unmapped-who']);
  expect(asked.findings[0]?.sentence).toMatch(
    /^User:unmapped-who has 2 ACLs on source \((read, describe|describe, read) on topic unmapped\) and the file does not say who that is on target: /,
  );
  expect(asked.made).toEqual([]);
  expect(await heldBy('User:CN=unmapped-known')).toEqual([]);

  const accepted = ['principal-not-mapped:User:unmapped-who'];
  const { made } = await copyAcls(ground, { migration, accepted }, attempt());
  expect(unpackedFor(migration, made)).toEqual([
    allow('User:CN=unmapped-known', 'read', 'topic', 'unmapped'),
  ]);
});

test('rights on every topic become rights on those of the migration', async () => {
  await createOn(ground.admin.source, { name: 'wild' });
  const migration = migrationOf({
    name: 'wild',
    topics: [{ name: 'wild' }],
    // The lab grants the ferry its rights on the wildcard.
    principals: { 'User:ferry': 'User:CN=wild-tool' },
    leaveBehind: { principals: ['User:connect'] },
  });
  // What it may do with the cluster as a whole is no right of the migration's.
  const accepted = ['cluster-acl-left:User:ferry'];
  const { findings } = await copyAcls(ground, { migration, accepted }, attempt());
  expect(keysOf(findings)).toEqual(['asks cluster-acl-left:User:ferry', 'notes acl-patterns-narrowed']);
  expect((await heldBy('User:CN=wild-tool')).filter((held) => held.includes(' topic ')).sort()).toEqual([
    'allow delete topic literal wild *',
    'allow describe-configs topic literal wild *',
    'allow read topic literal wild *',
  ]);
});

test('an attempt after a lost one knows which ACLs are its own', async () => {
  await createOn(ground.admin.source, { name: 'aclcrash' });
  await grant(
    ground.admin.source,
    allow('User:aclcrash', 'read', 'topic', 'aclcrash'),
    allow('User:aclcrash', 'describe', 'topic', 'aclcrash'),
  );
  await grant(ground.admin.target, allow('User:CN=aclcrash', 'describe', 'topic', 'aclcrash'));
  const migration = migrationOf({
    name: 'aclcrash',
    topics: [{ name: 'aclcrash' }],
    principals: { 'User:aclcrash': 'User:CN=aclcrash' },
  });
  const lost: Ground = {
    ...ground,
    clusters: (name) => ({
      ...ground.clusters(name),
      createAcls: async (bindings: readonly AclBinding[]) => {
        await ground.clusters(name).createAcls(bindings);
        throw new FerryError('Unreachable', 'The connection broke.');
      },
    }),
  };
  const attempts = new Attempts();
  await expect(copyAcls(lost, { migration }, attempts.next())).rejects.toThrow('The connection broke.');
  const { made } = await copyAcls(ground, { migration }, attempts.next());
  expect(unpackedFor(migration, made)).toEqual([allow('User:CN=aclcrash', 'read', 'topic', 'aclcrash')]);
});

test('clusters without an authorizer are told apart', async () => {
  await createOn(ground.admin.source, { name: 'open.topic' });
  await grant(ground.admin.source, allow('User:open-reader', 'read', 'topic', 'open.topic'));
  const migration = migrationOf({
    name: 'open',
    topics: [{ name: 'open.topic' }],
    principals: { 'User:open-reader': 'User:CN=open-reader' },
  });
  const without = (...open: string[]): Ground => ({
    ...ground,
    clusters: (name) => {
      const cluster = ground.clusters(name);
      return open.includes(name) ? { ...cluster, acls: async () => null } : cluster;
    },
  });
  const keys = async (of: Ground) => keysOf((await copyAcls(of, { migration }, attempt())).findings);
  expect(await keys(without('source', 'target'))).toEqual(['notes no-authorizer:source']);
  expect(await keys(without('source'))).toEqual(['asks no-authorizer:source']);
  expect(await keys(without('target'))).toEqual(['asks no-authorizer:target']);
  expect(await heldBy('User:CN=open-reader')).toEqual([]);
});
