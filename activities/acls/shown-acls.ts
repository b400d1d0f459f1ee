import type { AclBinding, Cluster } from '../../src/kafka/cluster.js';
import { isFerryError } from '../../src/migration/errors.js';
import type { Finding } from '../../src/migration/findings.js';
import { asking } from '../kit/weights.js';

/** As `Cluster.acls`; `hidden` when the ferry may not see them, as on managed clusters whose rights have no word for it. */
export async function shownAcls(cluster: Cluster): Promise<AclBinding[] | null | 'hidden'> {
  return cluster.acls().catch((error: unknown) => {
    if (isFerryError(error) && error.type === 'Unauthorized') return 'hidden';
    throw error;
  });
}

/** Nobody can tell from the source who has to be allowed what. */
export const noAuthorizer = (source: string, target: string): Finding =>
  asking(
    `no-authorizer:${source}`,
    `${source} has no authorizer, so there are no ACLs to copy, and ${target} denies what no ACL allows: grant the applications access there yourselves, then accept this.`,
  );
