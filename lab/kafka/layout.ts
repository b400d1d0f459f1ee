import { join } from 'node:path';
import type { ClusterName } from '../principals.js';
import { FIRST_BROKER } from './settings.js';

/** Where one broker of a cluster, and the cluster itself, keep their things inside a lab's folder. */
export interface ClusterPaths {
  /** The broker's folder: one for each, so that each holds one process. */
  server: string;
  settings: string;
  data: string;
  /** The folder of the cluster's ZooKeeper, where it has one. */
  zooKeeper: string;
  /** What the cluster has moved away from its brokers, where it has tiered storage. */
  remote: string;
  /** The clients' credentials. */
  clients: string;
}

/** Ports of one broker: for clients, and for the controller or, in an old cluster, ZooKeeper. */
export interface BrokerPorts {
  client: number;
  controller: number;
  /** For those who bring a token or a ticket, where the lab has that. */
  login?: number;
}

export function clusterPaths(labFolder: string, cluster: ClusterName, broker = FIRST_BROKER): ClusterPaths {
  const server = join(labFolder, broker === FIRST_BROKER ? cluster : `${cluster}-${broker}`);
  return {
    server,
    settings: join(server, 'server.properties'),
    data: join(server, 'data'),
    zooKeeper: join(labFolder, `${cluster}-zookeeper`),
    remote: join(labFolder, `${cluster}-remote`),
    clients: join(labFolder, 'clients', cluster),
  };
}
