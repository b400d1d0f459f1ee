import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aclsOfTopics } from '../../../activities/acls/acl-text.js';
import { copyAcls } from '../../../activities/acls/acls.js';
import { checkPlan } from '../../../activities/plan/plan.js';
import { undo } from '../../../activities/retire/undo.js';
import { createTopics } from '../../../activities/topics/topics.js';
import { PROJECT, SERVICE } from '../../../lab/aiven/layout.js';
import type { Migration } from '../../../src/migration/file.js';
import { workflowId } from '../../../src/migration/messages.js';
import { AivenClient } from '../../../src/provision/aiven/client.js';
import { AivenService } from '../../../src/provision/aiven/service.js';
import type { Provisioner } from '../../../src/provision/provisioner.js';
import { openRegistry } from '../../../src/registry/open.js';
import { eventually } from '../../eventually.js';
import { proto } from '../../registry/schemas.js';
import {
  allow,
  attempt,
  Attempts,
  commit,
  createOn,
  grant,
  keysOf,
  migrationOf,
  sentenceOf,
  type Ground,
} from '../../integration/prepare-ground.js';
import { openAivenGround, type AivenGround } from './aiven-ground.js';

let ground: AivenGround;
beforeAll(async () => {
  ground = await openAivenGround('aiven-service');
});
afterAll(() => ground?.close());

describe('a migration to it', () => {
  async function prepared(name: string, newName = `shop.${name}`): Promise<Migration> {
    await createOn(ground.admin.source, { name, partitions: 2, config: { 'retention.ms': '3600000' } });
    await commit(ground.admin.source, `${name}.group`, name, [0n, 0n]);
    await grant(
      ground.admin.source,
      allow('User:orders-web', 'write', 'topic', name),
      allow('User:orders-web', 'describe', 'topic', name),
      allow('User:billing', 'read', 'topic', name),
      allow('User:billing', 'read', 'group', `${name}.group`),
      allow('User:billing', 'write', 'topic', name, { permission: 'deny' }),
      allow('User:audit', 'all', 'topic', name),
    );
    return migrationOf({
      name,
      topics: [{ name, newName }],
      producers: [{ name: 'web' }],
      consumers: [{ group: `${name}.group`, commitsEvery: '1m' }],
      principals: {
        'User:orders-web': 'User:orders-web',
        'User:billing': 'User:billing',
        'User:audit': 'User:audit',
      },
    });
  }
  const plan = (migration: Migration, on: Ground = ground) =>
    checkPlan(on, { migration }, workflowId(migration.name));
  const entries = async () => (await ground.aiven.provisioner.rights()) as object[];

  test('is planned with the rights that docs/aiven.md names, and no more', async () => {
    const { findings, will } = await plan(await prepared('planned'));
    expect(keysOf(findings)).toEqual([
      'notes defaults-unread:target',
      'notes groups-open:target',
      'notes offsets-retention-unknown:target',
    ]);
    expect(will).toContainEqual(expect.stringContaining('Create 4 ACLs on target for '));
  });

  test('asks where the ferry’s user lacks a right, or a user is not there', async () => {
    const migration = await prepared('elsewhere', 'elsewhere');
    const stranger = { ...migration, principals: { ...migration.principals, 'User:audit': 'User:nobody' } };
    const { findings } = await plan(stranger);
    expect(sentenceOf(findings, 'own-rights:target')).toContain(
      '--username ferry --permission admin --topic elsewhere',
    );
    expect(sentenceOf(findings, 'user-missing:target/nobody')).toContain(
      'user-create kafka-lab --username nobody',
    );
  });

  test('makes the service users that are not there, where it is told to', async () => {
    const file = await prepared('made-users');
    const migration = { ...file, principals: { ...file.principals, 'User:audit': 'User:auditor' } };
    const on = ground.reached({ users: 'make' });
    expect(keysOf((await plan(migration, on)).findings)).toContain('notes user-made:target/auditor');
    await copyAcls(on, { migration }, attempt());
    expect(keysOf((await plan(migration)).findings)).not.toContain('asks user-missing:target/auditor');
    await on.close();
  });

  test.each([
    ['a wrong token', { apiToken: 'wrong' }, 'Unauthenticated', 'does not accept the token'],
    ['a wrong project', { project: 'elsewhere' }, 'Unauthorized', 'check project'],
    ['a wrong service', { service: 'nowhere' }, 'NotFound', 'There is no service nowhere'],
  ])('is not planned with %s, in one sentence', async (_, wrong, type, says) => {
    const on = ground.reached(wrong);
    const { findings } = await plan(await prepared(`with-${type.toLowerCase()}`), on);
    const [blocking, ...others] = findings.filter(({ weight }) => weight === 'blocks');
    expect(others).toEqual([]);
    expect(blocking).toMatchObject({ key: 'acls-unread', type });
    expect(blocking?.sentence).toContain(says);
    await on.close();
  });

  test('makes nothing with a token that may only look', async () => {
    const on = ground.reached({ apiToken: ground.readOnlyToken() });
    await expect(createTopics(on, { migration: await prepared('look') }, attempt())).rejects.toMatchObject({
      type: 'Unauthorized',
    });
    await on.close();
  });

  test('is prepared although the API goes away in the middle, makes nothing twice, and is taken back whole', async () => {
    const migration = await prepared('away');
    const before = await entries();
    const { made: topics } = await createTopics(ground, { migration }, attempt());
    expect(topics.map(({ name }) => name)).toEqual(['shop.away']);

    const attempts = new Attempts();
    const { provisioner } = ground.aiven;
    const dying: Provisioner = {
      ...provisioner,
      async make(rights) {
        await provisioner.make(rights.slice(0, 2));
        await ground.lab.aiven?.kill();
        return provisioner.make(rights);
      },
    };
    await expect(
      copyAcls({ ...ground, provisioners: () => dying }, { migration }, attempts.next()),
    ).rejects.toMatchObject({ type: 'Unreachable' });
    await ground.lab.aiven?.start();
    const { made, sentence } = await copyAcls(ground, { migration }, attempts.next());
    expect(sentence).toBe('4 ACLs created on target.');
    const again = await copyAcls(ground, { migration }, attempts.next());
    expect(new Set(again.made)).toEqual(new Set(made));
    expect(await entries()).toHaveLength(before.length + 4);

    const { undone, left } = await undo(
      ground,
      { migration, made: { topics, acls: made, offsets: [] } },
      attempt(),
    );
    expect(left).toEqual([]);
    expect(undone).toEqual(['Deleted 4 ACLs on target.', 'Deleted the empty topic shop.away on target.']);
    expect(await entries()).toEqual(before);
  });

  test('waits while an earlier topic of the name is being deleted', async () => {
    const migration = await prepared('deleting');
    await createTopics(ground, { migration }, attempt());
    const service = new AivenService('target', new AivenClient('target', ground.connection, { pauseMs: 20 }));
    await service.deleteTopic('shop.deleting');
    await eventually(
      async () => (await ground.aiven.cluster.topics(['shop.deleting'])).get('shop.deleting')?.error?.type,
      (type) => type === 'NotFound',
    );
    await expect(createTopics(ground, { migration }, attempt())).rejects.toMatchObject({
      type: 'Unreachable',
      message: expect.stringContaining('still deleting an earlier topic shop.deleting') as unknown,
    });
    const { made } = await eventually(
      () => createTopics(ground, { migration }, attempt()).catch(() => ({ made: [] })),
      ({ made }) => made.length > 0,
    );
    expect(made).toHaveLength(1);
  });

  test('is not planned while the service is powered off', async () => {
    const migration = await prepared('off');
    const powered = async (powered: boolean) =>
      eventually(
        () =>
          fetch(`${ground.lab.aiven?.url}/project/${PROJECT}/service/${SERVICE}`, {
            method: 'PUT',
            headers: { authorization: `aivenv1 ${ground.token()}` },
            body: JSON.stringify({ powered }),
          }),
        ({ status }) => status === 200,
      );
    await powered(false);
    const { findings } = await plan(migration);
    await powered(true);
    expect(keysOf(findings)).toContain('blocks service-off:target');
  });
});

describe('the subjects of a migration', () => {
  test('are for whoever may use the topics of their records, and are taken back', async () => {
    const registries = await ground.lab.startRegistries();
    const registry = openRegistry('onprem', { url: registries.source.url });
    try {
      await registry.register('money', proto('Money'));
      await registry.register(
        'subjects-value',
        proto('Order', [{ name: 'money.proto', subject: 'money', version: 1, message: 'Money' }]),
      );
      await createOn(ground.admin.source, { name: 'subjects' });
      await grant(
        ground.admin.source,
        allow('User:orders-web', 'write', 'topic', 'subjects'),
        allow('User:billing', 'read', 'topic', 'subjects'),
      );
      const migration = migrationOf({
        name: 'subjects',
        topics: [{ name: 'subjects', newName: 'shop.subjects' }],
        principals: { 'User:orders-web': 'User:orders-web', 'User:billing': 'User:billing' },
        schemas: { source: 'onprem', target: 'managed' },
      });
      const on: Ground = { ...ground, registries: () => registry };
      const before = (await ground.aiven.provisioner.rights()) as object[];
      const { made, findings, sentence } = await copyAcls(on, { migration }, attempt());
      expect(keysOf(findings)).toContain('notes subject-acls:target');
      expect(sentence).toBe('6 ACLs created on target.');
      const service = new AivenService(
        'target',
        new AivenClient('target', ground.connection, { pauseMs: 20 }),
      );
      const held = (await service.registryEntries()).map(
        ({ permission, resource, username }) => `${permission} ${resource} ${username}`,
      );
      expect(held.sort()).toEqual([
        'schema_registry_read Subject:money billing',
        'schema_registry_read Subject:shop.subjects-value billing',
        'schema_registry_write Subject:money orders-web',
        'schema_registry_write Subject:shop.subjects-value orders-web',
      ]);
      expect((await copyAcls(on, { migration }, attempt())).sentence).toBe(
        '0 ACLs created on target, 6 there already.',
      );
      const { left } = await undo(
        on,
        { migration, made: { topics: [], acls: made, offsets: [] } },
        attempt(),
      );
      expect(left).toEqual([]);
      expect(await ground.aiven.provisioner.rights()).toEqual(before);
    } finally {
      registry.close();
      await registries.source.kill();
      await registries.target.kill();
    }
  });
});

describe('a service as a source', () => {
  const own = (topic: string, username: string, operation = 'read') => ({
    resourceType: 'topic',
    resourceName: topic,
    patternType: 'aiven',
    principal: `User:${username}`,
    host: '*',
    operation,
    permission: 'allow',
  });
  const idOf = async (topic: string) =>
    (await ground.admin.target.topics([topic])).get(topic)?.value?.topicId ?? null;

  test('shows its ACLs as Kafka would, and loses those of a retired topic, but no pattern', async () => {
    await createOn(ground.aiven.cluster, { name: 'shop.retired' });
    const native = allow('User:audit', 'all', 'topic', 'shop.retired');
    const rights = [own('shop.retired', 'billing'), own('shop.r?tired', 'shipping'), native];
    await ground.aiven.provisioner.make(rights);
    const all =
      (await ground.aiven.cluster.acls({ resourceType: 'topic', resourceName: 'shop.retired' })) ?? [];
    expect(all.map(({ principal, operation }) => `${principal} ${operation}`).sort()).toEqual([
      'User:audit all',
      'User:billing describe',
      'User:billing read',
      'User:shipping describe',
      'User:shipping read',
    ]);
    const doomed = await aclsOfTopics(ground.aiven.cluster, ['shop.retired']);
    if (doomed === 'hidden') throw new Error('the service does not show its ACLs');
    expect(doomed.map(({ principal }) => principal)).not.toContain('User:shipping');
    expect(await ground.aiven.cluster.deleteAcls(doomed)).toEqual({ deleted: 3, left: [] });
    expect(await ground.aiven.provisioner.takeBack(rights)).toBe(1);
    const rows = await ground.aiven.cluster.deleteTopics([
      { name: 'shop.retired', topicId: await idOf('shop.retired') },
    ]);
    expect([...rows.values()]).toEqual([{ value: undefined }]);
  });

  test('loses by its API a topic that its brokers do not let the ferry delete, if it is still the same one', async () => {
    await createOn(ground.admin.target, { name: 'plain.topic' });
    await ground.aiven.provisioner.make([own('plain.topic', 'ferry')]);
    const topicId = await eventually(
      async () => (await ground.brokers.topics(['plain.topic'])).get('plain.topic')?.value?.topicId,
      (id) => id != null,
    );
    const other = await ground.aiven.cluster.deleteTopics([
      { name: 'plain.topic', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' },
    ]);
    expect(other.size).toBe(1);
    expect(await idOf('plain.topic')).toBe(topicId);
    const rows = await ground.aiven.cluster.deleteTopics([{ name: 'plain.topic', topicId: topicId ?? null }]);
    expect(rows.get('plain.topic')).toEqual({ value: undefined });
    await eventually(
      () => idOf('plain.topic'),
      (id) => id === null,
    );
  });
});
