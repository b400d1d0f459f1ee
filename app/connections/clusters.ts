import type { Cluster } from '../../src/kafka/cluster.js';
import { coalesced } from '../../src/kafka/coalesced.js';
import { openCluster } from '../../src/kafka/open.js';
import { patient } from '../../src/kafka/patient.js';
import { provisioned, type ProvisionedConnection } from '../../src/provision/provision.js';
import type { Provisioner } from '../../src/provision/provisioner.js';
import { byName } from './by-name.js';
import { Once } from './once.js';

export interface Clusters {
  /** The cluster that `ferry.yaml` calls so, opened when it is first asked for. @throws FerryError `BadInput` */
  readonly get: (name: string) => Cluster;
  /** How rights come to it, where not by Kafka's own requests. @throws FerryError `BadInput` */
  readonly provisioner: (name: string) => Provisioner | undefined;
  /** How many requests were sent to the brokers of each that is open, by names of the protocol. */
  readonly requests: () => Record<string, Record<string, number>>;
  close(): Promise<void>;
}

/**
 * The clusters of a configuration: one set of connections for each, whoever asks.
 *
 * @param forAPerson a person waits for the answer: a broker that is on its way out is waited for (`patient`)
 */
export function openClusters(
  connections: Readonly<Record<string, ProvisionedConnection>>,
  forAPerson?: { says: (sentence: string) => void },
): Clusters {
  const open = new Once((name) => {
    const { provision, ...connection } = byName(connections, 'clusters', name);
    const opened = provisioned(openCluster(name, connection), provision);
    const cluster = coalesced(opened.cluster);
    return { ...opened, cluster: forAPerson ? patient(cluster, forAPerson) : cluster };
  });
  return {
    get: (name) => open.get(name).cluster,
    provisioner: (name) => open.get(name).provisioner,
    requests: () =>
      Object.fromEntries([...open.all()].map(([name, { cluster }]) => [name, cluster.requests()])),
    async close() {
      await Promise.allSettled(open.takeAll().map(({ cluster }) => cluster.close()));
    },
  };
}
