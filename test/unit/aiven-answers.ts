import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AivenClient, type Timing } from '../../src/provision/aiven/client.js';
import type { HeldEntry, OwnEntry } from '../../src/provision/aiven/entries.js';
import { AivenService } from '../../src/provision/aiven/service.js';

/** `hang`: nothing is answered; `lost`: what was asked for is done, and its answer does not arrive. */
export type Answered = { status: number; body?: unknown; headers?: Record<string, string> } | 'hang' | 'lost';

export interface Call {
  /** `POST /project/p/service/s/topic`. */
  what: string;
  query: string;
  body: unknown;
  authorization: string | undefined;
}

export const ok: Answered = { status: 200 };
export const own: OwnEntry = { kind: 'aiven', permission: 'read', topic: 'orders', username: 'billing' };

/** A list of ACLs with these, of Aiven's own kind. */
export const held = (entries: readonly HeldEntry[]): Answered => ({
  status: 200,
  body: {
    acl: entries.flatMap((entry) => {
      if (entry.kind !== 'aiven') return [];
      const { kind: _, ...rest } = entry;
      return [rest];
    }),
    kafka_acl: [],
  },
});

export const token = 'a-token-that-nobody-may-see';

/** A server that answers each call as the test says, one after the other, and the clients that ask it. */
export async function answering(
  answer: (call: Call, number: number) => Answered,
  timing: Timing = { pauseMs: 1 },
) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const url = new URL(request.url ?? '', 'http://any');
      const call: Call = {
        what: `${request.method} ${url.pathname}`,
        query: url.search,
        body,
        authorization: request.headers.authorization,
      };
      calls.push(call);
      const answered = answer(call, calls.length);
      if (answered === 'hang') return;
      if (answered === 'lost') return void request.socket.destroy();
      response.writeHead(answered.status, { 'content-type': 'application/json', ...answered.headers });
      response.end(typeof answered.body === 'string' ? answered.body : JSON.stringify(answered.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = {
    project: 'p',
    service: 's',
    apiToken: token,
    url: `http://127.0.0.1:${port}`,
    acls: 'auto',
    users: 'ask',
  } as const;
  return {
    calls,
    connection,
    service: new AivenService('aiven', new AivenClient('aiven', connection, timing)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
