import { afterEach, describe, expect, test } from '@jest/globals';
import { isFerryError } from '../../src/migration/errors.js';
import { addRights } from '../../src/provision/aiven/rights.js';
import { rightOf } from '../../src/provision/aiven/entries.js';
import { AivenClient, type Timing } from '../../src/provision/aiven/client.js';
import { AivenService } from '../../src/provision/aiven/service.js';
import { answering, held, ok, own, token, type Answered, type Call } from './aiven-answers.js';

type Aiven = Awaited<ReturnType<typeof answering>>;
let aiven: Aiven | undefined;
afterEach(async () => aiven?.close());

async function answer(by: (call: Call, number: number) => Answered, timing?: Timing): Promise<Aiven> {
  aiven = await answering(by, timing);
  return aiven;
}

const orders = { name: 'orders', partitions: 6, replication: 3, config: { retention_ms: 60_000 } };
const topics = 'POST /project/p/service/s/topic';
async function failure(work: Promise<unknown>): Promise<{ type: string; message: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isFerryError(error)) throw new Error(`It is no error of the ferry's: ${String(error)}`);
  for (const secret of [token, 'aivenv1', 'SECRET'])
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain(secret);
  return { type: error.type, message: error.message };
}

describe('a topic', () => {
  test('is asked for with partitions, replication and configuration, as the owner of the token', async () => {
    const { service, calls } = await answer(() => ok);
    expect(await service.createTopic(orders)).toBe('made');
    expect(calls).toEqual([
      {
        what: topics,
        query: '',
        authorization: `aivenv1 ${token}`,
        body: { topic_name: 'orders', partitions: 6, replication: 3, config: { retention_ms: 60_000 } },
      },
    ]);
  });

  test('is made after 501, 429, 503 and 408, each of which is asked again', async () => {
    const statuses = [501, 429, 503, 408];
    const { service, calls } = await answer((_, number) => ({ status: statuses[number - 1] ?? 200 }));
    expect(await service.createTopic(orders)).toBe('made');
    expect(calls).toHaveLength(5);
  });

  test('that is there at the first request is somebody else’s; after a lost answer it is one’s own', async () => {
    const state: Answered = { status: 200, body: { topic: { state: 'ACTIVE' } } };
    const other = await answer(({ what }) => (what === topics ? { status: 409 } : state));
    expect(await other.service.createTopic(orders)).toBe('conflict');
    await other.close();
    const lost = await answer(({ what }, number) =>
      number === 1 ? 'lost' : what === topics ? { status: 409 } : state,
    );
    expect(await lost.service.createTopic(orders)).toBe('made');
  });

  test('that is there after a request that was not even taken is somebody else’s', async () => {
    const { service } = await answer(({ what }, number) =>
      number === 1
        ? { status: 429 }
        : what === topics
          ? { status: 409 }
          : { status: 200, body: { topic: { state: 'ACTIVE' } } },
    );
    expect(await service.createTopic(orders)).toBe('conflict');
  });

  test('of a service that is not there is not taken for deleted', async () => {
    const { service } = await answer(() => ({
      status: 404,
      body: { errors: [{ error_code: 'service_not_found' }] },
    }));
    expect((await failure(service.deleteTopic('orders'))).type).toBe('NotFound');
  });

  test.each<[string, Answered]>([
    ['is being deleted', { status: 200, body: { topic: { state: 'DELETING' } } }],
    ['was in the way and is gone by now', { status: 404 }],
  ])('that %s is told as such', async (_, state) => {
    const { service } = await answer(({ what }) => (what === topics ? { status: 409 } : state));
    expect(await service.createTopic(orders)).toBe('deleting');
  });

  test('of a name that is not there is deleted already', async () => {
    const { service } = await answer(() => ({ status: 404 }));
    await service.deleteTopic('orders');
    expect(await service.topicState('orders')).toBeUndefined();
  });
});

describe('a refusal', () => {
  const refusing = (status: number, body: unknown = { message: 'SECRET' }) =>
    answer(() => ({ status, body }));

  test.each([
    [401, 'Unauthenticated', 'does not accept the token'],
    [403, 'Unauthorized', 'change nothing there'],
    [404, 'NotFound', 'no service s of project p'],
    [400, 'Refused', 'refused the topic orders'],
    [418, 'Unexpected', 'answered 418'],
  ])('%i is %s, in one sentence', async (status, type, says) => {
    const { service } = await refusing(status);
    const failed = await failure(service.createTopic(orders));
    expect(failed.type).toBe(type);
    expect(failed.message).toContain(says);
  });

  test.each([
    [403, 'authentication_failed', 'Unauthenticated', 'does not accept the token'],
    [403, 'client_ip_address_policy_violation', 'Unauthorized', "this machine's address"],
    [409, 'not_powered', 'Refused', 'powered off'],
    [409, 'resource_managed_by_governance', 'Refused', 'createdBy: people'],
  ])('%i with the code %s is %s', async (status, code, type, says) => {
    const { service } = await refusing(status, { message: 'SECRET', errors: [{ error_code: code, status }] });
    const failed = await failure(addRights(service, [rightOf(own)]).then(() => service.createTopic(orders)));
    expect(failed.type).toBe(type);
    expect(failed.message).toContain(says);
  });

  test('of a look at the project says what to check', async () => {
    const { service } = await refusing(403);
    expect((await failure(service.entries())).message).toContain('may not look at project p');
  });

  test('that does not pass is Unreachable after some attempts', async () => {
    const { service, calls } = await refusing(503);
    const failed = await failure(service.createTopic(orders));
    expect(failed.type).toBe('Unreachable');
    expect(failed.message).toContain('(status 503, 6 times): see its status page');
    expect(failed.message).toContain('nothing is made twice');
    expect(calls).toHaveLength(6);
    expect((await failure(service.entries())).message).not.toContain('made');
  });
});

describe('an answer', () => {
  test('that does not come is Unreachable', async () => {
    const { service, calls, connection } = await answer(() => 'hang', { pauseMs: 1, timeoutMs: 50 });
    expect(await failure(service.entries())).toEqual({
      type: 'Unreachable',
      message: `Aiven's API at ${new URL(connection.url).host} did not answer about cluster "aiven" (timed out): check url under provision in ferry.yaml, and that the network lets this machine reach it.`,
    });
    expect(calls).toHaveLength(3);
  });

  test('that breaks off, and one where nobody listens, are told apart', async () => {
    const lost = await answer(() => 'lost');
    expect((await failure(lost.service.deleteTopic('orders'))).message).toContain(
      '(connection closed): check url',
    );
    await lost.close();
    expect((await failure(lost.service.deleteTopic('orders'))).message).toContain(
      '(ECONNREFUSED): check url',
    );
  });

  test.each([['no JSON: SECRET'], [{}], [{ acl: 'SECRET', kafka_acl: [] }], [[null]], ['']])(
    'that is none is refused without a word of it: %j',
    async (body) => {
      const { service } = await answer(() => ({ status: 200, body }));
      expect(['Unexpected', 'Unreachable']).toContain((await failure(service.entries())).type);
    },
  );

  test('that leads elsewhere is not followed: the token goes to one address', async () => {
    const { service, calls } = await answer(() => ({ status: 302, headers: { location: '/elsewhere' } }));
    const { type, message } = await failure(service.entries());
    expect(type).toBe('Unexpected');
    expect(message).toContain('sends the ferry elsewhere (status 302)');
    expect(calls.map(({ what }) => what)).toEqual(['GET /project/p/service/s/kafka/acl']);
  });

  test('of a server without TLS is not waited for', async () => {
    const { connection, calls } = await answer(() => ok);
    const overTls = { ...connection, url: connection.url.replace('http:', 'https:') };
    const service = new AivenService('aiven', new AivenClient('aiven', overTls, { pauseMs: 60_000 }));
    const { type, message } = await failure(service.entries());
    expect(type).toBe('Unauthenticated');
    expect(message).toContain('does not speak TLS there');
    expect(calls).toEqual([]);
  });

  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...own, id: `acl${index}`, topic: `topic-${index}` }));
  const nativeOnes = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ id: `kacl${index}`, operation: 'Read', pattern_type: 'LITERAL', permission_type: 'ALLOW' },
      ...{ principal: 'User:billing', resource_name: `topic-${index}`, resource_type: 'Topic', host: '*' },
    }));

  test.each([
    ['as many ACLs as were asked for', 999, 0],
    ['as many native ACLs as were asked for', 3, 999],
    ['as many of both kinds together', 500, 499],
  ])('with %s may be cut off, so that nothing is made or said to be missing', async (_, aivens, natives) => {
    const { service, calls } = await answer(() => ({
      status: 200,
      body: { acl: many(aivens), kafka_acl: nativeOnes(natives) },
    }));
    const { type, message } = await failure(addRights(service, [rightOf({ ...own, topic: 'the-1000th' })]));
    expect(type).toBe('Unsupported');
    expect(message).toContain('shows 999 ACLs for cluster "aiven" and not whether there are more');
    expect(calls.map(({ what }) => what)).toEqual(['GET /project/p/service/s/kafka/acl']);
  });

  test('with more or fewer ACLs than were asked for is whole', async () => {
    for (const [aivens, natives] of [
      [998, 3],
      [1_500, 0],
    ] as const) {
      const { service, close } = await answer(() => ({
        status: 200,
        body: { acl: many(aivens), kafka_acl: nativeOnes(natives) },
      }));
      expect(await service.entries()).toHaveLength(aivens + natives);
      await close();
    }
  });

  test('with as many ACLs of a schema registry as were asked for may be cut off', async () => {
    const acl = Array.from({ length: 999 }, (_, index) => ({
      ...{ permission: 'schema_registry_read', resource: `Subject:s${index}`, username: 'billing' },
    }));
    const { service } = await answer(() => ({ status: 200, body: { acl } }));
    expect((await failure(service.registryEntries())).message).toContain('999 ACLs of the schema registry');
  });

  test('holds the names of users and nothing else of them', async () => {
    const { service } = await answer(() => ({
      status: 200,
      body: { service: { state: 'RUNNING', users: [{ username: 'billing', password: 'SECRET' }] } },
    }));
    expect(await service.facts()).toEqual({ state: 'RUNNING', users: ['billing'], registry: undefined });
  });

  test.each([
    ['has a schema registry', [{ component: 'kafka' }, { component: 'schema_registry' }], 1],
    ['has none', [{ component: 'kafka' }], 0],
    ['does not tell what it is made of', undefined, 1],
  ])('that %s is asked for the ACLs of one so often', async (_, components, times) => {
    const { service, calls } = await answer(({ what }) =>
      what === 'GET /project/p/service/s'
        ? { status: 200, body: { service: { state: 'RUNNING', users: [], components } } }
        : held([]),
    );
    expect(await service.everything()).toEqual([]);
    expect(calls.filter(({ what }) => what.includes('schema-registry'))).toHaveLength(times);
  });
});

test('a call waits for the one before it: Aiven has one caller for a service', async () => {
  let under = 0;
  let most = 0;
  const { service } = await answer(() => {
    under += 1;
    most = Math.max(most, under);
    setImmediate(() => (under -= 1));
    return held([]);
  });
  await Promise.all([service.entries(), service.entries(), service.entries()]);
  expect(most).toBe(1);
});
