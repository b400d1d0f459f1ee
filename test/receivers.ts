import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** Who is told over HTTP, and keeps what they were told. */
export interface Receiver {
  url: string;
  got: { headers: IncomingHttpHeaders; body: string }[];
  close(): Promise<void>;
}

/** How a receiver takes what it is sent. */
export type Manner = 'takes' | 'hangs' | number | { redirects: string };

/** @param manner asked for each request, with how many have come before */
export async function receiver(manner: Manner | ((before: number) => Manner)): Promise<Receiver> {
  const got: Receiver['got'] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const how = typeof manner === 'function' ? manner(got.length) : manner;
      got.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      if (how === 'hangs') return;
      if (typeof how === 'object') response.writeHead(307, { location: how.redirects }).end();
      else response.writeHead(how === 'takes' ? 204 : how).end(how === 'takes' ? undefined : 'sorry: s3cret');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/ferry`,
    got,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface MailBox {
  port: number;
  got: { to: string[]; text: string }[];
  close(): Promise<void>;
}

/** A mail server, of somebody else's making. @param refuses addresses that it does not know */
export async function mailBox(
  refuses: readonly string[] = [],
  login?: { username: string; password: string },
): Promise<MailBox> {
  const got: MailBox['got'] = [];
  const server = new SMTPServer({
    authOptional: login === undefined,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === login?.username && password === login?.password
        ? done(null, { user: username })
        : done(new Error('no')),
    onRcptTo: ({ address }, _session, done) =>
      refuses.includes(address)
        ? done(Object.assign(new Error('no such user: s3cret'), { responseCode: 550 }))
        : done(),
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        got.push({
          to: envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    got,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
