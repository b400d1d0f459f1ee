import type { AclBinding } from '../../kafka/cluster.js';
import type { Finding } from '../../migration/findings.js';
import { listed } from '../../migration/listed.js';
import { few, named, oneLine } from '../../migration/foreign-text.js';
import type { Right } from '../provisioner.js';
import type { AclWords } from './connection.js';
import { isServiceUser } from './service-user.js';
import { rightOf, hasWordFor, withoutKind, type OwnPermission } from './entries.js';

/**
 * ACLs of Kafka as entries of a service at Aiven.
 *
 * - Aiven's own kind knows `read`, `write`, `readwrite` and `admin` on a topic; each of them also lets its user use every
 *   group. With `auto` it is used where it says exactly what is wanted about the topic, with Kafka's kind for the rest.
 * - Kafka's kind says everything but an operation that Aiven has no word for.
 * - With `aiven` whatever that kind cannot say is lost, and each loss asks.
 */
export function translate(
  cluster: string,
  wanted: readonly AclBinding[],
  words: AclWords,
): { rights: Right[]; findings: Finding[] } {
  const losses = new Losses(cluster, words);
  const sayable = wanted.filter((acl) => {
    if (!isServiceUser(acl.principal))
      losses.add(acl, noServiceUser, "say the service user's name under principals");
    else if (!hasWordFor(acl.operation)) losses.add(acl, 'Aiven has no word for that operation');
    else return true;
    return false;
  });
  if (words === 'native') return { rights: sayable, findings: losses.findings() };

  const rights: Right[] = [];
  const served = new Set<string>();
  const rest: AclBinding[] = [];
  for (const acls of byTopicAndUser(sayable, rest)) {
    const [first] = acls as [AclBinding, ...AclBinding[]];
    const permission = fits(acls) ?? (words === 'aiven' ? nearest(acls, losses) : undefined);
    if (!permission) {
      rest.push(...acls);
      continue;
    }
    rights.push(
      rightOf({
        kind: 'aiven',
        permission,
        topic: first.resourceName,
        username: withoutKind(first.principal),
      }),
    );
    served.add(first.principal);
  }
  for (const acl of rest) {
    if (usesGroup(acl) && served.has(acl.principal)) continue;
    if (words === 'auto') rights.push(acl);
    else losses.add(acl, whyNot(acl));
  }
  return {
    rights,
    findings: [...losses.findings(), ...(served.size > 0 ? [groupsOpen(cluster, served)] : [])],
  };
}

const noServiceUser = 'no service user at Aiven can have that name (User: and letters, digits, - . _)';

/** What an entry of Aiven's own kind can be about; the rest goes into `rest`. */
function byTopicAndUser(acls: readonly AclBinding[], rest: AclBinding[]): AclBinding[][] {
  const together = new Map<string, AclBinding[]>();
  for (const acl of acls) {
    const { resourceType, resourceName, patternType, host, permission } = acl;
    const own =
      resourceType === 'topic' && patternType === 'literal' && permission === 'allow' && host === '*';
    if (!own) {
      rest.push(acl);
      continue;
    }
    const key = JSON.stringify([resourceName, acl.principal]);
    together.set(key, [...(together.get(key) ?? []), acl]);
  }
  return [...together.values()];
}

/** What each permission lets its user do with a topic; to describe it is part of all of them. */
const says: Readonly<Record<OwnPermission, readonly AclBinding['operation'][]>> = {
  read: ['read'],
  write: ['write'],
  readwrite: ['read', 'write'],
  admin: ['read', 'write', 'create', 'delete', 'describe-configs', 'alter-configs'],
};

const operationsOf = (acls: readonly AclBinding[]): Set<AclBinding['operation']> =>
  new Set(acls.map(({ operation }) => operation).filter((operation) => operation !== 'describe'));

/** The permission that says exactly this. */
function fits(acls: readonly AclBinding[]): OwnPermission | undefined {
  const wanted = operationsOf(acls);
  return (Object.keys(says) as OwnPermission[]).find(
    (permission) =>
      says[permission].length === wanted.size && says[permission].every((operation) => wanted.has(operation)),
  );
}

/** The permission that comes nearest, with what is lost or given too much; none where reading and writing is not wanted. */
function nearest(acls: readonly AclBinding[], losses: Losses): OwnPermission | undefined {
  const wanted = operationsOf(acls);
  const [first] = acls as [AclBinding, ...AclBinding[]];
  const beyond = says.admin.filter((operation) => !says.readwrite.includes(operation));
  if (beyond.some((operation) => wanted.has(operation))) {
    losses.add(first, `it becomes admin, which is ${says.admin.join(', ')}`);
    return 'admin';
  }
  if (wanted.has('all')) {
    losses.add(first, 'it becomes readwrite, without the right to delete or configure the topic');
    return 'readwrite';
  }
  const reads = wanted.has('read');
  const writes = wanted.has('write');
  for (const acl of acls)
    if (acl.operation === 'alter') losses.add(acl, "Aiven's own ACLs have no word for that operation");
  return reads && writes ? 'readwrite' : reads ? 'read' : writes ? 'write' : undefined;
}

const usesGroup = ({ resourceType, permission, operation, host }: AclBinding): boolean =>
  resourceType === 'group' &&
  permission === 'allow' &&
  host === '*' &&
  ['read', 'describe', 'delete', 'all'].includes(operation);

function whyNot({ permission, host, patternType, resourceType, operation }: AclBinding): string {
  if (permission === 'deny') return "Aiven's own ACLs deny nothing";
  if (host !== '*') return "Aiven's own ACLs know no hosts";
  if (patternType !== 'literal' || resourceType !== 'topic')
    return `Aiven's own ACLs are about topics, not about a ${resourceType.replace('-', ' ')}`;
  return `Aiven's own ACLs have no word for ${operation}`;
}

interface Loss {
  readonly principal: string;
  readonly reason: string;
  readonly mend: string | undefined;
  readonly of: AclBinding[];
}

/** What cannot be said, for each principal and reason one finding. */
class Losses {
  private readonly all = new Map<string, Loss>();

  constructor(
    private readonly cluster: string,
    private readonly words: AclWords,
  ) {}

  /** @param mend what makes the ACL sayable, where other words do not */
  add(acl: AclBinding, reason: string, mend?: string): void {
    const key = JSON.stringify([acl.principal, reason]);
    const known = this.all.get(key) ?? { principal: acl.principal, reason, mend, of: [] };
    known.of.push(acl);
    this.all.set(key, known);
  }

  findings(): Finding[] {
    const others = this.words === 'aiven' ? ', or say acls: auto under provision in ferry.yaml' : '';
    return [...this.all.values()].map(({ principal, reason, mend, of }) => {
      const way = mend === undefined ? `accept it${others}` : `${mend}, or accept it`;
      const what = [
        ...new Set(
          of.map(
            ({ permission, operation, resourceType, resourceName }) =>
              `${permission} ${operation} on ${resourceType.replace('-', ' ')} ${named(resourceName)}`,
          ),
        ),
      ];
      return {
        weight: 'asks',
        key: `acl-lost:${principal}:${reason}`,
        sentence: oneLine(
          `${this.cluster} cannot say of ${principal}: ${listed(what, 4)}, since ${reason}; ${way}.`,
        ),
      };
    });
  }
}

function groupsOpen(cluster: string, principals: ReadonlySet<string>): Finding {
  return {
    weight: 'notes',
    key: `groups-open:${cluster}`,
    sentence: oneLine(
      `On ${cluster} whoever has an ACL of Aiven's own kind may use every consumer group: ${few([...principals], 4)} will, so no ACLs for groups are made for them.`,
    ),
  };
}
