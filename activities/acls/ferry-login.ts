import type { AclBinding } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import type { Migration } from '../../src/migration/file.js';
import { asking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

/** Who the ferry is on each cluster, where its login tells. */
export interface Logins {
  source?: string | undefined;
  target?: string | undefined;
}

/**
 * Whether a binding would deny the ferry what it does on the target until the migration has ended: it reads, writes,
 * describes and deletes the topics, and commits and deletes offsets of the groups. From which host it comes is not known,
 * so that one for a single host counts too.
 */
export function deniesFerry(
  { permission, principal, resourceType, resourceName }: AclBinding,
  { target }: Logins,
): boolean {
  if (permission !== 'deny' || (principal !== 'User:*' && principal !== target)) return false;
  return resourceType !== 'transactional-id' || resourceName === '*';
}

export function deniesFerryFinding(
  principal: string,
  denied: readonly AclBinding[],
  { source, target }: Migration,
): Finding {
  const what = denied.map(
    ({ operation, resourceType, resourceName }) =>
      `${operation} on ${resourceType.replace('-', ' ')} ${resourceName}`,
  );
  return asking(
    `acl-denies-ferry:${principal}`,
    `${count(denied.length, 'DENY', 'DENYs')} of ${source} for ${principal} (${listed(what, 4)}) would hold on ${target} for the ferry too, and lock it out before the migration has ended: not copied. Accept that, and add ${denied.length === 1 ? 'it' : 'them'} on ${target} when the migration has ended.`,
  );
}

/** The ferry's own rights are nobody's to copy. */
export function ferryLoginFinding(principal: string, amount: number, { source }: Migration): Finding {
  return noting(
    `acl-of-ferry:${principal}`,
    `${principal} is who the ferry logs in as on ${source}: its ${count(amount, 'ACL')} there ${amount === 1 ? 'is' : 'are'} not copied.`,
  );
}
