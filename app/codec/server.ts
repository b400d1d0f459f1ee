import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { listen, type Listening } from '../../src/http/listen.js';
import { isFerryError } from '../../src/migration/errors.js';

export interface CodecServerOptions {
  /** `host:port`. */
  address: string;
  /** Origins of web UIs that may ask from a browser, without a slash at the end. */
  origins: readonly string[];
  tls?: { certificate: string; key: string } | undefined;
  /**
   * Whether who shows this `authorization` header may read, and write, payloads of the namespace.
   * @throws FerryError `Unreachable` when it cannot be found out now
   */
  mayRead: (authorization: string | undefined, namespace: string | undefined) => Promise<boolean>;
}

/** Temporal takes payloads of 2 MB at most, and a page of a history a few of them; base64 makes them longer. */
const mostBytes = 32 * 1024 * 1024;

/** Payloads as protobuf's JSON has them: bytes are base64. */
const base64 = z.base64().or(z.base64url());
const body = z.object({
  // What is empty is left out by protobuf's JSON.
  payloads: z
    .array(z.looseObject({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() }))
    .default([]),
});

/**
 * Temporal's protocol of remote codecs: `POST …/encode` and `POST …/decode`, for the web UI (`Codec Server`) and
 * `temporal --codec-endpoint`. The namespace is that of the header `X-Namespace`, or stands before the verb in the path.
 *
 * @throws FerryError `BadInput` when the address cannot be listened on.
 * @returns where it listens, and how to end it.
 */
export async function serveCodec(codec: PayloadCodec, options: CodecServerOptions): Promise<Listening> {
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    void handle(codec, options, request, response).catch(() => response.destroy());
  const { tls, address } = options;
  const server = tls ? createTls({ cert: tls.certificate, key: tls.key }, answer) : createPlain(answer);
  return listen(server, address, 'codecServer.address');
}

/** What is answered to somebody who is no reader of payloads: a code of HTTP and one sentence. */
class Refusal extends Error {
  constructor(
    readonly code: number,
    sentence: string,
  ) {
    super(sentence);
  }
}

async function handle(
  codec: PayloadCodec,
  { origins, mayRead }: CodecServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { origin, authorization } = request.headers;
  if (origin !== undefined && origins.includes(origin))
    response
      .setHeader('access-control-allow-origin', origin)
      .setHeader('access-control-allow-credentials', 'true')
      .setHeader('access-control-allow-methods', 'POST, OPTIONS')
      .setHeader('access-control-allow-headers', 'authorization, content-type, x-namespace, x-csrf-token')
      .setHeader('access-control-max-age', '600');
  response.setHeader('vary', 'origin').setHeader('cache-control', 'no-store');
  try {
    if (request.method === 'OPTIONS') {
      if (origin !== undefined && !origins.includes(origin))
        throw new Refusal(403, 'This origin is not one of codecServer.origins.');
      response.writeHead(204).end();
      return;
    }
    const { pathname } = new URL(request.url ?? '/', 'http://codec');
    if (pathname === '/healthz') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const [, before, verb] = /^(?:\/([^/]*))?\/(encode|decode)$/.exec(pathname) ?? [];
    if (verb === undefined) throw new Refusal(404, 'POST to /encode or /decode.');
    if (request.method !== 'POST') throw new Refusal(405, 'POST to /encode or /decode.');
    // A page elsewhere can send a plain form with the cookies of whoever looks at it; its answer would be for nobody.
    if (origin !== undefined && !origins.includes(origin))
      throw new Refusal(403, 'This origin is not one of codecServer.origins.');
    const header = request.headers['x-namespace'];
    const namespace = (typeof header === 'string' ? header : undefined) ?? (before && decoded(before));
    if (!(await mayRead(authorization, namespace)))
      throw authorization === undefined
        ? new Refusal(401, 'Show who asks: the header authorization is missing.')
        : new Refusal(403, 'This login may not read payloads of the namespace.');
    const payloads = await readPayloads(request);
    const answered = await (verb === 'encode' ? codec.encode(payloads) : codec.decode(payloads));
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ payloads: answered.map(asJson) }));
  } catch (error) {
    const [code, sentence] = refusalOf(error);
    response
      .writeHead(code, {
        'content-type': 'application/json',
        // What is left of the request is not read.
        ...(code === 413 && { connection: 'close' }),
      })
      .end(JSON.stringify({ message: sentence }));
  }
}

/** Text of others' errors may quote a payload. */
function refusalOf(error: unknown): [number, string] {
  if (error instanceof Refusal) return [error.code, error.message];
  if (isFerryError(error)) return [error.type === 'Unreachable' ? 503 : 400, error.message];
  return [500, 'The codec failed with something that no rule covers.'];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(404, 'POST to /encode or /decode.');
  }
}

async function readPayloads(request: IncomingMessage): Promise<Payload[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Refusal(413, `Send ${mostBytes} bytes at most.`);
    chunks.push(chunk);
  }
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Refusal(400, 'Send payloads as JSON.');
  }
  const read = body.safeParse(json);
  if (!read.success)
    throw new Refusal(400, 'Send {"payloads":[{"metadata":{…},"data":"…"}]}, bytes as base64.');
  return read.data.payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
    ),
    data: Buffer.from(data ?? '', 'base64'),
  }));
}

function asJson({ metadata, data }: Payload): object {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
    data: Buffer.from(data ?? []).toString('base64'),
  };
}
