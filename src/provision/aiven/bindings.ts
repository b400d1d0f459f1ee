import type { AclBinding, AclFilter } from '../../kafka/cluster.js';
import { covers } from '../covering.js';
import { rightOf, type KafkaEntry, type OwnEntry, type OwnPermission } from './entries.js';

/** What each permission of Aiven's own kind is on a topic, as ACLs of Kafka. */
export const topicOperations: Readonly<Record<OwnPermission, readonly AclBinding['operation'][]>> = {
  read: ['describe', 'read'],
  write: ['describe', 'write'],
  readwrite: ['describe', 'read', 'write'],
  admin: ['describe', 'read', 'write', 'create', 'delete', 'describe-configs', 'alter-configs'],
};

/**
 * Entries of both kinds as ACLs of Kafka, so that a service at Aiven can be a source. Of a pattern that Kafka has no word
 * for (`*` in the middle, `?`) the topics that match it now are named one by one; patterns of users stay as they are.
 *
 * @param topics all of the service; asked for only where a pattern needs them
 */
export async function bindingsOf(
  entries: readonly KafkaEntry[],
  topics: () => Promise<readonly string[]>,
): Promise<AclBinding[]> {
  const bindings = new Map<string, AclBinding>();
  for (const entry of entries)
    for (const binding of entry.kind === 'native'
      ? [rightOf(entry) as AclBinding]
      : await ownBindings(entry, topics))
      bindings.set(bindingKey(binding), binding);
  return [...bindings.values()];
}

export function bindingKey(acl: AclBinding): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permission } = acl;
  return JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permission]);
}

/** Stands for more names than itself. */
export const isPattern = (topic: string): boolean => topic !== '*' && /[*?]/.test(topic);

/** Whether an entry says nothing about topics but what is among these bindings. */
export function isWholly(entry: KafkaEntry, among: ReadonlySet<string>): boolean {
  if (entry.kind === 'native') return among.has(bindingKey(rightOf(entry) as AclBinding));
  if (isPattern(entry.topic)) return false;
  const name: Named = { resourceName: entry.topic, patternType: 'literal' };
  return topicBindings(entry, name).every((binding) => among.has(bindingKey(binding)));
}

function topicBindings({ permission, username }: OwnEntry, name: Named): AclBinding[] {
  return topicOperations[permission].map((operation) => ownBinding(username, 'topic', name, operation));
}

function ownBinding(
  username: string,
  resourceType: AclBinding['resourceType'],
  name: Named,
  operation: AclBinding['operation'],
): AclBinding {
  return { resourceType, ...name, principal: `User:${username}`, host: '*', operation, permission: 'allow' };
}

async function ownBindings(entry: OwnEntry, topics: () => Promise<readonly string[]>): Promise<AclBinding[]> {
  const everyGroup: Named = { resourceName: '*', patternType: 'literal' };
  return [
    ...(await namesOf(entry.topic, topics)).flatMap((name) => topicBindings(entry, name)),
    ...(['describe', 'read', 'delete'] as const).map((operation) =>
      ownBinding(entry.username, 'group', everyGroup, operation),
    ),
  ];
}

type Named = Pick<AclBinding, 'resourceName' | 'patternType'>;

async function namesOf(pattern: string, topics: () => Promise<readonly string[]>): Promise<Named[]> {
  if (!isPattern(pattern)) return [{ resourceName: pattern, patternType: 'literal' }];
  const prefix = pattern.slice(0, -1);
  if (pattern.endsWith('*') && !/[*?]/.test(prefix))
    return [{ resourceName: prefix, patternType: 'prefixed' }];
  return (await topics())
    .filter((name) => matches(pattern, name))
    .map((resourceName) => ({ resourceName, patternType: 'literal' }));
}

/**
 * Aiven's patterns: `*` is any text, `?` any one character. Of several `*` only the last one is ever tried again, so that no
 * pattern takes more steps than its length times that of the name.
 */
export function matches(pattern: string, name: string): boolean {
  let at = 0;
  let after = -1;
  let retry = 0;
  for (let index = 0; index < name.length;) {
    if (pattern[at] === '*') {
      at += 1;
      [after, retry] = [at, index];
    } else if (pattern[at] === '?' || (at < pattern.length && pattern[at] === name[index])) {
      at += 1;
      index += 1;
    } else if (after >= 0) {
      retry += 1;
      [at, index] = [after, retry];
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** Kafka's filter, on what was read whole. */
export function passes(
  { resourceType, resourceName, patternType, principal }: AclFilter,
  acl: AclBinding,
): boolean {
  if (resourceType !== undefined && acl.resourceType !== resourceType) return false;
  if (principal !== undefined && acl.principal !== principal) return false;
  if (patternType === 'match') return resourceName === undefined || covers(acl, resourceName);
  if (patternType !== undefined && acl.patternType !== patternType) return false;
  return resourceName === undefined || acl.resourceName === resourceName;
}
