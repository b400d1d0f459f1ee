import type { AclBinding, AclFilter, Cluster } from '../../kafka/cluster.js';
import { isFerryError } from '../../migration/errors.js';

/** ACLs as a cluster shows them: `null` where it has no authorizer, `hidden` where the ferry may not see them. */
export type ShownAcls = AclBinding[] | null | 'hidden';

/** Hidden, as on managed clusters whose rights have no word for it, is an answer and no failure. @throws FerryError any other */
export async function shownAcls(cluster: Pick<Cluster, 'acls'>, filter?: AclFilter): Promise<ShownAcls> {
  try {
    return await cluster.acls(filter);
  } catch (error) {
    if (isFerryError(error) && error.type === 'Unauthorized') return 'hidden';
    throw error;
  }
}
