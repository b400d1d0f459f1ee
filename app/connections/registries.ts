import { openRegistry, type RegistryConnection } from '../../src/registry/open.js';
import type { Registry } from '../../src/registry/registry.js';
import { byName } from './by-name.js';
import { Once } from './once.js';

export interface Registries {
  /** The schema registry that `ferry.yaml` calls so, opened when it is first asked for. @throws FerryError `BadInput` */
  readonly get: (name: string) => Registry;
  close(): void;
}

/** The schema registries of a configuration: one set of connections for each, whoever asks. */
export function openRegistries(connections: Readonly<Record<string, RegistryConnection>>): Registries {
  const open = new Once((name) => openRegistry(name, byName(connections, 'registries', name)));
  return {
    get: open.get,
    close() {
      for (const registry of open.takeAll()) registry.close();
    },
  };
}
