import { FerryError } from './migration/errors.js';
import { openRegistry, type RegistryConnection } from './registry/open.js';
import type { Registry } from './registry/registry.js';

export interface Registries {
  /** The schema registry that `ferry.yaml` calls so, opened when it is first asked for. @throws FerryError `BadInput` */
  readonly get: (name: string) => Registry;
  close(): void;
}

/** The schema registries of a configuration: one set of connections for each, whoever asks. */
export function openRegistries(connections: Readonly<Record<string, RegistryConnection>>): Registries {
  const open = new Map<string, Registry>();
  return {
    get(name) {
      const known = open.get(name);
      if (known) return known;
      const connection = Object.hasOwn(connections, name) ? connections[name] : undefined;
      if (!connection) throw new FerryError('BadInput', noSuchRegistry(name, Object.keys(connections)));
      const registry = openRegistry(name, connection);
      open.set(name, registry);
      return registry;
    },
    close() {
      for (const registry of open.values()) registry.close();
      open.clear();
    },
  };
}

function noSuchRegistry(name: string, known: readonly string[]): string {
  return known.length > 0
    ? `ferry.yaml has no schema registry "${name}"; it has ${known.join(', ')}.`
    : `ferry.yaml has no schema registry "${name}": add it under registries.`;
}
