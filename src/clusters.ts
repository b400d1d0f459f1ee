import type { Cluster } from './kafka/cluster.js';
import { coalesced } from './kafka/coalesced.js';
import { openCluster, type ClusterConnection } from './kafka/open.js';
import { FerryError } from './migration/errors.js';

export interface Clusters {
  /** The cluster that `ferry.yaml` calls so, opened when it is first asked for. @throws FerryError `BadInput` */
  get(name: string): Cluster;
  close(): Promise<void>;
}

/** The clusters of a configuration: one set of connections for each, whoever asks. */
export function openClusters(connections: Readonly<Record<string, ClusterConnection>>): Clusters {
  const open = new Map<string, Cluster>();
  return {
    get(name) {
      const known = open.get(name);
      if (known) return known;
      const connection = Object.hasOwn(connections, name) ? connections[name] : undefined;
      if (!connection) throw new FerryError('BadInput', noSuchCluster(name, Object.keys(connections)));
      const cluster = coalesced(openCluster(name, connection));
      open.set(name, cluster);
      return cluster;
    },
    async close() {
      await Promise.allSettled([...open.values()].map((cluster) => cluster.close()));
      open.clear();
    },
  };
}

export function noSuchCluster(name: string, known: readonly string[]): string {
  return known.length > 0
    ? `ferry.yaml has no cluster "${name}"; it has ${known.join(', ')}.`
    : `ferry.yaml has no cluster "${name}": add it under clusters.`;
}
