import type { Cluster } from '../kafka/cluster.js';
import type { ClusterConnection } from '../kafka/link/cluster-connection.js';
import { openAiven } from './aiven/open.js';
import type { AivenConnection } from './aiven/connection.js';
import type { Provisioner } from './provisioner.js';

/** How topics and rights come to a cluster, as `ferry.yaml` says it; absent: by Kafka's own requests. */
export type Provision = { readonly kind: 'kafka' } | ({ readonly kind: 'aiven' } & AivenConnection);

/** How to reach a cluster, and how topics and rights come to it. */
export interface ProvisionedConnection extends ClusterConnection {
  readonly provision?: Provision;
}

export interface Provisioned {
  cluster: Cluster;
  /** Absent where rights come by Kafka's own requests. */
  provisioner?: Provisioner;
}

/** @param brokers the cluster by its brokers alone */
export function provisioned(brokers: Cluster, provision: Provision = { kind: 'kafka' }): Provisioned {
  return provision.kind === 'aiven' ? openAiven(brokers, provision) : { cluster: brokers };
}
