import type { AclBinding, Cluster } from '../../src/kafka/cluster.js';
import { shownAcls } from '../../src/provision/kafka/shown-acls.js';

/** All that `kafka-acls.sh` needs to make it again, beside the resource: `allow User:app read from *`. */
export function aclText({ permission, principal, operation, host }: AclBinding): string {
  return `${permission} ${principal} ${operation} from ${host}`;
}

/** The ACLs that go with topics when they are deleted: those for exactly their names. Whoever made them. */
export async function aclsOfTopics(
  cluster: Cluster,
  names: readonly string[],
): Promise<AclBinding[] | 'hidden'> {
  const wanted = new Set(names);
  const held = await shownAcls(cluster, { resourceType: 'topic', patternType: 'literal' });
  return held === 'hidden' ? held : (held ?? []).filter(({ resourceName }) => wanted.has(resourceName));
}

export function aclsByTopic(acls: readonly AclBinding[]): { topic: string; acls: string[] }[] {
  const topics = new Map<string, string[]>();
  for (const acl of acls)
    topics.set(acl.resourceName, [...(topics.get(acl.resourceName) ?? []), aclText(acl)]);
  return [...topics].map(([topic, lines]) => ({ topic, acls: lines.toSorted() }));
}
