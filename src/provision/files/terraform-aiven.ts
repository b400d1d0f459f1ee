import type { AclBinding, NewTopic } from '../../kafka/cluster.js';
import { named } from '../../migration/foreign-text.js';
import { grouped } from '../../migration/grouped.js';
import type { DeclaredAccess, Declaring, Undeclarable, WantedAccess } from '../declaring.js';
import type { Access } from '../grants.js';
import { hcl, hclName, type HclBlock, type HclValue } from './hcl.js';
import { isServiceUser } from '../aiven/service-user.js';
import { declaredWith } from './kafka-topic.js';
import { Names } from './names.js';

export interface TerraformTarget {
  /** Expressions of Terraform: `var.project`, `aiven_kafka.main.service_name`, or a text in quotes. */
  project: string;
  service: string;
}

/** What Aiven's API takes, and Terraform with it, in its own spelling. */
const aivenEntries: ReadonlySet<string> = new Set([
  'cleanup_policy',
  'compression_type',
  'delete_retention_ms',
  'file_delete_delay_ms',
  'flush_messages',
  'flush_ms',
  'index_interval_bytes',
  'local_retention_bytes',
  'local_retention_ms',
  'max_compaction_lag_ms',
  'max_message_bytes',
  'message_timestamp_after_max_ms',
  'message_timestamp_before_max_ms',
  'message_timestamp_type',
  'min_cleanable_dirty_ratio',
  'min_compaction_lag_ms',
  'min_insync_replicas',
  'preallocate',
  'remote_storage_enable',
  'retention_bytes',
  'retention_ms',
  'segment_bytes',
  'segment_index_bytes',
  'segment_jitter_ms',
  'segment_ms',
  'unclean_leader_election_enable',
]);
const spelled = (entry: string) => entry.replaceAll('.', '_');

/** Topics and ACLs of an Aiven service that a person makes with Terraform (the provider `aiven/aiven`). */
export function terraformAiven(target: TerraformTarget): Declaring {
  const service = [
    ['project', { expression: target.project }],
    ['service_name', { expression: target.service }],
  ] as const;
  return {
    by: 'terraform-aiven',
    from: 'its Terraform resource',
    topic: (wanted) =>
      declaredWith(wanted, (entry) => aivenEntries.has(spelled(entry)), 'a Terraform resource of Aiven'),
    access: aivenAccess,
    files: (migration, topics, { bindings }) => {
      const names = new Names(hclName);
      const acls = aclBlocks(migration, bindings, service);
      return [
        {
          path: `${migration}.topics.tf`,
          text: hcl(topics.map(({ topic }) => topicBlock(topic, service, names))),
        },
        ...(acls.length > 0 ? [{ path: `${migration}.acls.tf`, text: hcl(acls) }] : []),
      ];
    },
    beside: () => [],
  };
}

type Body = readonly (readonly [string, HclValue])[];

function topicBlock(
  { name, partitions, replicationFactor, config }: NewTopic,
  service: Body,
  names: Names,
): HclBlock {
  const entries = Object.entries(config).map(([entry, value]): readonly [string, HclValue] => [
    spelled(entry),
    entry === 'cleanup.policy'
      ? policyText(value)
      : value === 'true' || value === 'false'
        ? value === 'true'
        : value,
  ]);
  return {
    type: 'resource',
    labels: ['aiven_kafka_topic', names.of(name)],
    body: [
      ...service,
      ['topic_name', name],
      ['partitions', { expression: String(partitions) }],
      ['replication', { expression: String(replicationFactor) }],
    ],
    blocks: [
      ...(entries.length > 0 ? [{ type: 'config', body: entries }] : []),
      // A topic that holds records goes when somebody says so, and not when a plan of Terraform replaces it.
      { type: 'lifecycle', body: [['prevent_destroy', true]] },
    ],
  };
}

/** Aiven knows both policies in one order only. */
const policyText = (value: string) =>
  value
    .split(',')
    .map((one) => one.trim())
    .toSorted()
    .join(',');

/** What an ACL is in Aiven's API (`/kafka/acl`). */
const resourceTypes: Readonly<Partial<Record<AclBinding['resourceType'], string>>> = {
  topic: 'Topic',
  group: 'Group',
  cluster: 'Cluster',
  'transactional-id': 'TransactionalId',
};

const title = (words: string) =>
  words.replaceAll(/(^|-)([a-z])/g, (_, _hyphen: string, letter: string) => letter.toUpperCase());

function aivenAccess({ bindings }: WantedAccess): DeclaredAccess {
  const mistakes = new Map<string, Undeclarable>();
  for (const { principal } of bindings)
    if (!isServiceUser(principal))
      mistakes.set(principal, {
        key: `principal-no-user:${principal}`,
        sentence: `Aiven has ACLs for its service users alone, and none can be called ${named(principal)}: say the service user's name (User: and letters, digits, - . _) under principals.`,
      });
  return {
    grants: [],
    bindings: bindings.filter(({ principal }) => !mistakes.has(principal)),
    losses: [],
    mistakes: [...mistakes.values()],
    unmapped: [],
  };
}

/** Aiven's own ACLs where these say the same, and Kafka's native ones for all that they cannot say. */
function aclBlocks(migration: string, bindings: readonly AclBinding[], service: Body): HclBlock[] {
  // A folder is one module, where two migrations may have ACLs for the same group.
  const names = new Names((text) => hclName(`${migration}_${text}`));
  const pairs = grouped(bindings, ({ resourceType, resourceName, principal }) =>
    JSON.stringify([resourceType, resourceName, principal]),
  );
  return [...pairs.values()].flatMap((acls): HclBlock[] => {
    const [first] = acls;
    if (!first) return [];
    const user = first.principal.slice('User:'.length);
    const permission = ownPermission(acls);
    if (permission !== undefined)
      return [
        {
          type: 'resource',
          labels: ['aiven_kafka_acl', names.of(`${first.resourceName}_${user}`)],
          body: [...service, ['topic', first.resourceName], ['permission', permission], ['username', user]],
        },
      ];
    return acls.map((acl) => nativeBlock(acl, service, names));
  });
}

/** What of Aiven's own says exactly what these ACLs say of one topic and one user. */
function ownPermission(acls: readonly AclBinding[]): Access | undefined {
  const plain = acls.every(
    ({ resourceType, patternType, host, permission, operation, principal, resourceName }) =>
      resourceType === 'topic' &&
      patternType === 'literal' &&
      host === '*' &&
      permission === 'allow' &&
      ['read', 'write', 'describe'].includes(operation) &&
      // In a pattern of Aiven these stand for others.
      !/[*?]/.test(principal + resourceName),
  );
  const may = (operation: string) => acls.some((acl) => acl.operation === operation);
  if (!plain) return undefined;
  if (may('read')) return may('write') ? 'readwrite' : 'read';
  return may('write') ? 'write' : undefined;
}

function nativeBlock(acl: AclBinding, service: Body, names: Names): HclBlock {
  const { resourceType, resourceName, patternType, principal, host, operation, permission } = acl;
  const label = `${resourceName}_${principal.slice('User:'.length)}_${operation}`;
  return {
    type: 'resource',
    labels: ['aiven_kafka_native_acl', names.of(label)],
    body: [
      ...service,
      ['resource_type', resourceTypes[resourceType] ?? title(resourceType)],
      ['resource_name', resourceName],
      ['pattern_type', patternType.toUpperCase()],
      ['principal', principal],
      ['host', host],
      ['operation', title(operation)],
      ['permission_type', permission.toUpperCase()],
    ],
  };
}
