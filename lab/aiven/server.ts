import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import kafkajs, { type Kafka } from 'kafkajs';
import { clientsOf, connectionOf } from '../kafka/clients.js';
import { clusterPaths } from '../kafka/layout.js';
import { ADMIN } from '../principals.js';
import { ApiError } from './api-error.js';
import { Enforcement } from './enforcement.js';
import { Faults } from './faults.js';
import { jsonText } from './json.js';
import { aivenFiles, aivenFolder, PROJECT, SERVICE } from './layout.js';
import { aclKey } from './rules.js';
import { Kept, type NativeAcl, type OwnAcl, type RegistryAcl } from './state.js';
import { Topics, type NewTopic } from './topics.js';

// A program: `server.ts LAB_FOLDER PORT BOOTSTRAP`. It answers the calls of Aiven's API about a Kafka service, and does to
// the lab's target what they ask for.

const [labFolder = '', port = '0', bootstrap = ''] = process.argv.slice(2);
const folder = aivenFolder(labFolder);
const tokens = {
  whole: readFileSync(aivenFiles(folder).token, 'utf8'),
  readOnly: readFileSync(aivenFiles(folder).readOnlyToken, 'utf8'),
};
const kept = Kept.of(folder);
const faults = new Faults();
const kafka = await administrator();
const topics = new Topics(kafka, faults, kept);
const enforcement = new Enforcement(kept, kafka);

/** Most entries of one kind: what a plan of Aiven's allows is not published. */
const mostAcls = 500;

async function administrator(): Promise<Kafka> {
  const { [ADMIN]: admin } = await clientsOf('target', clusterPaths(labFolder, 'target').clients);
  if (!admin) throw new Error('The target has no administrator.');
  return new kafkajs.Kafka({ clientId: 'aiven', ...(await connectionOf(bootstrap.split(','), admin)) });
}

interface Asked {
  body: Record<string, unknown>;
  /** What stands in the path. */
  name: string;
}

const base = `/project/${PROJECT}/service/${SERVICE}`;
const calls: Readonly<Record<string, (asked: Asked) => Promise<object> | object>> = {
  'GET ': () => ({ service: service() }),
  'PUT ': ({ body }) => {
    const { powered } = body;
    if (typeof powered === 'boolean') kept.change((state) => (state.powered = powered));
    return { service: service() };
  },
  'GET /topic': async () => ({ topics: await topics.list() }),
  'POST /topic': async ({ body }) => {
    insistOnPower();
    const { topic_name: name } = body;
    if (typeof name !== 'string' || !/^[-._A-Za-z0-9]{1,249}$/.test(name))
      throw new ApiError(400, 'Invalid topic_name');
    await topics.create(body as unknown as NewTopic);
    return { message: 'created' };
  },
  'GET /topic/': async ({ name }) => ({ topic: await topics.get(name) }),
  'DELETE /topic/': async ({ name }) => {
    insistOnPower();
    await topics.delete(name);
    return { message: 'deleted' };
  },
  'GET /acl': () => ({ acl: kept.now.acl }),
  'POST /acl': async ({ body }) => {
    const { permission, topic, username } = body as unknown as OwnAcl;
    insist(['admin', 'read', 'readwrite', 'write'].includes(permission), 'Invalid permission');
    insist(/^[-._*?A-Za-z0-9]{1,249}$/.test(topic), 'Invalid topic');
    insist(/^[-._*?A-Za-z0-9]{1,64}$/.test(username), 'Invalid username');
    insistOnRoom(kept.now.acl);
    // The same entry may be there already: Aiven takes it again.
    kept.change((state) => state.acl.push({ id: kept.newId('acl'), permission, topic, username }));
    await enforcement.apply();
    return { acl: kept.now.acl, message: 'added' };
  },
  'DELETE /acl/': async ({ name }) => {
    insistOnEntry(kept.now.acl, name);
    kept.change((state) => (state.acl = state.acl.filter(({ id }) => id !== name)));
    await enforcement.apply();
    return { acl: kept.now.acl, message: 'deleted' };
  },
  'GET /kafka/acl': () => ({ acl: kept.now.acl, kafka_acl: kept.now.kafka_acl }),
  'POST /kafka/acl': async ({ body }) => {
    const { host = '*', ...rest } = body as unknown as NativeAcl;
    insist(/^User:.+/.test(rest.principal), 'Invalid principal');
    insist(['LITERAL', 'PREFIXED'].includes(rest.pattern_type), 'Invalid pattern_type');
    insist(['ALLOW', 'DENY'].includes(rest.permission_type), 'Invalid permission_type');
    insistOnRoom(kept.now.kafka_acl);
    const { operation, pattern_type, permission_type, principal, resource_name, resource_type } = rest;
    const acl: NativeAcl = {
      id: kept.newId('kacl'),
      operation,
      pattern_type,
      permission_type,
      principal,
      resource_name,
      resource_type,
      host,
    };
    if (kept.now.kafka_acl.some((there) => aclKey(there) === aclKey(acl)))
      throw new ApiError(409, 'Kafka-native ACL already exists');
    kept.change((state) => state.kafka_acl.push(acl));
    await enforcement.apply();
    return { acl, message: 'added' };
  },
  'GET /kafka/acl/': ({ name }) => ({ acl: insistOnEntry(kept.now.kafka_acl, name) }),
  'DELETE /kafka/acl/': async ({ name }) => {
    insistOnEntry(kept.now.kafka_acl, name);
    kept.change((state) => (state.kafka_acl = state.kafka_acl.filter(({ id }) => id !== name)));
    await enforcement.apply();
    return { message: 'deleted' };
  },
  'GET /kafka/schema-registry/acl': () => ({ acl: kept.now.registry_acl }),
  'POST /kafka/schema-registry/acl': ({ body }) => {
    const { permission, resource, username } = body as unknown as RegistryAcl;
    insist(['schema_registry_read', 'schema_registry_write'].includes(permission), 'Invalid permission');
    insist(/^(Config:|Subject:.{1,241})$/s.test(resource), 'Invalid resource');
    insist(/^[-._*?A-Za-z0-9]{1,64}$/.test(username), 'Invalid username');
    insistOnRoom(kept.now.registry_acl);
    kept.change((state) =>
      state.registry_acl.push({ id: kept.newId('sracl'), permission, resource, username }),
    );
    return { acl: kept.now.registry_acl, message: 'added' };
  },
  'DELETE /kafka/schema-registry/acl/': ({ name }) => {
    insistOnEntry(kept.now.registry_acl, name);
    kept.change((state) => (state.registry_acl = state.registry_acl.filter(({ id }) => id !== name)));
    return { acl: kept.now.registry_acl, message: 'deleted' };
  },
  'POST /user': async ({ body }) => {
    const { username } = body;
    insist(typeof username === 'string' && /^[-._A-Za-z0-9]{1,64}$/.test(username), 'Invalid username');
    if (kept.now.users.includes(username as string))
      throw new ApiError(409, `Service user '${username as string}' already exists`);
    kept.change((state) => state.users.push(username as string));
    await enforcement.apply();
    // The password may not be there at the first look.
    return { user: { ...user(username as string), password: '' } };
  },
  'GET /user/': ({ name }) => ({ user: insistOnUser(name) }),
  'DELETE /user/': async ({ name }) => {
    insistOnUser(name);
    kept.change((state) => (state.users = state.users.filter((one) => one !== name)));
    await enforcement.apply();
    return { message: 'deleted' };
  },
};

const passwords = new Map<string, string>();

function user(username: string) {
  const password = passwords.get(username) ?? randomBytes(12).toString('base64url');
  passwords.set(username, password);
  return { username, password, type: username === 'avnadmin' ? 'primary' : 'normal' };
}

function service(): object {
  const { powered, users, acl, kafka_acl } = kept.now;
  const [host = '', kafkaPort = ''] = (bootstrap.split(',')[0] ?? '').split(':');
  const now = new Date().toISOString();
  return {
    service_name: SERVICE,
    service_type: 'kafka',
    state: powered ? 'RUNNING' : 'POWEROFF',
    plan: 'lab',
    cloud_name: 'lab',
    create_time: now,
    update_time: now,
    group_list: ['default'],
    project_vpc_id: '00000000-0000-0000-0000-000000000000',
    service_integrations: [],
    service_uri: `${host}:${kafkaPort}`,
    termination_protection: false,
    user_config: { kafka_authentication_methods: { certificate: true, sasl: false } },
    users: users.map(user),
    acl,
    kafka_acl,
    components: [
      {
        component: 'kafka',
        host,
        port: Number(kafkaPort),
        route: 'dynamic',
        usage: 'primary',
        kafka_authentication_method: 'certificate',
      },
      { component: 'schema_registry', host, port: Number(kafkaPort), route: 'dynamic', usage: 'primary' },
    ],
  };
}

function insist(holds: boolean, message: string): void {
  if (!holds) throw new ApiError(400, message);
}

function insistOnPower(): void {
  if (!kept.now.powered)
    throw new ApiError(503, 'Kafka service is currently unavailable', 'kafka_service_unavailable');
}

function insistOnRoom(entries: readonly unknown[]): void {
  if (entries.length >= mostAcls)
    throw new ApiError(400, 'Maximum number of service ACLs reached', 'service_acl_too_many');
}

function insistOnEntry<T extends { id: string }>(entries: readonly T[], id: string): T {
  const found = entries.find((entry) => entry.id === id);
  if (!found) throw new ApiError(404, 'ACL does not exist', 'service_acl_not_found');
  return found;
}

function insistOnUser(name: string) {
  if (!kept.now.users.includes(name)) throw new ApiError(404, `Service user '${name}' does not exist`);
  return user(name);
}

async function answerTo(request: IncomingMessage): Promise<object> {
  const { method = '', url = '', headers } = request;
  const { pathname, searchParams } = new URL(url, 'http://aiven');
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  const looks = method === 'GET' || pathname.startsWith('/v2/');
  allowed(headers.authorization, looks);
  const [, version, path = ''] = /^\/(v1|v2)(\/.*)$/.exec(pathname) ?? [];
  if (!path.startsWith(`/project/${PROJECT}/`)) throw new ApiError(403, 'Not a project member');
  if (path !== base && !path.startsWith(`${base}/`))
    throw new ApiError(404, 'Service does not exist', 'service_not_found');
  faults.now();
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  const rest = path.slice(base.length);
  if (version === 'v2') return topicsNamed(rest, body);
  const direct = calls[`${method} ${rest}`];
  if (direct) return paged(await direct({ body, name: '' }), searchParams);
  const cut = rest.lastIndexOf('/') + 1;
  const call = calls[`${method} ${rest.slice(0, cut)}`];
  if (!call) throw new ApiError(404, 'Not found');
  return call({ body, name: decodeURIComponent(rest.slice(cut)) });
}

/** One unknown name is the end of all. */
async function topicsNamed(rest: string, { topic_names: names }: Record<string, unknown>): Promise<object> {
  if (rest !== '/topic' || !Array.isArray(names)) throw new ApiError(404, 'Not found');
  insist(names.length <= 100, 'Too many topic_names');
  return { topics: await Promise.all(names.map((name) => topics.get(String(name)))) };
}

/** Lists end after so many entries unless more are asked for; nothing says that there are more. */
const pageLength = 100;

function paged(answer: object, query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? pageLength);
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [key, Array.isArray(value) ? value.slice(0, limit) : value]),
  );
}

function allowed(authorization: string | undefined, looks: boolean): void {
  const token = /^(?:aivenv1|Bearer) (.+)$/i.exec(authorization ?? '')?.[1];
  if (token === tokens.whole || (token === tokens.readOnly && looks)) return;
  if (token === tokens.readOnly) throw new ApiError(403, 'Not allowed');
  throw new ApiError(401, 'Invalid token');
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = await answerTo(request).then(
    (body) => ({ status: 200, headers: {}, body }),
    (error: unknown) => {
      if (error instanceof ApiError) return error;
      console.error(error);
      return new ApiError(503, 'Kafka service is currently unavailable', 'kafka_service_unavailable');
    },
  );
  console.log(`${request.method} ${request.url} ${status}`);
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(jsonText(body));
}

await enforcement.start();
createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1');
