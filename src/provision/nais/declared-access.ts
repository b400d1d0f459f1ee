import { few, named } from '../../migration/foreign-text.js';
import { under } from '../../migration/by-name.js';
import { listed } from '../../migration/listed.js';
import type { Workload } from '../../migration/workload.js';
import type { AclBinding } from '../../kafka/cluster.js';
import type { DeclaredAccess, Undeclarable, WantedAccess, WorkloadGrant } from '../declaring.js';
import { grantsOf, type Access, type Unsaid } from '../grants.js';
import type { Loss } from '../loss.js';
import { userPattern } from './user-pattern.js';

/** The entries of the Topics, and every ACL of the source of which they cannot say all. */
export function declaredAccess(wanted: WantedAccess): DeclaredAccess {
  const { grants, unsaid } = grantsOf(wanted.held, wanted);
  const principals = new Set(
    [...grants, ...unsaid].map(({ principal }) => principal).filter((one) => !wanted.without.has(one)),
  );
  const workloads = new Map<string, Workload>();
  const mistakes: Undeclarable[] = [];
  const unmapped: string[] = [];
  for (const principal of principals) {
    const who = under(wanted.principals, principal);
    if (typeof who === 'object') workloads.set(principal, who);
    else if (who !== undefined) mistakes.push(noApplication(principal, who));
    // Nobody is to be given anything by a DENY for everybody.
    else if (principal !== 'User:*' || grants.some((grant) => grant.principal === principal))
      unmapped.push(principal);
  }
  const entries = new Map<string, WorkloadGrant>();
  for (const { topic, principal, access } of grants) {
    const workload = workloads.get(principal);
    if (!workload) continue;
    const key = JSON.stringify([topic, workload.team, workload.application]);
    const before = entries.get(key)?.access;
    entries.set(key, {
      topic,
      ...workload,
      access: before === undefined ? access : both(before, access),
      user: userPattern(workload),
    });
  }
  const concerns = ({ principal }: Unsaid) => workloads.has(principal) || principal === 'User:*';
  const told = unsaid.filter((one) => concerns(one) && !isGroupAllowance(one));
  return {
    grants: [...entries.values()].toSorted((one, other) => order(one).localeCompare(order(other))),
    bindings: [],
    losses: [
      ...told.map((one) => lossOf(one, wanted)),
      ...groupLosses(unsaid.filter(isGroupAllowance).filter(concerns)),
    ],
    mistakes,
    unmapped: unmapped.map((principal) => ({
      principal,
      acls: [...aclsOf(principal, wanted)],
    })),
  };
}

const both = (one: Access, other: Access): Access => (one === other ? one : 'readwrite');

const order = ({ topic, team, application }: WorkloadGrant): string => [topic, team, application].join(' ');

function noApplication(principal: string, who: string): Undeclarable {
  return {
    key: `principal-no-application:${principal}`,
    sentence: `The file says that ${named(principal)} is ${named(who)}, and an entry of a Topic is for an application of a team: say { team: …, application: … } for it under principals.`,
  };
}

/** What a principal of whom nobody has said who it is has to do with what moves. */
function aclsOf(principal: string, { held, ...concern }: WantedAccess): Set<AclBinding> {
  const own = held.filter((acl) => acl.principal === principal);
  const { unsaid } = grantsOf(own, concern);
  const plain = own.filter(
    (acl) => grantsOf([acl], concern).grants.length > 0 || unsaid.some(({ acls }) => acls.includes(acl)),
  );
  return new Set(plain);
}

function lossOf({ kind, principal, acls }: Unsaid, { topics }: WantedAccess): Loss {
  const who = named(principal);
  const key = `grant-loss:${kind}:${principal}`;
  const operations = listed([...new Set(acls.map(({ operation }) => operation.toUpperCase()))]);
  const on = listed([...new Set(acls.map(resourceText))], 4);
  const hosts = few([...new Set(acls.map(({ host }) => host).filter((host) => host !== '*'))], 4);
  switch (kind) {
    case 'deny':
      return {
        weight: 'asks',
        key,
        says: `${who} is denied ${operations} on ${on}${hosts === '' ? '' : ` from ${hosts}`}, and a Topic knows no DENY`,
        instead:
          hosts === ''
            ? 'what is denied is not granted there, and any later entry may grant it all the same'
            : 'from there it may do whatever the application may',
      };
    case 'host':
      return {
        weight: 'asks',
        key,
        says: `${who} may ${operations} on ${on} only from ${hosts}, and a Topic knows no hosts`,
        instead: 'its application may do so from everywhere',
      };
    case 'pattern':
      return {
        weight: 'asks',
        key,
        says: `${who} may ${operations} on ${on}, and an entry of a Topic is for that Topic alone`,
        instead: `it gets entries for ${few(
          topics.map(({ to }) => to),
          4,
        )}, and nothing for what comes later under such a name`,
      };
    case 'all':
      return {
        weight: 'asks',
        key,
        says: `${who} may do ALL on ${on}, and a Topic grants reading and writing`,
        instead: 'it gets readwrite, and can neither see nor change the configuration, nor delete the topic',
      };
    case 'operation':
      return {
        weight: 'asks',
        key,
        says: `${who} may ${operations} on ${on}, which a Topic cannot grant`,
        instead: 'it may not do so there',
      };
    case 'group':
      return {
        weight: 'asks',
        key,
        says: `${who} is denied ${operations} on ${on}, and a Topic says nothing of groups`,
        instead: 'every application of the pool may use every group',
      };
    case 'transactional-id':
      return {
        weight: 'asks',
        key,
        says: `${who} has ACLs (${operations}) for ${on}, and a Topic says nothing of transactional ids`,
        instead:
          'whether its producer may begin transactions there is not known: try it before producers move',
      };
    case 'cluster': {
      const comesWithWrite = acls.every(
        ({ operation, permission }) => operation === 'idempotent-write' && permission === 'allow',
      );
      return {
        weight: comesWithWrite ? 'notes' : 'asks',
        key,
        says: `${who} has ACLs (${operations}) for the cluster, and a Topic says nothing of it`,
        instead: comesWithWrite
          ? 'brokers since Kafka 3.0 let whoever may write do so idempotently'
          : 'it may not do so there',
      };
    }
  }
}

const isGroupAllowance = ({ kind, acls }: Unsaid): boolean =>
  kind === 'group' && acls.every(({ permission }) => permission === 'allow');

/** Every application that reads has such ACLs: told once. */
function groupLosses(unsaid: readonly Unsaid[]): Loss[] {
  if (unsaid.length === 0) return [];
  const principals = [...new Set(unsaid.map(({ principal }) => principal))];
  return [
    {
      weight: 'notes',
      key: 'grant-loss:group',
      says: `${few(principals)} ${principals.length === 1 ? 'has' : 'have'} ACLs for groups, of which a Topic says nothing`,
      instead: 'every application of the pool may use every group',
    },
  ];
}

function resourceText({ resourceType, resourceName, patternType }: AclBinding): string {
  const what = resourceType.replace('-', ' ');
  if (patternType === 'prefixed') return `${what}s that begin with ${named(resourceName)}`;
  return resourceName === '*' ? `all ${what}s` : `${what} ${named(resourceName)}`;
}
