import type { Cluster } from '../../src/kafka/cluster.js';
import { coalesced } from '../../src/kafka/coalesced.js';
import { openCluster, type ClusterConnection } from '../../src/kafka/open.js';
import { byName } from './by-name.js';
import { Once } from './once.js';

export interface Clusters {
  /** The cluster that `ferry.yaml` calls so, opened when it is first asked for. @throws FerryError `BadInput` */
  readonly get: (name: string) => Cluster;
  close(): Promise<void>;
}

/** The clusters of a configuration: one set of connections for each, whoever asks. */
export function openClusters(connections: Readonly<Record<string, ClusterConnection>>): Clusters {
  const open = new Once((name) => coalesced(openCluster(name, byName(connections, 'clusters', name))));
  return {
    get: open.get,
    async close() {
      await Promise.allSettled(open.takeAll().map((cluster) => cluster.close()));
    },
  };
}
