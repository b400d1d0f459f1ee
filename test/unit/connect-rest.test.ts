import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { openConnect } from '../../src/connect/rest.js';

test('offsets that Connect cannot read now are asked for again, and what it refuses is said', async () => {
  // In the words of `Worker.connectorOffsets`; a real worker says so only while its topics have no leader.
  let message = 'Failed to retrieve offsets for source connector orders';
  const server = createServer((_, response) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error_code: 500, message }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = openConnect('lab', { url: `http://127.0.0.1:${port}`, sourceClient: {}, targetClient: {} });
  await expect(connect.offsets('orders')).rejects.toMatchObject({ type: 'Unreachable' });
  message = 'No such field';
  await expect(connect.offsets('orders')).rejects.toMatchObject({ type: 'Refused' });
  server.closeAllConnections();
  server.close();
});
