import { request as plain, type IncomingMessage } from 'node:http';
import { request as secure } from 'node:https';
import type { ConnectConnection } from './connection-settings.js';

export interface HttpAnswer {
  status: number;
  /** Parsed JSON; `undefined` for an empty body, or one that is no JSON. */
  body: unknown;
}

/** An answer of Connect is small; what is larger is not Connect. */
const longestAnswer = 64 * 1024 * 1024;

/**
 * One request with JSON in and out. Node's `fetch` cannot be told whom to trust or who we are, so this is its
 * `node:https`.
 *
 * @throws Error of the connection, with Node's `code`; `ETIMEDOUT` after `timeoutMs`.
 */
export async function requestJson(
  { url, username, password, tls }: ConnectConnection,
  method: string,
  path: string,
  { body, timeoutMs }: { body?: unknown; timeoutMs: number },
): Promise<HttpAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const address = new URL(url + path);
  const signal = AbortSignal.timeout(timeoutMs);
  const options = {
    method,
    signal,
    headers: {
      accept: 'application/json',
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    },
    ...(username !== undefined && { auth: `${username}:${password ?? ''}` }),
  };
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const answered = (answer: IncomingMessage) => void read(answer).then(resolve, reject);
      const request =
        address.protocol === 'https:'
          ? secure(
              address,
              {
                ...options,
                ca: tls?.ca,
                cert: tls?.certificate,
                key: tls?.key,
                passphrase: tls?.keyPassword,
              },
              answered,
            )
          : plain(address, options, answered);
      request.once('error', reject);
      request.end(text);
    });
  } catch (cause) {
    if (signal.aborted)
      throw Object.assign(new Error('The answer did not come in time.'), { code: 'ETIMEDOUT' });
    throw cause;
  }
}

async function read(answer: IncomingMessage): Promise<HttpAnswer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > longestAnswer) throw Object.assign(new Error('The answer is too long.'), { code: 'EMSGSIZE' });
    parts.push(part);
  }
  return { status: answer.statusCode ?? 0, body: parsed(Buffer.concat(parts).toString('utf8')) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
