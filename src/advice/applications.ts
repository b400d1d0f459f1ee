import type { Inventory } from '../inventory/inventory.js';
import type { TopicSet } from './sets.js';

type Acl = NonNullable<Inventory['acls']['value']>[number];

/** Who uses a set, and how it hangs together with others. */
export interface Uses {
  /** Principals that may read a topic of it. */
  readers: Set<string>;
  writers: Set<string>;
  /** Principals of its readers and writers; groups whose principal is not known, by their own name. */
  applications: Set<string>;
}

/**
 * Principals by what ACLs allow them on the topics and groups of each set. What is granted on every name (`*`) or to
 * everybody tells nothing of who uses what.
 */
export function usesOf(sets: readonly TopicSet[], acls: Inventory['acls']): Map<TopicSet, Uses> {
  const granted = grantsOf(acls);
  return new Map(
    sets.map((set) => {
      const readers = new Set<string>();
      const writers = new Set<string>();
      for (const { name } of set.topics)
        for (const { principal, operation } of granted.on('topic', name)) {
          if (operation === 'read' || operation === 'all') readers.add(principal);
          if (operation === 'write' || operation === 'all') writers.add(principal);
        }
      const applications = new Set([...readers, ...writers]);
      for (const { group } of set.groups) {
        const own = granted.on('group', group).map(({ principal }) => principal);
        for (const one of own.length > 0 ? own : [group]) applications.add(one);
      }
      return [set, { readers, writers, applications }];
    }),
  );
}

/** Why nobody can say who writes, and so what depends on what; `undefined`: ACLs tell. */
export const whyUsesUnknown = ({ value, unknown }: Inventory['acls']): string | undefined =>
  unknown ?? (value === null ? 'the cluster has no authorizer' : undefined);

const known = new WeakMap<Inventory['acls'], Grants>();

/** What is allowed to somebody on something in particular. Sorted out once for an inventory. */
export function grantsOf(acls: Inventory['acls']): Grants {
  const before = known.get(acls);
  if (before) return before;
  const grants = new Grants(
    (acls.value ?? []).filter(
      ({ permission, resourceName, principal }) =>
        permission === 'allow' && resourceName !== '*' && principal !== 'User:*',
    ),
  );
  known.set(acls, grants);
  return grants;
}

/** Bindings by what they apply to, so that thousands of topics do not each go through thousands of bindings. */
class Grants {
  private readonly literal = new Map<string, Acl[]>();
  private readonly prefixed = new Map<string, Acl[]>();

  constructor(bindings: readonly Acl[]) {
    for (const acl of bindings) {
      const all = acl.patternType === 'prefixed' ? this.prefixed : this.literal;
      const key = `${acl.resourceType} ${acl.resourceName}`;
      const there = all.get(key);
      if (there) there.push(acl);
      else all.set(key, [acl]);
    }
  }

  /** Those that name the resource, or the beginning of its name; not those on `*`. */
  on(resourceType: Acl['resourceType'], name: string): Acl[] {
    const found = [...(this.literal.get(`${resourceType} ${name}`) ?? [])];
    for (let length = 1; this.prefixed.size > 0 && length <= name.length; length++)
      found.push(...(this.prefixed.get(`${resourceType} ${name.slice(0, length)}`) ?? []));
    return found;
  }
}

/** The part of a topic's name before its first dot, as teams mostly name topics; the whole name where it has none. */
export const teamOf = (topic: string): string => topic.split('.', 1)[0] ?? topic;
