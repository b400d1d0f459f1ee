import type { ConnectConnection } from './connect/connection-settings.js';
import { openConnect, type Connect } from './connect/rest.js';
import { FerryError } from './migration/errors.js';

/** Every Kafka Connect of a configuration, by name. No connection is kept open. @throws FerryError `BadInput` */
export function openConnects(
  connections: Readonly<Record<string, ConnectConnection>>,
): (name: string) => { rest: Connect; clients: ConnectConnection } {
  return (name) => {
    const connection = Object.hasOwn(connections, name) ? connections[name] : undefined;
    const known = Object.keys(connections);
    if (!connection)
      throw new FerryError(
        'BadInput',
        known.length > 0
          ? `ferry.yaml has no Kafka Connect "${name}"; it has ${known.join(', ')}.`
          : `ferry.yaml has no Kafka Connect "${name}": add it under connect.`,
      );
    return { rest: openConnect(name, connection), clients: connection };
  };
}
