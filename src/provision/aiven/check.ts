import type { AclBinding } from '../../kafka/cluster.js';
import type { Finding } from '../../migration/findings.js';
import { few, named, oneLine } from '../../migration/foreign-text.js';
import { matches, topicOperations } from './bindings.js';
import { covers } from '../covering.js';
import { rightOf, withoutKind, type KafkaEntry, type NativeEntry } from './entries.js';
import type { AivenService } from './service.js';

export interface Checked {
  /** As `ferry.yaml` calls the cluster. */
  cluster: string;
  service: string;
  /** Who the ferry is there; unknown where its login does not tell. */
  principal: string | undefined;
  /** Users that are not there are made with their ACLs. */
  makesUsers: boolean;
}

/**
 * What stands in the way at Aiven: a service that does not run, users that are not there, and rights that the ferry's own
 * user lacks by the API's list. Whether it really lacks them only the brokers know, so that asks and does not block.
 */
export async function check(
  about: Checked,
  service: AivenService,
  topics: readonly string[],
  principals: readonly string[],
): Promise<Finding[]> {
  const { state, users } = await service.facts();
  return [
    ...stateFindings(about, state),
    ...userFindings(about, users, principals),
    ...rightFindings(about, await service.entries(), topics),
  ];
}

/** Of a service that does not run. @param state as the API has it, such as `RUNNING` */
export function stateFindings(
  { cluster, service }: Pick<Checked, 'cluster' | 'service'>,
  state: string,
): Finding[] {
  if (state === 'RUNNING') return [];
  if (state === 'POWEROFF')
    return [
      {
        weight: 'blocks',
        key: `service-off:${cluster}`,
        sentence: `The service ${service} of ${cluster} is powered off at Aiven: power it on, then try again.`,
      },
    ];
  return [
    {
      weight: 'notes',
      key: `service-moving:${cluster}`,
      sentence: oneLine(
        `The service ${service} of ${cluster} is ${state.toLowerCase()} at Aiven: whatever is asked of it may take longer.`,
      ),
    },
  ];
}

/** Names of those that are no patterns and not among the users. */
export function missingUsers(principals: readonly string[], users: readonly string[]): string[] {
  return [...new Set(principals.map(withoutKind))].filter(
    (user) => !/[*?]/.test(user) && !users.includes(user),
  );
}

function userFindings(
  { cluster, service, makesUsers }: Checked,
  users: readonly string[],
  principals: readonly string[],
): Finding[] {
  const missing = missingUsers(principals, users);
  if (makesUsers)
    return missing.map((user) => ({
      weight: 'notes',
      key: `user-made:${cluster}/${user}`,
      sentence: oneLine(
        `${cluster} has no service user ${named(user)}: it is made with the ACLs, and stays; fetch its certificate for its application (avn service user-creds-download ${service} --username ${user}).`,
      ),
    }));
  return missing.map((user) => ({
    weight: 'asks',
    key: `user-missing:${cluster}/${user}`,
    sentence: oneLine(
      `${cluster} has no service user ${named(user)}: make it (avn service user-create ${service} --username ${user}), say users: make under provision in ferry.yaml, or accept that its rights wait for it.`,
    ),
  }));
}

/** What the ferry does with a topic there until it is gone from the source. */
const needed: readonly AclBinding['operation'][] = [
  'read',
  'write',
  'describe',
  'describe-configs',
  'delete',
];

function rightFindings(
  { cluster, service, principal }: Checked,
  entries: readonly KafkaEntry[],
  topics: readonly string[],
): Finding[] {
  if (principal === undefined)
    return [
      {
        weight: 'notes',
        key: `own-rights-unknown:${cluster}`,
        sentence: `The ferry's login does not tell which service user it is on ${cluster}, so whether that has the rights it needs is seen when it uses them.`,
      },
    ];
  const user = withoutKind(principal);
  const lacking = topics.filter((topic) => !mayAll(entries, user, topic));
  if (lacking.length === 0) return [];
  return [
    {
      weight: 'asks',
      key: `own-rights:${cluster}`,
      sentence: oneLine(
        `By its ACLs ${cluster} does not let the ferry's user ${named(user)} do all that it has to with ${few(lacking, 4)}: add them (avn service acl-add ${service} --username ${user} --permission admin --topic ${lacking[0] ?? ''}), or accept that it is refused where it lacks them.`,
      ),
    },
  ];
}

/** A denial wins over both kinds of ACL. */
function mayAll(entries: readonly KafkaEntry[], user: string, topic: string): boolean {
  const allowed = new Set<string>();
  const denied = new Set<string>();
  for (const entry of entries)
    if (entry.kind === 'aiven') {
      if (matches(entry.username, user) && matches(entry.topic, topic))
        for (const operation of topicOperations[entry.permission]) allowed.add(operation);
    } else if (entry.resourceType === 'Topic' && concerns(entry, user, topic)) {
      const { operation, permission, host } = rightOf(entry);
      if (permission === 'deny') denied.add(operation);
      else if (host === '*') allowed.add(operation);
    }
  const holds = (rights: ReadonlySet<string>, operation: string) =>
    rights.has('all') || rights.has(operation);
  return needed.every((operation) => holds(allowed, operation) && !holds(denied, operation));
}

function concerns(
  { principal, patternType, resourceName }: NativeEntry,
  user: string,
  topic: string,
): boolean {
  return (
    matchesPrincipal(principal, user) &&
    covers({ patternType: patternType === 'PREFIXED' ? 'prefixed' : 'literal', resourceName }, topic)
  );
}

/** In a native ACL only a `*` at the end stands for more than itself. */
function matchesPrincipal(principal: string, user: string): boolean {
  const name = withoutKind(principal);
  return name.endsWith('*') ? user.startsWith(name.slice(0, -1)) : name === user;
}
