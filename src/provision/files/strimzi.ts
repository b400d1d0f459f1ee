import { Document } from 'yaml';
import type { AclBinding, NewTopic } from '../../kafka/cluster.js';
import { named } from '../../migration/foreign-text.js';
import { grouped } from '../../migration/grouped.js';
import type { DeclaredAccess, DeclaredFile, Declaring, Undeclarable, WantedAccess } from '../declaring.js';
import { declaredWith } from './kafka-topic.js';
import { Names } from './names.js';

export interface StrimziTarget {
  /** The Kafka resource, by the label `strimzi.io/cluster`. */
  cluster: string;
  /** Of the Topic and User Operator. */
  namespace?: string | undefined;
}

const apiVersion = 'kafka.strimzi.io/v1';

/** What the Topic Operator refuses to set. */
const refused = /^(leader|follower)\.replication\.throttled\.replicas$/;

/** Topics and users that Strimzi's operators make from `KafkaTopic` and `KafkaUser`. */
export function strimzi(target: StrimziTarget): Declaring {
  return {
    by: 'strimzi',
    from: 'its KafkaTopic',
    topic: (wanted) => declaredWith(wanted, (entry) => !refused.test(entry), 'a KafkaTopic'),
    access: strimziAccess,
    files: (_migration, topics, { bindings, kept = [] }) => {
      const names = new Names(kubernetesName);
      return [
        ...topics.map(({ topic }) => topicFile(topic, names.of(topic.name), target)),
        ...[...grouped([...bindings, ...kept], ({ principal }) => principal)].map(([principal, acls]) =>
          userFile(principal, acls, target),
        ),
      ];
    },
    beside: () => [],
  };
}

const metadata = (name: string, { cluster, namespace }: StrimziTarget) => ({
  name,
  ...(namespace !== undefined && { namespace }),
  labels: { 'strimzi.io/cluster': cluster },
});

/** A name of Kubernetes that is as near as can be. */
function kubernetesName(text: string): string {
  const name = text.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-');
  return name.replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '').replaceAll(/\.[-.]+|-+\./g, '.') || 'topic';
}

function topicFile(
  { name, partitions, replicationFactor, config }: NewTopic,
  resource: string,
  target: StrimziTarget,
): DeclaredFile {
  return {
    path: `topic-${name}.yaml`,
    text: new Document({
      apiVersion,
      kind: 'KafkaTopic',
      metadata: metadata(resource, target),
      spec: {
        ...(resource !== name && { topicName: name }),
        partitions,
        replicas: replicationFactor,
        ...(Object.keys(config).length > 0 && { config }),
      },
    }).toString({ lineWidth: 0 }),
  };
}

/** Who logs in with a certificate is its subject, and with a password its name: Strimzi makes no other principals. */
function userOf(principal: string): { name: string; authentication: 'tls' | 'scram-sha-512' } | undefined {
  const [, common, plain] = /^User:(?:CN=([^,=]+)|([^,=]+))$/.exec(principal) ?? [];
  const name = common ?? plain;
  if (name === undefined || kubernetesName(name) !== name) return undefined;
  return { name, authentication: common === undefined ? 'scram-sha-512' : 'tls' };
}

const resourceTypes: Readonly<Partial<Record<AclBinding['resourceType'], string>>> = {
  topic: 'topic',
  group: 'group',
  cluster: 'cluster',
  'transactional-id': 'transactionalId',
};

function strimziAccess({ bindings }: WantedAccess): DeclaredAccess {
  const mistakes = new Map<string, Undeclarable>();
  const users = new Map<string, string>();
  for (const principal of new Set(bindings.map((acl) => acl.principal))) {
    const user = userOf(principal);
    const other = user && users.get(user.name);
    if (user && other === undefined) users.set(user.name, principal);
    else
      mistakes.set(principal, {
        key: `principal-no-user:${principal}`,
        sentence:
          other !== undefined
            ? `One KafkaUser cannot be both ${named(other)} and ${named(principal)}: give one of them another name under principals.`
            : `No KafkaUser is ${named(principal)}: say User:CN=name for a user with a certificate, or User:name for one with a password, of small letters, digits, hyphens and dots, under principals.`,
      });
  }
  return {
    grants: [],
    bindings: bindings.filter(({ principal }) => !mistakes.has(principal)),
    losses: [],
    mistakes: [...mistakes.values()],
    unmapped: [],
  };
}

function userFile(principal: string, acls: readonly AclBinding[], target: StrimziTarget): DeclaredFile {
  const user = userOf(principal);
  const rules = grouped(acls, ({ resourceType, resourceName, patternType, host, permission }) =>
    JSON.stringify([resourceType, resourceName, patternType, host, permission]),
  );
  const name = user?.name ?? '';
  return {
    path: `user-${name}.yaml`,
    text: new Document({
      apiVersion,
      kind: 'KafkaUser',
      metadata: metadata(name, target),
      spec: {
        authentication: { type: user?.authentication },
        authorization: { type: 'simple', acls: [...rules.values()].flatMap(ruleOf) },
      },
    }).toString({ lineWidth: 0 }),
  };
}

/** One rule for ACLs that differ in their operations alone. */
function ruleOf(acls: readonly AclBinding[]): object[] {
  const [first] = acls;
  if (!first) return [];
  const { resourceType, resourceName, patternType, host, permission } = first;
  return [
    {
      ...(permission === 'deny' && { type: 'deny' }),
      resource: {
        type: resourceTypes[resourceType],
        ...(resourceType !== 'cluster' && {
          name: resourceName,
          patternType: patternType === 'prefixed' ? 'prefix' : 'literal',
        }),
      },
      operations: acls.map(({ operation }) => operationText(operation)),
      ...(host !== '*' && { host }),
    },
  ];
}

const operationText = (operation: string): string =>
  operation.replaceAll(/(^|-)([a-z])/g, (_, _hyphen: string, letter: string) => letter.toUpperCase());
