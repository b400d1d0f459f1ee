import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient, parsedJson, type HttpAnswer } from '../http/client.js';
import { tlsTrouble } from '../http/tls-trouble.js';
import { FerryError, isFerryError } from '../migration/errors.js';
import type { RegistryConnection } from './registry-connection.js';

export interface Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the registry's url, with its parts percent-encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** What is asked, to go on "may not ..." and "answered ... to": `list its subjects`. */
  readonly action: string;
  readonly signal: AbortSignal | undefined;
}

/** An answer that a registry gives on purpose: a success, or a refusal with its `error_code`. */
export interface Answer {
  readonly status: number;
  /** The `error_code` of a refusal. */
  readonly code: number | undefined;
  readonly json: unknown;
}

/** The most requests under way at once to one registry, whoever asks. */
export const connectionsAtOnce = 16;
const usualTimeoutMs = 30_000;
const usualPausesMs = [200, 800];
const mediaType = 'application/vnd.schemaregistry.v1+json';

/**
 * The one place that talks HTTP to a registry.
 *
 * What is asked again is idempotent in a registry: registering what is there answers its id, and deleting what is gone
 * is a refusal that callers take for done.
 */
export class RegistryHttp {
  private readonly http: HttpClient;
  private readonly sent: Record<string, number> = {};

  constructor(
    private readonly name: string,
    private readonly connection: RegistryConnection,
  ) {
    const { requestTimeoutMs: timeoutMs = usualTimeoutMs } = connection;
    this.http = new HttpClient(connection, { timeoutMs, atOnce: connectionsAtOnce, mediaType });
  }

  /** Requests sent so far, by method. */
  requests(): Record<string, number> {
    return { ...this.sent };
  }

  close(): void {
    this.http.close();
  }

  /**
   * @throws FerryError `Unreachable` (no answer, 408, 429, 5xx), `Unauthenticated`, `Unauthorized`, `Unexpected` (an
   * answer that is no registry's).
   * @throws whatever the signal was aborted with.
   */
  async ask(request: Request): Promise<Answer> {
    for (const pause of this.connection.pausesMs ?? usualPausesMs)
      try {
        return await this.askOnce(request);
      } catch (error) {
        if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
        await sleep(pause, undefined, { ...(request.signal && { signal: request.signal }) }).catch(() =>
          request.signal?.throwIfAborted(),
        );
      }
    return this.askOnce(request);
  }

  private async askOnce(request: Request): Promise<Answer> {
    request.signal?.throwIfAborted();
    const { status, text } = await this.send(request);
    const { action } = request;
    const at = this.at;
    if (status === 401)
      throw new FerryError(
        'Unauthenticated',
        this.connection.login
          ? `${at} refused the ferry's credentials (user "${this.connection.login.username}"): check the user and the password.`
          : `${at} asks for a login and ferry.yaml gives none: give a username and a password.`,
      );
    if (status === 403)
      throw new FerryError(
        'Unauthorized',
        `The ferry's user on registry "${this.name}" may not ${action}: grant it, then try again.`,
      );
    if (status === 501)
      throw new FerryError('Unsupported', `Registry "${this.name}" has no way to ${action}.`);
    if (status === 408 || status === 429 || status >= 500)
      throw new FerryError('Unreachable', `${at} could not ${action} (status ${status}): see its log.`);
    const json = parsedJson(text);
    if (status < 200 || (status >= 300 && status < 400) || (json === undefined && text !== ''))
      throw this.nonsense(action);
    return { status, json, code: status < 300 ? undefined : codeOf(json) };
  }

  /** For an answer whose JSON is not what the interface defines. */
  nonsense(action: string): FerryError {
    return new FerryError(
      'Unexpected',
      `${this.at} was asked to ${action} and gave an answer that is not a schema registry's: check that its url in ferry.yaml is that of the Confluent-compatible interface.`,
    );
  }

  private get at(): string {
    return `Registry "${this.name}" at ${this.http.host}`;
  }

  private async send({ method, path, body, signal }: Request): Promise<HttpAnswer> {
    this.sent[method] = (this.sent[method] ?? 0) + 1;
    try {
      return await this.http.send({ method, path, body, signal });
    } catch (cause) {
      signal?.throwIfAborted();
      throw this.unreachable((cause as NodeJS.ErrnoException).code ?? 'connection closed');
    }
  }

  private unreachable(code: string): FerryError {
    const trouble = tlsTrouble(code, this.connection.tls);
    if (trouble !== undefined) return new FerryError('Unauthenticated', `${this.at} ${trouble}.`);
    return new FerryError(
      'Unreachable',
      `${this.at} did not answer (${code}): check the address, the network and that it runs.`,
    );
  }
}

function codeOf(json: unknown): number | undefined {
  const code = (json as { error_code?: unknown } | null | undefined)?.error_code;
  return typeof code === 'number' ? code : undefined;
}
