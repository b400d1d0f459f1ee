import type { AclBinding, AclFilter, Cluster } from '../../kafka/cluster.js';
import type { Right, Provisioner } from '../provisioner.js';
import { shownAcls } from './shown-acls.js';

/** Rights by Kafka's own requests: they are ACLs as they are. */
export function kafkaProvisioner(cluster: Pick<Cluster, 'acls' | 'createAcls' | 'deleteAcls'>): Provisioner {
  return {
    plan: (wanted) => ({ rights: [...wanted], findings: [] }),
    rights: (only) => shownAcls(cluster, only && named(binding(only))),
    make: (rights) => cluster.createAcls(rights.map(binding)),
    takeBack: async (rights) => (await cluster.deleteAcls(rights.map(binding))).deleted,
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
