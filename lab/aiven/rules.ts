import type { NativeAcl, OwnAcl } from './state.js';

/** An ACL of Kafka by the words of the API, for one principal of the brokers. */
export type BrokerAcl = Omit<NativeAcl, 'id'>;

const onTopic: Readonly<Record<OwnAcl['permission'], readonly string[]>> = {
  read: ['Describe', 'Read'],
  write: ['Describe', 'Write'],
  readwrite: ['Describe', 'Read', 'Write'],
  admin: ['Describe', 'Read', 'Write', 'Create', 'Delete', 'DescribeConfigs', 'AlterConfigs'],
};

/** What each entry of Aiven's own kind allows beside its topic: every group, and every transactional id. */
const beside = [
  ['Group', ['Describe', 'Read', 'Delete']],
  ['TransactionalId', ['Describe', 'Write']],
] as const;

const enforced = new Set(['Topic', 'Group', 'TransactionalId']);

/**
 * What the brokers have to enforce so that both kinds of entries hold. Kafka's authorizer knows no patterns of users, and of
 * names only those that end in `*`: others are written out for the users and topics that there are, and anew whenever one
 * comes or goes.
 *
 * Native ACLs on the cluster itself, on users and delegation tokens are kept and not enforced: that they would let a service
 * user see ACLs or the configuration of brokers is documented nowhere.
 *
 * @param principalOf by which name the brokers know a user
 */
export function brokerAcls(
  { acl, kafka_acl }: { acl: readonly OwnAcl[]; kafka_acl: readonly NativeAcl[] },
  users: readonly string[],
  topics: readonly string[],
  principalOf: (user: string) => string,
): Map<string, BrokerAcl> {
  const all = new Map<string, BrokerAcl>();
  const add = (one: BrokerAcl) => all.set(aclKey(one), one);
  for (const { permission, topic, username } of acl)
    for (const user of users.filter((user) => matches(username, user))) {
      const common = { permission_type: 'ALLOW', principal: principalOf(user), host: '*' } as const;
      for (const [pattern_type, resource_name] of namesOf(topic, topics))
        for (const operation of onTopic[permission])
          add({ ...common, resource_type: 'Topic', resource_name, pattern_type, operation });
      for (const [resource_type, operations] of beside)
        for (const operation of operations)
          add({ ...common, resource_type, resource_name: '*', pattern_type: 'LITERAL', operation });
    }
  for (const { id: _, ...one } of kafka_acl) {
    if (!enforced.has(one.resource_type)) continue;
    const named = one.principal.replace(/^User:/, '');
    if (named === '*') add(one);
    else if (named.endsWith('*'))
      for (const user of users.filter((user) => user.startsWith(named.slice(0, -1))))
        add({ ...one, principal: principalOf(user) });
    else add({ ...one, principal: principalOf(named) });
  }
  return all;
}

/** Whether the topics have to be known to enforce these. */
export function needsTopics(acl: readonly OwnAcl[]): boolean {
  return acl.some(({ topic }) => isWrittenOut(topic));
}

export function aclKey(one: BrokerAcl): string {
  return JSON.stringify([
    one.resource_type,
    one.resource_name,
    one.pattern_type,
    one.principal,
    one.host,
    one.operation,
    one.permission_type,
  ]);
}

function namesOf(pattern: string, topics: readonly string[]): [BrokerAcl['pattern_type'], string][] {
  if (isWrittenOut(pattern))
    return topics.filter((topic) => matches(pattern, topic)).map((topic) => ['LITERAL', topic]);
  return pattern !== '*' && pattern.endsWith('*')
    ? [['PREFIXED', pattern.slice(0, -1)]]
    : [['LITERAL', pattern]];
}

const isWrittenOut = (pattern: string): boolean => /[*?]/.test(pattern.replace(/\*$/, ''));

function matches(pattern: string, text: string): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === '';
  if (first === '*') return matches(rest.join(''), text) || (text !== '' && matches(pattern, text.slice(1)));
  return text !== '' && (first === '?' || first === text[0]) && matches(rest.join(''), text.slice(1));
}
