import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FerryError } from '../migration/errors.js';

export interface Listening {
  port: number;
  /** Takes no more requests, and ends those that are under way. */
  close: () => Promise<void>;
}

/**
 * @param address `host:port`
 * @param key of `ferry.yaml`, that says so
 * @throws FerryError `BadInput` when the address cannot be listened on
 */
export async function listen(server: Server, address: string, key: string): Promise<Listening> {
  const { hostname, port } = new URL(`http://${address}`);
  server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
  try {
    await once(server, 'listening');
  } catch {
    throw cannotListen(address, key);
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export const cannotListen = (address: string, key: string): FerryError =>
  new FerryError(
    'BadInput',
    `${key}: cannot listen on ${address}: another process has it, or it is no address of this machine.`,
  );
