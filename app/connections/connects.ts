import type { ConnectConnection } from '../../src/connect/connect-connection.js';
import { openConnect, type Connect } from '../../src/connect/rest.js';
import { byName } from './by-name.js';

/** Every Kafka Connect of a configuration, by name. No connection is kept open. @throws FerryError `BadInput` */
export function openConnects(
  connections: Readonly<Record<string, ConnectConnection>>,
): (name: string) => { rest: Connect; clients: ConnectConnection } {
  return (name) => {
    const clients = byName(connections, 'connect', name);
    return { rest: openConnect(name, clients), clients };
  };
}
