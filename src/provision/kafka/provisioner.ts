import type { AclBinding, AclFilter, Cluster } from '../../kafka/cluster.js';
import { isFerryError } from '../../migration/errors.js';
import type { Right, Provisioner } from '../provisioner.js';

/** Rights by Kafka's own requests: they are ACLs as they are. */
export function kafkaProvisioner(cluster: Pick<Cluster, 'acls' | 'createAcls' | 'deleteAcls'>): Provisioner {
  return {
    plan: (wanted) => ({ rights: [...wanted], findings: [] }),
    rights: (only) =>
      cluster.acls(only && named(binding(only))).catch((error: unknown) => {
        // As on managed clusters whose rights have no word for it.
        if (isFerryError(error) && error.type === 'Unauthorized') return 'hidden';
        throw error;
      }),
    make: (rights) => cluster.createAcls(rights.map(binding)),
    takeBack: (rights) => cluster.deleteAcls(rights.map(binding)),
  };
}

const named = ({ resourceType, resourceName, patternType, principal }: AclBinding): AclFilter => ({
  resourceType,
  resourceName,
  patternType,
  principal,
});

/** What this way has planned or read is an ACL of Kafka. */
const binding = (right: Right): AclBinding => right as AclBinding;
