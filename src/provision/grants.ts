import type { AclBinding } from '../kafka/cluster.js';
import { covers, isPattern } from './covering.js';

export type Access = 'read' | 'write' | 'readwrite';

/** Who may do what to a topic, independent of how a cluster says it. */
export interface Grant {
  /** By its name on the target. */
  topic: string;
  /** As the ACLs of the source write it: `User:srvorders`. */
  principal: string;
  access: Access;
}

/**
 * What ACLs can say and a grant cannot:
 * - `deny`: a DENY. One for every host takes its operations from the grants; one for a single host is not kept at all
 * - `host`: an allowance for one host, which the grant gives from everywhere
 * - `pattern`: an allowance for a prefix or for `*`, which the grant gives for exactly the topics that move
 * - `all`: ALL, of which a grant gives reading and writing
 * - `operation`: anything beside reading and writing
 * - `group`, `transactional-id`, `cluster`: rights that are not about topics
 */
export type UnsaidKind =
  'deny' | 'host' | 'pattern' | 'all' | 'operation' | 'group' | 'transactional-id' | 'cluster';

/** ACLs of one principal that a grant cannot say, for one reason. */
export interface Unsaid {
  kind: UnsaidKind;
  principal: string;
  acls: AclBinding[];
}

export interface Concern {
  /** Topics that move, with their names on the source and on the target. */
  topics: readonly { from: string; to: string }[];
  /** Groups that move, as on the source. */
  groups: readonly string[];
}

/** Everybody, as Kafka writes it. */
const everybody = 'User:*';

/**
 * The grants that the ACLs of a source amount to, for the topics that move, and every ACL of which a grant cannot say all.
 *
 * READ becomes `read`, WRITE becomes `write`, both or ALL `readwrite`; DESCRIBE comes with each (Kafka's own rule). What a
 * DENY takes away on the source is not granted: it takes from everybody when it is for everybody. Of groups, transactional
 * ids and the cluster only what concerns the topics is told: groups that move, and the rights of those who have a right to
 * a topic.
 *
 * @param held all ACLs of the source
 */
export function grantsOf(
  held: readonly AclBinding[],
  { topics, groups }: Concern,
): { grants: Grant[]; unsaid: Unsaid[] } {
  const onTopics = held.filter(
    (acl) => acl.resourceType === 'topic' && topics.some(({ from }) => covers(acl, from)),
  );
  const grants = topics.flatMap(({ from, to }) =>
    grantsOn(
      to,
      onTopics.filter((acl) => covers(acl, from)),
    ),
  );
  const concerned = new Set(onTopics.map(({ principal }) => principal));
  const granted = new Set(grants.map(({ principal }) => principal));
  const unsaid = new Map<string, Unsaid>();
  for (const acl of held) {
    const kinds = onTopics.includes(acl)
      ? unsaidOf(acl, (principal) => granted.has(principal))
      : beside(acl, concerned, groups);
    for (const kind of kinds) {
      const key = JSON.stringify([kind, acl.principal]);
      const of = unsaid.get(key) ?? { kind, principal: acl.principal, acls: [] };
      unsaid.set(key, of);
      of.acls.push(acl);
    }
  }
  return { grants, unsaid: [...unsaid.values()] };
}

/** @param acls those that cover the topic */
function grantsOn(topic: string, acls: readonly AclBinding[]): Grant[] {
  const allowed = acls.filter(({ permission }) => permission === 'allow');
  const denied = acls.filter(({ permission, host }) => permission === 'deny' && host === '*');
  const principals = [...new Set(allowed.map(({ principal }) => principal))];
  return principals.flatMap((principal): Grant[] => {
    const may = (operation: 'read' | 'write') =>
      allowed.some((acl) => acl.principal === principal && gives(acl, operation)) &&
      !denied.some((acl) => [principal, everybody].includes(acl.principal) && takes(acl, operation));
    const [read, write] = [may('read'), may('write')];
    return read || write
      ? [{ topic, principal, access: read && write ? 'readwrite' : read ? 'read' : 'write' }]
      : [];
  });
}

const gives = ({ operation: given }: AclBinding, operation: AclBinding['operation']): boolean =>
  given === operation || given === 'all';

/** Without DESCRIBE no client finds the brokers of a topic. */
const takes = ({ operation: taken }: AclBinding, operation: AclBinding['operation']): boolean =>
  taken === operation || taken === 'all' || taken === 'describe';

/** @param hasGrant a right to see a topic comes with every grant, and is nothing that could be granted by itself */
function unsaidOf(acl: AclBinding, hasGrant: (principal: string) => boolean): UnsaidKind[] {
  if (acl.permission === 'deny') return ['deny'];
  const kinds: UnsaidKind[] = [];
  if (acl.host !== '*') kinds.push('host');
  if (isPattern(acl)) kinds.push('pattern');
  if (acl.operation === 'all') kinds.push('all');
  else if (
    acl.operation === 'describe' ? !hasGrant(acl.principal) : !['read', 'write'].includes(acl.operation)
  )
    kinds.push('operation');
  return kinds;
}

/** What principals have beside their rights to the topics, and need for them or lose with them. */
function beside(acl: AclBinding, concerned: ReadonlySet<string>, groups: readonly string[]): UnsaidKind[] {
  switch (acl.resourceType) {
    case 'group':
      return groups.some((group) => covers(acl, group)) ? ['group'] : [];
    case 'transactional-id':
    case 'cluster':
      return concerned.has(acl.principal) ? [acl.resourceType] : [];
    case 'topic':
    case 'delegation-token':
    case 'user':
      return [];
  }
}
