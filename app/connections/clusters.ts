import type { Cluster } from '../../src/kafka/cluster.js';
import { coalesced } from '../../src/kafka/coalesced.js';
import { openCluster, type ClusterConnection } from '../../src/kafka/open.js';
import { patient } from '../../src/kafka/patient.js';
import { byName } from './by-name.js';
import { Once } from './once.js';

export interface Clusters {
  /** The cluster that `ferry.yaml` calls so, opened when it is first asked for. @throws FerryError `BadInput` */
  readonly get: (name: string) => Cluster;
  close(): Promise<void>;
}

/**
 * The clusters of a configuration: one set of connections for each, whoever asks.
 *
 * @param forAPerson a person waits for the answer: a broker that is on its way out is waited for (`patient`)
 */
export function openClusters(
  connections: Readonly<Record<string, ClusterConnection>>,
  forAPerson?: { says: (sentence: string) => void },
): Clusters {
  const open = new Once((name) => {
    const cluster = coalesced(openCluster(name, byName(connections, 'clusters', name)));
    return forAPerson ? patient(cluster, forAPerson) : cluster;
  });
  return {
    get: open.get,
    async close() {
      await Promise.allSettled(open.takeAll().map((cluster) => cluster.close()));
    },
  };
}
