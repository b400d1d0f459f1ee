import type { Right } from '../provisioner.js';

/** An entry of Aiven's own kind: for users and topics, of which both may be patterns with `*` and `?`. */
export interface OwnEntry {
  readonly kind: 'aiven';
  readonly permission: OwnPermission;
  readonly topic: string;
  readonly username: string;
}

export type OwnPermission = 'admin' | 'read' | 'readwrite' | 'write';

/** An ACL of Kafka as Aiven keeps it (`/kafka/acl`), in the API's words. */
export interface NativeEntry {
  readonly kind: 'native';
  readonly operation: string;
  readonly patternType: string;
  readonly permission: string;
  readonly principal: string;
  readonly resourceName: string;
  readonly resourceType: string;
  readonly host: string;
}

/** An entry for subjects of the service's schema registry (Karapace): `write` is to read as well. */
export interface RegistryEntry {
  readonly kind: 'registry';
  readonly permission: 'schema_registry_read' | 'schema_registry_write';
  /** `Subject:orders-value`, `Config:`; `*` and `?` stand for more. */
  readonly resource: string;
  readonly username: string;
}

/** What the brokers decide by. */
export type KafkaEntry = OwnEntry | NativeEntry;
export type AivenEntry = KafkaEntry | RegistryEntry;

/** An entry that is there. Old ones of Aiven's own kind may have no id. */
export type Held<Entry extends AivenEntry> = Entry & { readonly id?: string | undefined };
export type HeldEntry = Held<AivenEntry>;

export const hasId = <Entry extends AivenEntry>(
  entry: Held<Entry>,
): entry is Entry & { readonly id: string } => entry.id !== undefined;

/** Stands for a pattern type in a right that is an entry of Aiven's own kind. */
const own = 'aiven';

/** The same, for one of the registry. */
const ofRegistry = 'registry';

const user = 'User:';

/** The API's words for what Kafka's are, both ways. */
const operations = {
  all: 'All',
  alter: 'Alter',
  'alter-configs': 'AlterConfigs',
  'cluster-action': 'ClusterAction',
  create: 'Create',
  'create-tokens': 'CreateTokens',
  delete: 'Delete',
  describe: 'Describe',
  'describe-configs': 'DescribeConfigs',
  'describe-tokens': 'DescribeTokens',
  'idempotent-write': 'IdempotentWrite',
  read: 'Read',
  write: 'Write',
} as const;
const resourceTypes = {
  cluster: 'Cluster',
  'delegation-token': 'DelegationToken',
  group: 'Group',
  topic: 'Topic',
  'transactional-id': 'TransactionalId',
  user: 'User',
} as const;

/** Whether Aiven has a word for the operation: its native ACLs have 13. */
export const hasWordFor = (operation: string): boolean => Object.hasOwn(operations, operation);

/** The entry that a right stands for. */
export function entryOf(right: Right): AivenEntry {
  if (right.patternType === own)
    return {
      kind: 'aiven',
      permission: right.operation as OwnPermission,
      topic: right.resourceName,
      username: withoutKind(right.principal),
    };
  if (right.patternType === ofRegistry)
    return {
      kind: 'registry',
      permission: right.operation as RegistryEntry['permission'],
      resource: right.resourceName,
      username: withoutKind(right.principal),
    };
  return {
    kind: 'native',
    operation: operations[right.operation as keyof typeof operations],
    patternType: right.patternType.toUpperCase(),
    permission: right.permission.toUpperCase(),
    principal: right.principal,
    resourceName: right.resourceName,
    resourceType: resourceTypes[right.resourceType as keyof typeof resourceTypes],
    host: right.host,
  };
}

export function rightOf(entry: AivenEntry): Right {
  if (entry.kind === 'registry')
    return {
      resourceType: 'subject',
      resourceName: entry.resource,
      patternType: ofRegistry,
      principal: `${user}${entry.username}`,
      host: '*',
      operation: entry.permission,
      permission: 'allow',
    };
  if (entry.kind === 'aiven')
    return {
      resourceType: 'topic',
      resourceName: entry.topic,
      patternType: own,
      principal: `${user}${entry.username}`,
      host: '*',
      operation: entry.permission,
      permission: 'allow',
    };
  return {
    resourceType: wordFor(resourceTypes, entry.resourceType),
    resourceName: entry.resourceName,
    patternType: entry.patternType.toLowerCase(),
    principal: entry.principal,
    host: entry.host,
    operation: wordFor(operations, entry.operation),
    permission: entry.permission.toLowerCase(),
  };
}

/** An entry by all that makes it what it is; equal entries are one. */
export function entryKey(entry: AivenEntry): string {
  return JSON.stringify(Object.values(rightOf(entry)));
}

/** As a sentence names it: `the ACL read on shop.orders for billing`. */
export function entryText(entry: AivenEntry): string {
  if (entry.kind === 'aiven') return `the ACL ${entry.permission} on ${entry.topic} for ${entry.username}`;
  if (entry.kind === 'registry')
    return `the ACL ${entry.permission} on ${entry.resource} for ${entry.username}`;
  const { permission, operation, resourceType, resourceName, principal } = entry;
  return `the ACL ${permission} ${operation} on ${resourceType} ${resourceName} for ${principal}`;
}

export function withoutKind(principal: string): string {
  return principal.startsWith(user) ? principal.slice(user.length) : principal;
}

/** A newer API may have words that the ferry does not know: they stay as they are. */
function wordFor(words: Readonly<Record<string, string>>, word: string): string {
  return Object.keys(words).find((key) => words[key] === word) ?? word;
}
