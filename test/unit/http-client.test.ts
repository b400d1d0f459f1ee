import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { HttpClient } from '../../src/http/client.js';

let server: Server;
let client: HttpClient;
afterEach(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

async function clientOf(answer: RequestListener): Promise<void> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/below/`;
  client = new HttpClient({ url }, { timeoutMs: 100, atOnce: 2, mediaType: 'application/json' });
}

test('an answer that trickles and does not end is given up, although the other side is never silent', async () => {
  await clientOf((_, response) => {
    const trickle = setInterval(() => response.write(' '), 10);
    response.once('close', () => clearInterval(trickle));
  });
  await expect(client.send({ method: 'GET', path: '/x' })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('paths go below the url, and a status is an answer whatever it is', async () => {
  await clientOf((request, response) => response.writeHead(404).end(request.url));
  expect(await client.send({ method: 'GET', path: '/x' })).toEqual({ status: 404, text: '/below/x' });
});
