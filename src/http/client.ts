import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';

/** Who answers, and who to be there. */
export interface HttpConnection {
  /** Paths go below it; a slash at its end is as good as none. */
  readonly url: string;
  /** HTTP basic authentication. */
  readonly login?: { readonly username: string; readonly password: string };
  /** PEM texts, for `https`. Unset: whom this machine trusts. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly keyPassword?: string;
  };
}

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the url, with its parts percent-encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as a form instead (`application/x-www-form-urlencoded`). */
  readonly form?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** What is larger, in bytes, is no answer of a registry or of Connect. */
const longestAnswer = 64 * 1024 * 1024;

/** Of what the other side wants waited for one request, in all; a request that is to wait longer is given up, ms. */
const longestWaitMs = 30_000;
const shortestWaitMs = 100;

/** JSON over HTTP, by undici: Node's own `fetch` takes neither an authority nor a client certificate. */
export class HttpClient {
  readonly host: string;
  private readonly base: URL;
  private readonly agent: Agent;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(
    { url, login, tls }: HttpConnection,
    private readonly options: {
      /** How long it may take to connect, to begin its answer, and to end it, ms each. */
      timeoutMs: number;
      /** The most requests under way; more wait for their turn, which is not the other side's time. */
      atOnce: number;
      mediaType: string;
    },
  ) {
    this.base = new URL(url.replace(/\/+$/, ''));
    this.host = this.base.host;
    this.headers = {
      accept: `${options.mediaType}, application/json`,
      ...(login && {
        authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`,
      }),
    };
    this.agent = new Agent({
      connections: options.atOnce,
      connectTimeout: options.timeoutMs,
      headersTimeout: options.timeoutMs,
      maxResponseSize: longestAnswer,
      connect: {
        ...(tls?.ca !== undefined && { ca: tls.ca }),
        ...(tls?.certificate !== undefined && { cert: tls.certificate }),
        ...(tls?.key !== undefined && { key: tls.key }),
        ...(tls?.keyPassword !== undefined && { passphrase: tls.keyPassword }),
      },
    });
  }

  /**
   * A request that was not taken because of a quota (429), or because the other side is not ready (503), is sent again
   * when that says to (`Retry-After`, RFC 9110, 10.2.3).
   *
   * @throws Error with a `code`: Node's of the connection, `ETIMEDOUT`, `EMSGSIZE` (an answer too long).
   * @throws whatever the signal was aborted with.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { signal } = request;
    for (let leftMs = longestWaitMs; ;) {
      const { status, text, retryAfter } = await this.sendOnce(request);
      const ms = status === 429 || status === 503 ? waitOf(retryAfter) : undefined;
      if (ms === undefined || ms > leftMs) return { status, text };
      leftMs -= ms;
      await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => signal?.throwIfAborted());
    }
  }

  private async sendOnce({
    method,
    path,
    body,
    form,
    signal,
  }: HttpRequest): Promise<HttpAnswer & { retryAfter: unknown }> {
    signal?.throwIfAborted();
    try {
      const answer = await this.agent.request({
        origin: this.base.origin,
        method,
        path: `${this.base.pathname.replace(/\/$/, '')}${path}`,
        headers: {
          ...this.headers,
          ...(body !== undefined && { 'content-type': this.options.mediaType }),
          ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(form && { body: new URLSearchParams(form).toString() }),
        ...(signal && { signal }),
      });
      return {
        status: answer.statusCode,
        text: await this.whole(answer.body),
        retryAfter: answer.headers['retry-after'],
      };
    } catch (cause) {
      signal?.throwIfAborted();
      throw Object.assign(new Error('The request failed.'), { code: codeOf(cause) });
    }
  }

  /** undici's own limit for a body is between its pieces: one that trickles would never end. */
  private async whole(body: Dispatcher.ResponseData['body']): Promise<string> {
    const late = Object.assign(new Error('The answer did not end in time.'), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => body.destroy(late), this.options.timeoutMs);
    try {
      return await body.text();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends idle connections; none of them keeps a process alive. */
  close(): void {
    void this.agent.destroy();
  }
}

/** Seconds, or a date. */
function waitOf(retryAfter: unknown): number | undefined {
  if (typeof retryAfter !== 'string') return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(shortestWaitMs, ms);
}

/** undici's own codes, by Node's name for the same. */
const codes: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'EMSGSIZE',
  UND_ERR_SOCKET: 'ECONNRESET',
};

/** The first code of an error or of those that it holds: a host with two addresses fails with an error for each. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'connection closed';
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  const inner = Array.isArray(errors)
    ? errors.map(codeOf).find((known) => known !== 'connection closed')
    : undefined;
  if (inner !== undefined) return inner;
  return typeof code === 'string' ? (codes[code] ?? code) : 'connection closed';
}

/** `undefined`: it is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
