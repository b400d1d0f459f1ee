import { createServer } from 'node:http';
import { listen, type Listening } from '../../src/http/listen.js';

/**
 * Answers `GET /healthz` (the process lives) and `GET /readyz` (every part of it takes work, else 503 with the state
 * of each).
 * @param address `host:port`.
 * @throws FerryError `BadInput` when the address cannot be listened on.
 */
export async function serveHealth(
  address: string,
  states: () => Promise<Record<string, string>>,
): Promise<Listening> {
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
  return listen(server, address, 'worker.health');
}
