import { setTimeout as sleep } from 'node:timers/promises';
import createClient, { type Client } from 'openapi-fetch';
import type { FerryError } from '../../migration/errors.js';
import type { paths } from './api.js';
import { addressOf, type AivenConnection } from './connection.js';
import { busy, codeOf, isElsewhere, refusal, type Asked, type KnownCode, type Refused } from './refusal.js';
import { isLasting, unanswered, unansweredBy, type Unanswered } from './unanswered.js';

/** Aiven publishes no limits of its rate and asks for polls of 5 s or more. */
const shortestPauseMs = 5_000;
const longestPauseMs = 60_000;
const mostAttempts = 6;
/** Where nobody answers: each request has taken its time already. */
const mostUnanswered = 3;
const timeoutMs = 30_000;
/** What is larger, in bytes, is no answer of this API. */
const longestAnswer = 64 * 1024 * 1024;

export interface Timing {
  /** The shortest pause before a request is sent again, ms. */
  readonly pauseMs?: number;
  /** How long one answer may take, ms. */
  readonly timeoutMs?: number;
}

export interface Answered {
  readonly body: unknown;
  readonly status: number;
  readonly code: KnownCode | undefined;
}

export interface Answer extends Answered {
  /** An earlier request of the same call may have been done, although nobody said so. */
  readonly repeated: boolean;
}

export type Api = Client<paths>;
type Sent = Promise<{ data?: unknown; error?: unknown; response: Response }>;
type Send = (api: Api, options: { signal: AbortSignal }) => Sent;

/**
 * Requests to the API for one service, one after the other. What is answered with 501 ("not yet"), 408, 429 or any 5xx is
 * sent again after a pause of at least 5 s, each longer than the one before and none quite as long as another's.
 *
 * Errors are the ferry's own: nothing of a request or an answer is in them but a status and known codes.
 */
export class AivenClient {
  private readonly api: Api;
  private readonly timing: Required<Timing>;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly cluster: string,
    private readonly connection: AivenConnection,
    timing: Timing = {},
  ) {
    this.timing = { pauseMs: shortestPauseMs, timeoutMs, ...timing };
    this.api = createClient<paths>({
      baseUrl: addressOf(connection),
      headers: { authorization: `aivenv1 ${connection.apiToken}`, 'user-agent': 'kafka-ferry' },
      // The token goes to this address alone: what leads elsewhere is an answer that is refused.
      redirect: 'manual',
      fetch: bounded,
    });
  }

  get path(): { project: string; service_name: string } {
    return { project: this.connection.project, service_name: this.connection.service };
  }

  /**
   * @param accepted statuses besides 2xx that are an answer
   * @throws FerryError as `refusal.ts` has them; `Unreachable` when the API does not answer, or not yet
   */
  ask(
    asked: Asked,
    send: Send,
    { accepted = [], signal }: { accepted?: readonly number[]; signal?: AbortSignal | undefined } = {},
  ): Promise<Answer> {
    const answer = this.last.then(() => this.askNow(asked, send, accepted, signal));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  /**
   * One request, for what must not be done twice: who gets `undefined` looks whether it is done before asking again. The
   * pause before that is over by then.
   *
   * @param attempt which one of the same call this is, from 1 on
   * @param accepted as in `ask`
   * @throws FerryError as `ask`, after as many attempts
   */
  askOnce(
    asked: Asked,
    send: Send,
    { attempt, accepted }: { attempt: number; accepted: readonly number[] },
  ): Promise<Answered | undefined> {
    const answer = this.last.then(async () => {
      const sent = await this.attempt(asked, send, { attempt, accepted });
      return 'status' in sent ? sent : undefined;
    });
    this.last = answer.catch(() => undefined);
    return answer;
  }

  private async askNow(
    asked: Asked,
    send: Send,
    accepted: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    let repeated = false;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.attempt(asked, send, { attempt, accepted, signal });
      if ('status' in answer) return { ...answer, repeated };
      repeated ||= answer.perhapsDone;
    }
  }

  /** Without a status, after a pause: it is to be sent again. */
  private async attempt(
    asked: Asked,
    send: Send,
    {
      attempt,
      accepted = [],
      signal,
    }: { attempt: number; accepted?: readonly number[]; signal?: AbortSignal | undefined },
  ): Promise<Answered | { readonly perhapsDone: boolean }> {
    signal?.throwIfAborted();
    const sent = await this.sendOnce(send, signal);
    const answered = 'status' in sent;
    if (answered) {
      const { status, code, body } = sent;
      if ((status >= 200 && status < 300) || (accepted.includes(status) && !isElsewhere(code)))
        return { status, code, body };
      if (!passes(status)) throw this.refused(asked, { status, code });
      if (attempt >= mostAttempts) throw busy(this.cluster, asked, status, attempt);
    } else if (attempt >= mostUnanswered || isLasting(sent))
      throw unanswered(this.cluster, this.connection, asked, sent);
    const pauseMs = this.pauseMs(attempt, answered ? sent.retryAfter : undefined);
    await sleep(pauseMs, undefined, { ...(signal && { signal }) }).catch(() => signal?.throwIfAborted());
    return { perhapsDone: answered ? !notTaken.has(sent.status) : sent.perhapsArrived };
  }

  refused(asked: Asked, refused: Refused): FerryError {
    return refusal(this.cluster, this.connection, asked, refused);
  }

  private async sendOnce(send: Send, signal: AbortSignal | undefined): Promise<Received | Unanswered> {
    const late = AbortSignal.timeout(this.timing.timeoutMs);
    try {
      const { data, error, response } = await send(this.api, {
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
      return {
        status: response.status,
        body: data,
        code: codeOf(error),
        retryAfter: response.headers.get('retry-after'),
      };
    } catch (error) {
      signal?.throwIfAborted();
      return unansweredBy(error);
    }
  }

  private pauseMs(attempt: number, retryAfter: string | null | undefined): number {
    const { pauseMs } = this.timing;
    const asked = retryAfter && /^\d{1,4}$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0;
    const own = pauseMs * Math.min(2 ** (attempt - 1), 4) + Math.random() * pauseMs;
    return Math.min(Math.max(own, pauseMs < shortestPauseMs ? 0 : asked), longestPauseMs);
  }
}

interface Received extends Answered {
  readonly retryAfter: string | null;
}

/** Statuses that say that nothing was done. */
const notTaken = new Set([429, 501]);

/** 501 is what Aiven answers about topics of a service that is not ready for them. */
const passes = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Fetch, for an answer of which the whole is there and is not too long. */
async function bounded(request: Request): Promise<Response> {
  const { status, headers, body } = await fetch(request);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > longestAnswer)
      throw Object.assign(new Error('The answer is too long.'), { code: 'EMSGSIZE' });
    pieces.push(piece);
  }
  return new Response(length > 0 ? Buffer.concat(pieces) : null, { status, headers });
}
