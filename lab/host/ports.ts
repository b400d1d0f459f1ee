import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { LabError } from './failure.js';

// Below every usual range of ephemeral ports (Linux starts at 32768): while a server of the lab is down, no
// outgoing connection can be given its port, so it always comes back on the same one.
const FIRST = 20_000;
const LAST = 32_000;
const TRIES = 500;

/** Free TCP ports on the loopback interface, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === TRIES)
      throw new LabError(`No ${count} free ports between ${FIRST} and ${LAST}: end some servers.`);
    const port = randomInt(FIRST, LAST);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
