import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { FerryError } from '../../src/migration/errors.js';

/**
 * Answers `GET /healthz` (the process lives) and `GET /readyz` (every part of it takes work, else 503 with the state
 * of each).
 * @param address `host:port`.
 * @throws FerryError `BadInput` when the address cannot be listened on.
 */
export async function serveHealth(
  address: string,
  states: () => Promise<Record<string, string>>,
): Promise<Server> {
  const answer = async (path: string | undefined): Promise<[number, Record<string, string>]> => {
    if (path === '/healthz') return [200, {}];
    if (path !== '/readyz') return [404, {}];
    const now = await states();
    return [Object.values(now).every((state) => state === 'RUNNING') ? 200 : 503, now];
  };
  const server = createServer(
    (request, response) =>
      void answer(request.url).then(([code, body]) =>
        response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      ),
  );
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
