import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { FerryError } from '../../src/migration/errors.js';

/**
 * Answers `GET /healthz` (the process lives) and `GET /readyz` (every part of it takes work, else 503 with the state
 * of each).
 * @param address `host:port`.
 * @throws FerryError `BadInput` when the address cannot be listened on.
 */
export async function serveHealth(address: string, states: () => Record<string, string>): Promise<Server> {
  const server = createServer((request, response) => {
    const ready = Object.values(states()).every((state) => state === 'RUNNING');
    const [code, body] =
      request.url === '/healthz'
        ? [200, {}]
        : request.url === '/readyz'
          ? [ready ? 200 : 503, states()]
          : [404, {}];
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const { hostname, port } = new URL(`http://${address}`);
  server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
  try {
    await once(server, 'listening');
  } catch {
    throw new FerryError(
      'BadInput',
      `worker.health: cannot listen on ${address}: another process has it, or it is no address of this machine.`,
    );
  }
  return server;
}
