import type { AclBinding } from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { targetGroup, targetName, type Migration } from '../../src/migration/file.js';
import { covers, isPattern } from '../../src/provision/covering.js';
import type { MadeAcl } from '../../src/migration/work/acls.js';
import { deniesFerry, deniesFerryFinding, ferryLoginFinding, type Logins } from './ferry-login.js';
import { asking, blocking, noting } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';
import { under } from '../../src/migration/by-name.js';

/** A binding on the source that concerns the migration, and what it becomes. */
interface Concerned {
  held: AclBinding;
  becomes: AclBinding;
}

/**
 * The bindings that the target needs so that every principal may do there what it may do on the source, with topics,
 * groups and principals by their names on the target.
 *
 * - A pattern (prefixed, or the literal `*`) becomes one literal binding for each topic or group that it covers: what
 *   else it covers on the target is not the migration's to grant.
 * - Operations, hosts and DENY are kept. WRITE is among them: unlike a mirror's target, this one is for producers.
 * - A DENY that would lock the ferry itself out of the target is asked about, and never copied; its own ACLs are not.
 * - Transactional ids keep their names and patterns; those of principals that may write to a topic are taken.
 */
export function planAcls(
  migration: Migration,
  held: readonly AclBinding[],
  logins: Logins = {},
): { bindings: AclBinding[]; findings: Finding[] } {
  const concerned = concernedBindings(migration, held);
  const leftBehind = new Set(migration.leaveBehind.principals);
  const bindings = new Map<string, AclBinding>();
  const unmapped = new Map<string, AclBinding[]>();
  const narrowed = new Set<string>();
  const hosts = new Map<string, Set<string>>();
  const denying = new Map<string, AclBinding[]>();
  const applications = new Set<string>();
  let own = 0;
  for (const { held: binding, becomes } of concerned) {
    if (leftBehind.has(binding.principal)) continue;
    const principal = under(migration.principals, binding.principal);
    if (principal === undefined && binding.principal === logins.source) {
      own += 1;
      continue;
    }
    if (principal === undefined) {
      unmapped.set(binding.principal, [...(unmapped.get(binding.principal) ?? []), becomes]);
      continue;
    }
    if (typeof principal === 'object') {
      applications.add(binding.principal);
      continue;
    }
    const mapped = { ...becomes, principal };
    if (deniesFerry(mapped, logins)) {
      denying.set(binding.principal, [...(denying.get(binding.principal) ?? []), mapped]);
      continue;
    }
    bindings.set(aclKey(mapped), mapped);
    if (isPattern(binding) && !isPattern(becomes)) narrowed.add(patternText(binding));
    if (binding.host !== '*')
      hosts.set(binding.principal, (hosts.get(binding.principal) ?? new Set()).add(binding.host));
  }
  return {
    bindings: [...bindings.values()],
    findings: [
      ...[...unmapped].map(([principal, acls]) => notMapped(principal, acls, migration)),
      ...[...applications].map((one) => noPrincipal(one, migration)),
      ...[...denying].map(([principal, acls]) => deniesFerryFinding(principal, acls, migration)),
      ...(own > 0 && logins.source !== undefined ? [ferryLoginFinding(logins.source, own, migration)] : []),
      ...(narrowed.size > 0
        ? [
            noting(
              'acl-patterns-narrowed',
              `ACLs for ${listed([...narrowed])} on ${migration.source} become ACLs for exactly the topics and groups of this migration on ${migration.target}.`,
            ),
          ]
        : []),
      ...clusterRights(migration, held, new Set([...bindings.values()].map(({ principal }) => principal))),
      ...[...hosts].map(([principal, from]) =>
        noting(
          `acl-host-kept:${principal}`,
          `The ACLs of ${principal} hold for the host ${listed([...from])} only, and so will their copies: check that its applications come from there.`,
        ),
      ),
    ],
  };
}

/** One binding by all that makes it what it is. */
export function aclKey(acl: MadeAcl): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permission } = acl;
  return JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permission]);
}

function concernedBindings(migration: Migration, held: readonly AclBinding[]): Concerned[] {
  const renamed = {
    topic: migration.topics.map((move) => ({ from: move.name, to: targetName(move) })),
    group: migration.consumers.map((move) => ({ from: move.group, to: targetGroup(move) })),
  };
  const named = held.flatMap((binding): Concerned[] => {
    if (binding.resourceType !== 'topic' && binding.resourceType !== 'group') return [];
    return renamed[binding.resourceType]
      .filter(({ from }) => covers(binding, from))
      .map(({ to }) => ({
        held: binding,
        becomes: { ...binding, resourceName: to, patternType: 'literal' },
      }));
  });
  const writers = new Set(
    named
      .filter(
        ({ held }) =>
          held.resourceType === 'topic' &&
          held.permission === 'allow' &&
          (held.operation === 'write' || held.operation === 'all'),
      )
      .map(({ held }) => held.principal),
  );
  const transactional = held
    .filter(({ resourceType, principal }) => resourceType === 'transactional-id' && writers.has(principal))
    .map((binding) => ({ held: binding, becomes: binding }));
  return [...named, ...transactional];
}

/** Operations on a cluster without which applications do the same: any writer may be idempotent since Kafka 2.8 (KIP-679). */
const harmless: ReadonlySet<string> = new Set(['idempotent-write', 'describe']);

/** What principals that get ACLs may do with the cluster as a whole: no topic or group of the migration says that. */
function clusterRights(
  { source, target, principals, leaveBehind }: Migration,
  held: readonly AclBinding[],
  granted: ReadonlySet<string>,
): Finding[] {
  const rights = new Map<string, Set<string>>();
  for (const { resourceType, principal, operation, permission } of held) {
    if (resourceType !== 'cluster' || leaveBehind.principals.includes(principal)) continue;
    const becomes = under(principals, principal);
    if (typeof becomes !== 'string' || !granted.has(becomes)) continue;
    const may = `${permission === 'deny' ? 'not ' : ''}${operation}`;
    rights.set(principal, (rights.get(principal) ?? new Set()).add(may));
  }
  return [...rights].map(([principal, operations]) => {
    const may = `${principal} may ${listed([...operations])} on the cluster ${source} as a whole, which is not copied to ${target}`;
    return [...operations].every((one) => harmless.has(one))
      ? noting(`cluster-acl-left:${principal}`, `${may}: whoever may write to a topic needs no such right.`)
      : asking(
          `cluster-acl-left:${principal}`,
          `${may}, since it concerns more than this migration: see whether its applications need it there (those that make their own topics do), then accept this.`,
        );
  });
}

function patternText({ patternType, resourceType, resourceName }: AclBinding): string {
  return patternType === 'prefixed'
    ? `${resourceType}s that begin with ${resourceName}`
    : `all ${resourceType}s`;
}

export function notMapped(
  principal: string,
  acls: readonly AclBinding[],
  { source, target }: Migration,
): Finding {
  const rights = new Map<string, Set<string>>();
  for (const { resourceType, resourceName, operation, permission } of acls) {
    const on = `${resourceType.replace('-', ' ')} ${resourceName}`;
    const may = `${permission === 'deny' ? 'not ' : ''}${operation}`;
    rights.set(on, (rights.get(on) ?? new Set()).add(may));
  }
  const says = [...rights].map(([on, operations]) => `${[...operations].join(', ')} on ${on}`);
  return asking(
    `principal-not-mapped:${principal}`,
    `${principal} has ${count(acls.length, 'ACL')} on ${source} (${listed(says, 4)}) and the file does not say who that is on ${target}: add it to principals, or to leaveBehind.principals; accepted, it gets nothing.`,
  );
}

/** Only where a platform makes the topics are applications known by their team. */
function noPrincipal(principal: string, { target }: Migration): Finding {
  return blocking(
    `principal-is-application:${principal}`,
    `The file says of which team and application ${principal} is, and ${target} knows principals: say a principal for it under principals, or provision: nais for ${target} in ferry.yaml.`,
  );
}
