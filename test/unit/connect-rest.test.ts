import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { openConnect } from '../../src/connect/rest.js';

test.each([
  'Request timed out',
  'Failed to write to config topic; this may be due to a transient error and the request can be safely retried',
  'Error writing task configurations to Kafka',
  'Error removing connector configuration from Kafka',
  'Failed to perform fencable send to config topic',
])('what passes is asked for again, by the words of Connect: %s', async (message) => {
  const server = createServer((_, response) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error_code: 500, message }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = openConnect('lab', { url: `http://127.0.0.1:${port}`, sourceClient: {}, targetClient: {} });
  await expect(connect.act('orders', 'stop')).rejects.toMatchObject({ type: 'Unreachable' });
  server.closeAllConnections();
  server.close();
});

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
