import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused, RegistryRules, type Body, type RegistryTraits } from './rules.js';

export interface DoubleOptions extends Partial<RegistryTraits> {
  /** 0: any free one. */
  port?: number;
  login?: { username: string; password: string };
  /** How long each answer takes at least, ms: what a network adds. */
  delayMs?: number;
}

/** What a request gets instead of its answer: nothing at all, or whatever a test has a server say. */
export type Fault = 'hang-up' | 'silence' | { status: number; body: string; contentType?: string };

/** A schema registry in memory with import mode, on a real HTTP port. */
export interface RegistryDouble {
  url: string;
  rules: RegistryRules;
  /** Every request so far, `PUT /mode/orders-value` for example. */
  log: string[];
  /**
   * Asked before each request; its answer replaces the registry's. With `after` the request is carried out first: its
   * answer is what gets lost.
   */
  fault: ((request: string) => Fault | { after: Fault } | undefined) | undefined;
  close(): Promise<void>;
}

export async function startRegistryDouble(options: DoubleOptions = {}): Promise<RegistryDouble> {
  const { port = 0, login, delayMs = 0, ...traits } = options;
  const rules = new RegistryRules(traits);
  const contexts = new Map<string, RegistryRules>();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  // Node closes what has been idle for five seconds; a client on a busy machine may use it at that very moment.
  server.keepAliveTimeout = 30_000;
  const double: RegistryDouble = {
    url: '',
    rules,
    log: [],
    fault: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    if (delayMs > 0) await sleep(delayMs);
    const line = `${request.method ?? ''} ${request.url ?? ''}`;
    double.log.push(line);
    const fault = double.fault?.(line);
    if (fault && !(typeof fault === 'object' && 'after' in fault)) return fail(request, response, fault);
    const said = reply(request, body);
    if (fault) return fail(request, response, fault.after);
    response.writeHead(said.status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(JSON.stringify(said.json));
  }

  function reply(request: IncomingMessage, body: string): { status: number; json: unknown } {
    if (login && request.headers.authorization !== basic(login))
      return { status: 401, json: { error_code: 40101, message: 'Unauthorized' } };
    try {
      const { method = '', url = '' } = request;
      const json = rules.traits.contexts
        ? routeInContexts({ rules, contexts, traits }, method, url, body)
        : route(rules, method, url, body);
      return { status: 200, json };
    } catch (error) {
      if (error instanceof Refused)
        return { status: error.status, json: { error_code: error.code, message: error.message } };
      return { status: 400, json: { error_code: 400, message: 'Bad request' } };
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  double.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return double;
}

function fail(request: IncomingMessage, response: ServerResponse, fault: Fault): void {
  if (fault === 'silence') return;
  if (fault === 'hang-up') {
    request.socket.destroy();
    return;
  }
  response.writeHead(fault.status, { 'content-type': fault.contentType ?? 'text/html' });
  response.end(fault.body);
}

const inFull = /^:(\.[^:]+):(.*)$/s;

/**
 * Each context is a registry of its own: the name of a subject tells which, else `subject` or `subjectPrefix` do. Subjects
 * of all of them are listed where none is asked for.
 */
function routeInContexts(
  {
    rules,
    contexts,
    traits,
  }: { rules: RegistryRules; contexts: Map<string, RegistryRules>; traits: Partial<RegistryTraits> },
  method: string,
  url: string,
  text: string,
): unknown {
  const at = new URL(url, 'http://registry');
  if (at.pathname === '/contexts') return ['.', ...contexts.keys()];
  const parts = at.pathname.slice(1).split('/').map(decodeURIComponent);
  const ofPath = ['subjects', 'config', 'mode'].includes(parts[0] ?? '') ? inFull.exec(parts[1] ?? '') : null;
  const asked = inFull.exec(at.searchParams.get('subject') ?? at.searchParams.get('subjectPrefix') ?? '');
  const context = (ofPath ?? asked)?.[1];
  if (context === undefined) {
    const found = route(rules, method, url, text);
    if (at.pathname !== '/subjects') return found;
    const deleted = at.searchParams.get('deleted') === 'true';
    return [
      ...(found as string[]),
      ...[...contexts].flatMap(([name, of]) =>
        of.listSubjects(deleted).map((subject) => `:${name}:${subject}`),
      ),
    ];
  }
  const of = contexts.get(context) ?? new RegistryRules(traits);
  contexts.set(context, of);
  if (ofPath) parts.splice(1, 1, ...(ofPath[2] === '' ? [] : [ofPath[2] ?? '']));
  const found = route(of, method, `/${parts.map(encodeURIComponent).join('/')}${at.search}`, text);
  if (at.pathname === '/subjects') return (found as string[]).map((subject) => `:${context}:${subject}`);
  return typeof found === 'object' && found !== null && 'subject' in found
    ? { ...found, subject: `:${context}:${String(found.subject)}` }
    : found;
}

function route(rules: RegistryRules, method: string, url: string, text: string): unknown {
  const { pathname, searchParams } = new URL(url, 'http://registry');
  const parts = pathname.slice(1).split('/').map(decodeURIComponent);
  const flag = (name: string) => searchParams.get(name) === 'true';
  const body = () => JSON.parse(text) as Body & { compatibility?: string; mode?: string };
  const [root, first, second, third, fourth] = parts;
  const call = `${method} ${[root, first !== undefined && '*', second, third !== undefined && '*', fourth].filter((part) => part !== undefined && part !== false).join('/')}`;
  const subject = first ?? '';
  const number = third === 'latest' || third === '-1' ? 'latest' : Number(third);

  switch (call) {
    case 'GET _health':
      return rules.health();
    case 'GET subjects':
      return rules.listSubjects(flag('deleted'));
    case 'POST subjects/*':
      return rules.find(subject, body());
    case 'DELETE subjects/*':
      return rules.deleteSubject(subject, flag('permanent'));
    case 'GET subjects/*/versions':
      return rules.listVersions(subject, flag('deleted'));
    case 'POST subjects/*/versions':
      return { id: rules.register(subject, body()) };
    case 'GET subjects/*/versions/*':
      return shown(rules.show(subject, number, flag('deleted')));
    case 'DELETE subjects/*/versions/*':
      return rules.deleteVersion(subject, Number(number), flag('permanent'));
    case 'GET config':
      return { compatibilityLevel: rules.level(undefined, false) };
    case 'GET config/*':
      return { compatibilityLevel: rules.level(subject, flag('defaultToGlobal')) };
    case 'PUT config':
    case 'PUT config/*': {
      const { compatibility = '' } = body();
      rules.setLevel(first, compatibility);
      return { compatibility };
    }
    case 'DELETE config/*':
      return { compatibilityLevel: rules.clearLevel(subject) };
    case 'GET mode':
      return { mode: rules.mode(undefined) };
    case 'GET mode/*':
      return { mode: rules.mode(subject) };
    case 'PUT mode':
    case 'PUT mode/*': {
      const { mode = '' } = body();
      rules.setMode(first, mode, flag('force'));
      return { mode };
    }
    case 'DELETE mode/*':
      return { mode: rules.clearMode(subject) };
    default:
      if (root === 'schemas' && first === 'ids' && second !== undefined) {
        const id = Number(second);
        if (method === 'GET' && third === undefined) return shown(rules.byId(id, flag('fetchMaxId')));
        if (method === 'GET' && third === 'versions') return rules.usesOf(id);
      }
      if (method === 'GET' && pathname === '/schemas/types') return ['AVRO', 'JSON', 'PROTOBUF'];
      throw new Refused(404, 404, 'HTTP 404 Not Found');
  }
}

/** Avro is not named, and no references are no field, as Confluent's registry answers. */
function shown(content: { schemaType: string; references: unknown[] }): unknown {
  const { schemaType, references, ...rest } = content;
  return {
    ...rest,
    ...(schemaType !== 'AVRO' && { schemaType }),
    ...(references.length > 0 && { references }),
  };
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
