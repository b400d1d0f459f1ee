import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { PROJECT, SERVICE } from '../../../lab/aiven/layout.js';
import { eventually } from '../../eventually.js';
import { allow, createOn } from '../../integration/prepare-ground.js';
import { openAivenGround, type AivenGround } from './aiven-ground.js';

const here = dirname(fileURLToPath(import.meta.url));
const schemas = JSON.parse(readFileSync(`${here}/answers.schema.json`, 'utf8')) as {
  answers: Record<string, object>;
};

let ground: AivenGround;
beforeAll(async () => {
  ground = await openAivenGround('aiven-stand-in');
});
afterAll(() => ground?.close());

describe('the stand-in for Aiven’s API', () => {
  test('is taken for Aiven by its official client', async () => {
    const { stdout } = await promisify(execFile)('go', ['run', '.'], {
      cwd: here,
      env: {
        ...process.env,
        AIVEN_WEB_URL: ground.lab.aiven?.url.replace(/\/v1$/, ''),
        AIVEN_TOKEN: ground.token(),
        FERRY_READ_ONLY_TOKEN: ground.readOnlyToken(),
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
      const url = `${ground.lab.aiven?.url}/project/${PROJECT}/service/${SERVICE}${at}`;
      const answer = await eventually(
        () =>
          fetch(url, {
            method,
            headers: { authorization: `Bearer ${ground.token()}` },
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
    await expect(ground.brokers.acls()).rejects.toMatchObject({ type: 'Unauthorized' });
    await expect(ground.brokers.brokerConfig()).rejects.toMatchObject({ type: 'Unauthorized' });
  });
});

describe('entries are enforced by the brokers', () => {
  const may = async (user: string, topic: string) => {
    const kafka = ground.lab.target.kafkajs(user, { retry: { retries: 0 } });
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
    await ground.aiven.provisioner.make(rights);
    await createOn(ground.aiven.cluster, { name: 'shop.rules-1.x' }, { name: 'shop.ruins-1.x' });
    await eventually(
      () => may('orders-web', 'shop.rules-1.x'),
      (writes) => writes,
    );
    expect(await may('billing', 'shop.rules-1.x')).toBe(false);
    expect(await may('orders-web', 'shop.ruins-1.x')).toBe(false);
    expect(await ground.aiven.provisioner.takeBack(rights)).toBe(1);
    await eventually(
      () => may('orders-web', 'shop.rules-1.x'),
      (writes) => !writes,
    );
  });

  test('of Kafka’s kind, where a DENY wins over either kind', async () => {
    await createOn(ground.aiven.cluster, { name: 'shop.denied' });
    const deny = allow('User:orders-web', 'write', 'topic', 'shop.denied', { permission: 'deny' });
    const rights = [writer('shop.denied', 'orders-web'), writer('shop.denied', 'orders-batch'), deny];
    await ground.aiven.provisioner.make(rights);
    await eventually(
      () => may('orders-batch', 'shop.denied'),
      (writes) => writes,
    );
    expect(await may('orders-web', 'shop.denied')).toBe(false);
    expect(await ground.aiven.provisioner.takeBack(rights)).toBe(3);
  });
});
