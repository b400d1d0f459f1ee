import { kafkaProvisioner } from '../../src/provision/kafka/provisioner.js';
import type { Provisioner } from '../../src/provision/provisioner.js';
import type { Dependencies } from './dependencies.js';

/** How rights come to a cluster: by Kafka's own requests unless `ferry.yaml` says otherwise. */
export function provisionerOf(
  { clusters, provisioners }: Pick<Dependencies, 'clusters' | 'provisioners'>,
  name: string,
): Provisioner {
  return provisioners?.(name) ?? kafkaProvisioner(clusters(name));
}
