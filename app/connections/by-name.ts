import { FerryError } from '../../src/migration/errors.js';

/** What `ferry.yaml` can name: how a sentence calls it, and the section in which it stands. */
export const kinds = {
  clusters: 'cluster',
  registries: 'schema registry',
  connect: 'Kafka Connect',
} as const;

export type Section = keyof typeof kinds;

/** The connection that a section of `ferry.yaml` calls so. @throws FerryError `BadInput` */
export function byName<Connection>(
  connections: Readonly<Record<string, Connection>>,
  section: Section,
  name: string,
): Connection {
  const connection = Object.hasOwn(connections, name) ? connections[name] : undefined;
  if (connection === undefined)
    throw new FerryError('BadInput', noSuch(section, name, Object.keys(connections)));
  return connection;
}

export function noSuch(section: Section, name: string, known: readonly string[]): string {
  return known.length > 0
    ? `ferry.yaml has no ${kinds[section]} "${name}"; it has ${known.join(', ')}.`
    : `ferry.yaml has no ${kinds[section]} "${name}": add it under ${section}.`;
}
