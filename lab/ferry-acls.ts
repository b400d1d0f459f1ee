/**
 * What the ferry's own principal may do on each cluster, and why: everything a migration needs and nothing else.
 * The documentation on security quotes this list; the lab grants exactly this, so a test fails when it is too short.
 *
 * Read implies Describe, and so do Write, Delete and Alter (Kafka's authorizer, `AclOperation`).
 */
export interface FerryGrant {
  resource: 'cluster' | 'topic' | 'group' | 'transactionalId';
  operation:
    | 'describe'
    | 'describeConfigs'
    | 'alter'
    | 'alterConfigs'
    | 'create'
    | 'read'
    | 'write'
    | 'delete'
    | 'idempotentWrite';
  why: string;
}

const both: readonly FerryGrant[] = [
  { resource: 'cluster', operation: 'describe', why: 'list ACLs and consumer groups' },
  {
    resource: 'cluster',
    operation: 'alter',
    why: 'create and delete the ACLs of a migration; end a hanging transaction that a person gave up',
  },
  {
    resource: 'cluster',
    operation: 'describeConfigs',
    why: "read the brokers' limits that a topic must fit in",
  },
  { resource: 'topic', operation: 'describeConfigs', why: 'compare configurations' },
  {
    resource: 'topic',
    operation: 'read',
    why: 'see what nobody has consumed yet; commit offsets for its partitions',
  },
  {
    resource: 'topic',
    operation: 'alterConfigs',
    why: 'set single entries, such as a longer retention while people are waited for',
  },
  {
    resource: 'topic',
    operation: 'delete',
    why: 'retire the source on approval; undo what the migration itself created',
  },
  { resource: 'group', operation: 'read', why: 'read and commit the offsets of a group' },
  {
    resource: 'group',
    operation: 'delete',
    why: 'delete offsets and groups of a retired topic, or undo commits',
  },
  { resource: 'transactionalId', operation: 'describe', why: 'name the producer of an open transaction' },
];

export const ferryGrants: Readonly<Record<'source' | 'target', readonly FerryGrant[]>> = {
  source: both,
  target: [
    ...both,
    { resource: 'cluster', operation: 'create', why: 'create topics' },
    { resource: 'cluster', operation: 'idempotentWrite', why: 'mirror with an idempotent producer' },
    { resource: 'topic', operation: 'create', why: 'create topics where the cluster grants it by name' },
    { resource: 'topic', operation: 'alter', why: 'add partitions that the source was given' },
    { resource: 'topic', operation: 'write', why: 'mirror records' },
    { resource: 'transactionalId', operation: 'write', why: 'mirror in transactions' },
  ],
};
