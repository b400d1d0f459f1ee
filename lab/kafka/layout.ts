import { join } from 'node:path';
import type { ClusterName } from '../principals.js';

/** Where one cluster keeps its things inside a lab's folder. */
export interface ClusterPaths {
  /** The broker's folder. */
  server: string;
  settings: string;
  data: string;
  /** The folder of its ZooKeeper, where it has one: beside the broker's, so that each holds one process. */
  zooKeeper: string;
  /** The clients' credentials. */
  clients: string;
}

/** Ports of one cluster: for clients, and for the controller or, in an old cluster, ZooKeeper. */
export interface ClusterPorts {
  client: number;
  controller: number;
}

export function clusterPaths(labFolder: string, cluster: ClusterName): ClusterPaths {
  const server = join(labFolder, cluster);
  return {
    server,
    settings: join(server, 'server.properties'),
    data: join(server, 'data'),
    zooKeeper: join(labFolder, `${cluster}-zookeeper`),
    clients: join(labFolder, 'clients', cluster),
  };
}
