import type { z } from 'zod';
import { HttpClient, parsedJson, type HttpRequest } from '../http/client.js';
import { tlsTrouble } from '../http/tls-trouble.js';
import { FerryError } from '../migration/errors.js';
import {
  configAnswer,
  connectorsAnswer,
  errorAnswer,
  offsetsAnswer,
  statusAnswer,
  topicsAnswer,
  validationAnswer,
  workerAnswer,
  type ConnectorOffset,
  type ConnectorStatus,
  type WorkerFacts,
} from './answers.js';
import type { ConnectConnection } from './connect-connection.js';

export type ConnectorConfig = Readonly<Record<string, string>>;
/** What a connector is to do, KIP-980's initial states among them. */
export type ConnectorAction = 'pause' | 'resume' | 'stop';

/**
 * Kafka Connect's REST interface, as far as the ferry needs it. Every call is one request, and may be made again.
 *
 * @throws FerryError `Unreachable` (also while the workers rebalance), `Unauthenticated`, `Unauthorized`, `NotFound` for
 * a connector that is not there, `Refused` for what Connect does not accept, `Unsupported` for a Connect that is too
 * old, `Unexpected` for what is no answer of Connect. No message holds anything that Connect has said.
 */
export interface Connect {
  readonly name: string;
  /** Its version, and the cluster to which connectors of type source write: the one that Connect itself lives on. */
  worker(): Promise<WorkerFacts>;
  /** Names of its connectors. */
  connectors(): Promise<string[]>;
  /** Topics that a connector was seen to use (KIP-558); `undefined`: not there, or a Connect that does not tell. */
  topics(connector: string): Promise<string[] | undefined>;
  /** Names of the settings that the connector's class or Connect refuses, each with its errors as Connect words them. */
  validate(config: ConnectorConfig): Promise<Map<string, string[]>>;
  /** `undefined`: there is no such connector. */
  config(connector: string): Promise<Record<string, string | null> | undefined>;
  /** Creates the connector, stopped, if it is not there; else gives it this configuration and leaves its state alone. */
  putStopped(connector: string, config: ConnectorConfig): Promise<void>;
  /** `undefined`: there is no such connector, or none that has a status yet. */
  status(connector: string): Promise<ConnectorStatus | undefined>;
  act(connector: string, action: ConnectorAction): Promise<void>;
  /** Restarts what of the connector and its tasks has failed (KIP-745). */
  restartFailed(connector: string): Promise<void>;
  /** What the connector has committed; `undefined`: there is no such connector. */
  offsets(connector: string): Promise<ConnectorOffset[] | undefined>;
  /** Only of a connector that is stopped. Not there: done already. */
  deleteOffsets(connector: string): Promise<void>;
  /** Not there: done already. */
  delete(connector: string): Promise<void>;
}

/** Validation and offsets make Connect start clients of its own, which may take its whole timeout of 90 s. */
const requestTimeoutMs = 100_000;
const requestsAtOnce = 8;

interface Answer {
  status: number;
  /** `undefined` for an empty body, or one that is no JSON. */
  body: unknown;
}

export function openConnect(name: string, connection: ConnectConnection): Connect {
  const at = `Kafka Connect "${name}" at ${connection.url}`;
  const http = new HttpClient(connection, {
    timeoutMs: requestTimeoutMs,
    atOnce: requestsAtOnce,
    mediaType: 'application/json',
  });

  const send = async (method: HttpRequest['method'], path: string, body?: unknown): Promise<Answer> => {
    let answer: Answer;
    try {
      const { status, text } = await http.send({ method, path, body });
      answer = { status, body: parsedJson(text) };
    } catch (cause) {
      throw notReached(at, cause, connection.tls);
    }
    if (answer.status === 401)
      throw new FerryError(
        'Unauthenticated',
        `${at} refused the ferry's user: check username and password under connect in ferry.yaml.`,
      );
    if (answer.status === 403)
      throw new FerryError(
        'Unauthorized',
        `${at} does not let the ferry ask ${method} ${path}: grant it that.`,
      );
    if (answer.status === 409 && !alreadyThere(answer))
      throw new FerryError('Unreachable', `${at} is rebalancing its workers: it is asked again.`);
    // A worker that starts answers at the root at once, and elsewhere without Connect's own words for an error.
    if (answer.status === 404 && !errorAnswer.safeParse(answer.body).success)
      throw new FerryError(
        'Unreachable',
        `${at} does not answer as Kafka Connect: it is starting, or url under connect in ferry.yaml is not its REST interface.`,
      );
    if (answer.status >= 502 && answer.status <= 504)
      throw new FerryError(
        'Unreachable',
        `${at} answers through a proxy that does not reach it (${answer.status}).`,
      );
    // It says no more than that something failed, for example when its own topics have no leader: reading harms nobody.
    if (answer.status === 500 && method === 'GET')
      throw new FerryError(
        'Unreachable',
        `${at} failed at ${method} ${path} (HTTP 500): it is asked again; its log says why.`,
      );
    return answer;
  };
  const refused = (what: string, { status, body }: Answer): FerryError => {
    const said = errorAnswer.safeParse(body).data?.message ?? '';
    if (status === 404 || status === 405)
      return /not found/i.test(said) && status === 404
        ? new FerryError('NotFound', `${at} has no connector for that (${what}): see who deleted it.`)
        : new FerryError('Unsupported', `${at} cannot ${what}: it needs Kafka Connect 3.7 or later.`);
    if (status === 500 && passing.test(said))
      return new FerryError('Unreachable', `${at} did not ${what} in time: it is asked again.`);
    return new FerryError(
      'Refused',
      `${at} refused to ${what} (HTTP ${status}${reasonOf(said)}): see its log.`,
    );
  };
  const read = <T>(what: string, shape: z.ZodType<T>, answer: Answer): T => {
    if (answer.status < 200 || answer.status > 299) throw refused(what, answer);
    const parsed = shape.safeParse(answer.body);
    if (parsed.success) return parsed.data;
    throw new FerryError(
      'Unexpected',
      `${at} answered something that is no answer of Kafka Connect when asked to ${what}: check that url under connect in ferry.yaml is its REST interface.`,
    );
  };
  const done = (what: string, answer: Answer): void => {
    if (answer.status < 200 || answer.status > 299) throw refused(what, answer);
  };
  const path = (connector: string, rest = '') => `/connectors/${encodeURIComponent(connector)}${rest}`;
  const missing = ({ status }: Answer) => status === 404;
  /** A worker that has just started knows no connector; the list it gives only once it has joined its group. */
  const insistOnMissing = async (connector: string): Promise<undefined> => {
    const list = read('list its connectors', connectorsAnswer, await send('GET', '/connectors'));
    if (list.includes(connector))
      throw new FerryError('Unreachable', `${at} has not come to know ${connector} yet: it is asked again.`);
    return undefined;
  };

  return {
    name,
    worker: async () => read('say who it is', workerAnswer, await send('GET', '/')),
    connectors: async () => read('list its connectors', connectorsAnswer, await send('GET', '/connectors')),
    topics: async (connector) => {
      const answer = await send('GET', path(connector, '/topics'));
      // Tracking may be switched off (`topic.tracking.enable`), which is 403 by the specification and 404 before Kafka 2.5.
      return missing(answer)
        ? undefined
        : read('show the topics of a connector', topicsAnswer, answer)[connector]?.topics;
    },
    validate: async (config) => {
      const plugin = config['connector.class'] ?? '';
      const answer = await send(
        'PUT',
        `/connector-plugins/${encodeURIComponent(plugin)}/config/validate`,
        config,
      );
      if (missing(answer) || (answer.status === 500 && /failed to find any class/i.test(messageOf(answer))))
        throw new FerryError(
          'NotFound',
          `${at} has no plugin ${plugin}: install it (connect-mirror of the Kafka release) on every worker.`,
        );
      const { configs } = read('validate a connector', validationAnswer, answer);
      return new Map(
        configs.flatMap(({ value: { name, errors } }) =>
          errors.length > 0 ? [[name, errors] as const] : [],
        ),
      );
    },
    config: async (connector) => {
      const answer = await send('GET', path(connector, '/config'));
      return missing(answer)
        ? insistOnMissing(connector)
        : read('show a configuration', configAnswer, answer);
    },
    putStopped: async (connector, config) => {
      // KIP-980 creates it stopped in one request: nothing may be copied before everything is checked.
      const created = await send('POST', '/connectors', {
        name: connector,
        config,
        initial_state: 'STOPPED',
      });
      if (created.status !== 409) return done('create a connector', created);
      done('update a connector', await send('PUT', path(connector, '/config'), config));
    },
    status: async (connector) => {
      const answer = await send('GET', path(connector, '/status'));
      return missing(answer) ? undefined : read('show a status', statusAnswer, answer);
    },
    act: async (connector, action) =>
      done(`${action} a connector`, await send('PUT', path(connector, `/${action}`))),
    restartFailed: async (connector) =>
      done(
        'restart a connector',
        await send('POST', path(connector, '/restart?includeTasks=true&onlyFailed=true')),
      ),
    offsets: async (connector) => {
      const answer = await send('GET', path(connector, '/offsets'));
      if (missing(answer) && isOfConnector(answer)) return insistOnMissing(connector);
      return read('show the offsets of a connector', offsetsAnswer, answer).offsets;
    },
    deleteOffsets: async (connector) => {
      const answer = await send('DELETE', path(connector, '/offsets'));
      if (missing(answer) && isOfConnector(answer)) return insistOnMissing(connector);
      done('delete the offsets of a connector', answer);
    },
    delete: async (connector) => {
      const answer = await send('DELETE', path(connector));
      if (missing(answer)) return insistOnMissing(connector);
      done('delete a connector', answer);
    },
  };
}

function messageOf({ body }: Answer): string {
  return errorAnswer.safeParse(body).data?.message ?? '';
}

/** 404 is also what an interface that is too old says of a path that it does not have. */
function isOfConnector(answer: Answer): boolean {
  return /not found|unknown connector|does not exist/i.test(messageOf(answer));
}

/** 409 means two things: the workers are rebalancing, or a connector of that name is there. */
function alreadyThere(answer: Answer): boolean {
  return /already exists/i.test(messageOf(answer));
}

/**
 * What passes: a worker that is late or not the leader now, and a leader that could not write its topic or read it to the end
 * (`KafkaConfigBackingStore` and `DistributedHerder` of Kafka 3.9 and 4.2), as when a broker of that topic is away.
 */
const passing =
  /time|rebalanc|worker|leader|safely retried|(writing|removing) .* (to|from) Kafka|config topic/i;

/** Of what Connect has said only what is of a closed set: its messages quote configuration. */
function reasonOf(said: string): string {
  if (/client config override policy|override/i.test(said)) return ', its policy forbids client overrides';
  if (/must be .*stopped|STOPPED state/i.test(said)) return ', the connector is not stopped';
  if (/invalid|error\(s\)|configuration/i.test(said)) return ', the configuration is not accepted';
  return '';
}

function notReached(at: string, cause: unknown, tls: ConnectConnection['tls']): FerryError {
  const code = String((cause as NodeJS.ErrnoException).code ?? 'connection closed');
  const trouble = tlsTrouble(code, tls);
  if (trouble !== undefined) return new FerryError('Unauthenticated', `${at} ${trouble}.`);
  return new FerryError(
    'Unreachable',
    `${at} did not answer (${code}): check url under connect in ferry.yaml and that a worker runs.`,
  );
}
