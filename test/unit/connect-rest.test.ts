import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { openConnect } from '../../src/connect/rest.js';

test('what Connect fails to read is asked for again, and what it refuses to do is said', async () => {
  // In life its own topics have no leader for a moment; the message is whatever was thrown then.
  const server = createServer((_, response) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error_code: 500, message: 'No such field' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = openConnect('lab', { url: `http://127.0.0.1:${port}`, sourceClient: {}, targetClient: {} });
  await expect(connect.offsets('orders')).rejects.toMatchObject({ type: 'Unreachable' });
  await expect(connect.status('orders')).rejects.toMatchObject({ type: 'Unreachable' });
  await expect(connect.act('orders', 'stop')).rejects.toMatchObject({ type: 'Refused' });
  server.closeAllConnections();
  server.close();
});
