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

test.each([
  [429, '0'],
  [503, 'Sun, 06 Nov 1994 08:49:37 GMT'],
])(
  'what is not taken with status %i is sent again when the other side says to: %s',
  async (status, after) => {
    const bodies: string[] = [];
    await clientOf((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        if (bodies.length < 3) response.writeHead(status, { 'retry-after': after }).end('later');
        else response.end('taken');
      });
    });
    expect(await client.send({ method: 'POST', path: '/x', body: 1 })).toEqual({
      status: 200,
      text: 'taken',
    });
    expect(bodies).toEqual(['1', '1', '1']);
  },
);

test.each([
  [429, '31'],
  [503, 'soon'],
  [503, undefined],
  [500, '0'],
])('status %i with Retry-After %s is the answer', async (status, after) => {
  let asked = 0;
  await clientOf((_, response) => {
    asked++;
    response.writeHead(status, after === undefined ? {} : { 'retry-after': after }).end();
  });
  expect(await client.send({ method: 'GET', path: '/x' })).toEqual({ status, text: '' });
  expect(asked).toBe(1);
});

test('waiting to send again ends with the signal', async () => {
  const given = new AbortController();
  await clientOf((_, response) => {
    response.writeHead(429, { 'retry-after': '20' }).end();
    setImmediate(() => given.abort(new Error('enough')));
  });
  const sent = client.send({ method: 'GET', path: '/x', signal: given.signal });
  await expect(sent).rejects.toThrow('enough');
});

test('paths go below the url, and a status is an answer whatever it is', async () => {
  await clientOf((request, response) => response.writeHead(404).end(request.url));
  expect(await client.send({ method: 'GET', path: '/x' })).toEqual({ status: 404, text: '/below/x' });
});
