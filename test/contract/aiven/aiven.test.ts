import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { aclsOfTopics } from '../../../activities/acls/acl-text.js';
import { copyAcls } from '../../../activities/acls/acls.js';
import { checkPlan } from '../../../activities/plan/plan.js';
import { undo } from '../../../activities/retire/undo.js';
import { createTopics } from '../../../activities/topics/topics.js';
import { readConfig } from '../../../app/config/config.js';
import { aivenFiles, PROJECT, SERVICE } from '../../../lab/aiven/layout.js';
import { type Lab, startLab } from '../../../lab/lab.js';
import type { Cluster } from '../../../src/kafka/cluster.js';
import { openCluster } from '../../../src/kafka/open.js';
import type { Migration } from '../../../src/migration/file.js';
import { workflowId } from '../../../src/migration/messages.js';
import { AivenClient } from '../../../src/provision/aiven/client.js';
import { AivenService } from '../../../src/provision/aiven/service.js';
import { openAiven, type OpenedAiven } from '../../../src/provision/aiven/open.js';
import type { AivenConnection } from '../../../src/provision/aiven/connection.js';
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
  openGround,
  sentenceOf,
  type Ground,
} from '../../integration/prepare-ground.js';

const here = dirname(fileURLToPath(import.meta.url));
const schemas = JSON.parse(readFileSync(`${here}/answers.schema.json`, 'utf8')) as {
  answers: Record<string, object>;
};

let lab: Lab;
let brokers: Cluster;
let aiven: OpenedAiven;
let connection: AivenConnection;
let ground: Ground;

/** A target that is a service at Aiven; its client waits for milliseconds where it would wait for seconds. */
function groundWith(opened: OpenedAiven): Ground {
  const plain = openGround(lab);
  return {
    ...plain,
    target: opened.cluster,
    clusters: (name) => (name === 'target' ? opened.cluster : plain.clusters(name)),
    provisioners: (name) => (name === 'target' ? opened.provisioner : undefined),
    close: () => plain.close(),
  };
}

beforeAll(async () => {
  lab = await startLab({ name: `contract-${process.pid}`, aiven: true });
  const { value } = readConfig({ path: lab.ferryYaml, environment: {} });
  const { provision, ...reached } = value?.clusters['target'] ?? { bootstrap: [] };
  if (provision?.kind !== 'aiven') throw new Error('The lab says nothing of Aiven in its ferry.yaml.');
  connection = provision;
  brokers = openCluster('target', reached);
  aiven = openAiven(brokers, connection, { pauseMs: 20 });
  ground = groundWith(aiven);
});
afterAll(async () => {
  await ground?.close();
  await brokers?.close();
  await lab?.down();
});

const secret = (file: string) => readFileSync(file, 'utf8');
const tokens = () => aivenFiles(lab.aiven?.folder ?? '');

describe('the stand-in for Aiven’s API', () => {
  test('is taken for Aiven by its official client', async () => {
    const { stdout } = await promisify(execFile)('go', ['run', '.'], {
      cwd: here,
      env: {
        ...process.env,
        AIVEN_WEB_URL: lab.aiven?.url.replace(/\/v1$/, ''),
        AIVEN_TOKEN: secret(tokens().token),
        FERRY_READ_ONLY_TOKEN: secret(tokens().readOnlyToken),
        AIVEN_CLIENT_RETRY_WAIT_MIN: '50ms',
        AIVEN_CLIENT_RETRY_WAIT_MAX: '200ms',
      },
    });
    expect(stdout).toBe('held\n');
    // The first time the client is downloaded and built.
  }, 600_000);

  test('answers as Aiven’s own document says', async () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    const seen = new Set<string>();
    const service = '/project/{project}/service/{service_name}';
    const call = async (method: string, path: string, name = '', body?: object): Promise<unknown> => {
      const at = path.replace(/\{\w+\}$/, encodeURIComponent(name));
      const url = `${lab.aiven?.url}/project/${PROJECT}/service/${SERVICE}${at}`;
      const answer = await eventually(
        () =>
          fetch(url, {
            method,
            headers: { authorization: `Bearer ${secret(tokens().token)}` },
            ...(body && { body: JSON.stringify(body) }),
          }),
        ({ status }) => ![429, 501, 503].includes(status),
      );
      expect({ method, path, status: answer.status }).toEqual({ method, path, status: 200 });
      const said: unknown = await answer.json();
      const schema = schemas.answers[`${method} ${service}${path}`];
      expect(schema).toBeDefined();
      const holds = ajv.compile(schema ?? {});
      expect({ path, holds: holds(said), errors: holds.errors }).toEqual({ path, holds: true, errors: null });
      seen.add(`${method} ${service}${path}`);
      return said;
    };
    const own = { permission: 'read', topic: 'shop.schema', username: 'billing' };
    const native = {
      operation: 'Read',
      pattern_type: 'PREFIXED',
      permission_type: 'ALLOW',
      principal: 'User:bill*',
      resource_name: 'shop.',
      resource_type: 'Topic',
      host: '*',
    };
    await call('GET', '');
    await call('PUT', '', '', { powered: true });
    await call('POST', '/topic', '', { topic_name: 'shop.schema', partitions: 2, replication: 1 });
    await call('GET', '/topic/{topic_name}', 'shop.schema');
    await call('GET', '/topic');
    const { acl } = (await call('POST', '/acl', '', own)) as { acl: { id: string }[] };
    await call('GET', '/acl');
    const added = (await call('POST', '/kafka/acl', '', native)) as { acl: { id: string } };
    await call('GET', '/kafka/acl');
    await call('GET', '/kafka/acl/{kafka_acl_id}', added.acl.id);
    await call('DELETE', '/acl/{kafka_acl_id}', acl.at(-1)?.id);
    await call('DELETE', '/kafka/acl/{kafka_acl_id}', added.acl.id);
    const subject = { permission: 'schema_registry_write', resource: 'Subject:a', username: 'billing' };
    const subjects = (await call('POST', '/kafka/schema-registry/acl', '', subject)) as {
      acl: { id: string }[];
    };
    await call('GET', '/kafka/schema-registry/acl');
    await call('DELETE', '/kafka/schema-registry/acl/{schema_registry_acl_id}', subjects.acl.at(-1)?.id);
    await call('POST', '/user', '', { username: 'schema' });
    await call('GET', '/user/{service_username}', 'schema');
    await call('DELETE', '/user/{service_username}', 'schema');
    await call('DELETE', '/topic/{topic_name}', 'shop.schema');
    expect(Object.keys(schemas.answers).filter((one) => !seen.has(one))).toEqual([]);
  });

  test('shows the ferry’s user neither ACLs nor the configuration of brokers', async () => {
    await expect(brokers.acls()).rejects.toMatchObject({ type: 'Unauthorized' });
    await expect(brokers.brokerConfig()).rejects.toMatchObject({ type: 'Unauthorized' });
  });
});

describe('entries are enforced by the brokers', () => {
  const may = async (user: string, topic: string) => {
    const kafka = lab.target.kafkajs(user, { retry: { retries: 0 } });
    const producer = kafka.producer();
    await producer.connect();
    const writes = await producer.send({ topic, messages: [{ value: 'x' }] }).then(
      () => true,
      () => false,
    );
    await producer.disconnect();
    return writes;
  };
  const writer = (topic: string, username: string) => ({
    resourceType: 'topic',
    resourceName: topic,
    patternType: 'aiven',
    principal: `User:${username}`,
    host: '*',
    operation: 'write',
    permission: 'allow',
  });

  test('of Aiven’s own kind, with patterns of users and names, also for a topic that comes later', async () => {
    const rights = [writer('shop.r?les-*.x', 'orders-*')];
    await aiven.provisioner.make(rights);
    await createOn(aiven.cluster, { name: 'shop.rules-1.x' }, { name: 'shop.ruins-1.x' });
    await eventually(
      () => may('orders-web', 'shop.rules-1.x'),
      (writes) => writes,
    );
    expect(await may('billing', 'shop.rules-1.x')).toBe(false);
    expect(await may('orders-web', 'shop.ruins-1.x')).toBe(false);
    expect(await aiven.provisioner.takeBack(rights)).toBe(1);
    await eventually(
      () => may('orders-web', 'shop.rules-1.x'),
      (writes) => !writes,
    );
  });

  test('of Kafka’s kind, where a DENY wins over either kind', async () => {
    await createOn(aiven.cluster, { name: 'shop.denied' });
    const deny = allow('User:orders-web', 'write', 'topic', 'shop.denied', { permission: 'deny' });
    const rights = [writer('shop.denied', 'orders-web'), writer('shop.denied', 'orders-batch'), deny];
    await aiven.provisioner.make(rights);
    await eventually(
      () => may('orders-batch', 'shop.denied'),
      (writes) => writes,
    );
    expect(await may('orders-web', 'shop.denied')).toBe(false);
    expect(await aiven.provisioner.takeBack(rights)).toBe(3);
  });
});

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
  const entries = async () => (await aiven.provisioner.rights()) as object[];

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
    const on = groundWith(openAiven(brokers, { ...connection, users: 'make' }, { pauseMs: 20 }));
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
    const on = groundWith(openAiven(brokers, { ...connection, ...wrong }, { pauseMs: 20 }));
    const { findings } = await plan(await prepared(`with-${type.toLowerCase()}`), on);
    const [blocking, ...others] = findings.filter(({ weight }) => weight === 'blocks');
    expect(others).toEqual([]);
    expect(blocking).toMatchObject({ key: 'acls-unread', type });
    expect(blocking?.sentence).toContain(says);
    await on.close();
  });

  test('makes nothing with a token that may only look', async () => {
    const readOnly = openAiven(
      brokers,
      { ...connection, apiToken: secret(tokens().readOnlyToken) },
      { pauseMs: 20 },
    );
    const on = groundWith(readOnly);
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
    const { provisioner } = aiven;
    const dying: Provisioner = {
      ...provisioner,
      async make(rights) {
        await provisioner.make(rights.slice(0, 2));
        await lab.aiven?.kill();
        return provisioner.make(rights);
      },
    };
    await expect(
      copyAcls({ ...ground, provisioners: () => dying }, { migration }, attempts.next()),
    ).rejects.toMatchObject({ type: 'Unreachable' });
    await lab.aiven?.start();
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
    const service = new AivenService('target', new AivenClient('target', connection, { pauseMs: 20 }));
    await service.deleteTopic('shop.deleting');
    await eventually(
      async () => (await aiven.cluster.topics(['shop.deleting'])).get('shop.deleting')?.error?.type,
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
          fetch(`${lab.aiven?.url}/project/${PROJECT}/service/${SERVICE}`, {
            method: 'PUT',
            headers: { authorization: `aivenv1 ${secret(tokens().token)}` },
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
    const registries = await lab.startRegistries();
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
      const before = (await aiven.provisioner.rights()) as object[];
      const { made, findings, sentence } = await copyAcls(on, { migration }, attempt());
      expect(keysOf(findings)).toContain('notes subject-acls:target');
      expect(sentence).toBe('6 ACLs created on target.');
      const service = new AivenService('target', new AivenClient('target', connection, { pauseMs: 20 }));
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
      expect(await aiven.provisioner.rights()).toEqual(before);
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
    await createOn(aiven.cluster, { name: 'shop.retired' });
    const native = allow('User:audit', 'all', 'topic', 'shop.retired');
    const rights = [own('shop.retired', 'billing'), own('shop.r?tired', 'shipping'), native];
    await aiven.provisioner.make(rights);
    const all = (await aiven.cluster.acls({ resourceType: 'topic', resourceName: 'shop.retired' })) ?? [];
    expect(all.map(({ principal, operation }) => `${principal} ${operation}`).sort()).toEqual([
      'User:audit all',
      'User:billing describe',
      'User:billing read',
      'User:shipping describe',
      'User:shipping read',
    ]);
    const doomed = await aclsOfTopics(aiven.cluster, ['shop.retired']);
    expect(doomed.map(({ principal }) => principal)).not.toContain('User:shipping');
    expect(await aiven.cluster.deleteAcls(doomed)).toBe(2);
    expect(await aiven.provisioner.takeBack(rights)).toBe(1);
    const rows = await aiven.cluster.deleteTopics([
      { name: 'shop.retired', topicId: await idOf('shop.retired') },
    ]);
    expect([...rows.values()]).toEqual([{ value: undefined }]);
  });

  test('loses by its API a topic that its brokers do not let the ferry delete, if it is still the same one', async () => {
    await createOn(ground.admin.target, { name: 'plain.topic' });
    await aiven.provisioner.make([own('plain.topic', 'ferry')]);
    const topicId = await eventually(
      async () => (await brokers.topics(['plain.topic'])).get('plain.topic')?.value?.topicId,
      (id) => id != null,
    );
    const other = await aiven.cluster.deleteTopics([
      { name: 'plain.topic', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' },
    ]);
    expect(other.size).toBe(1);
    expect(await idOf('plain.topic')).toBe(topicId);
    const rows = await aiven.cluster.deleteTopics([{ name: 'plain.topic', topicId: topicId ?? null }]);
    expect(rows.get('plain.topic')).toEqual({ value: undefined });
    await eventually(
      () => idOf('plain.topic'),
      (id) => id === null,
    );
  });
});
