/**
 * What the ferry's own principal may do on each cluster, and why: everything a migration needs and nothing else.
 * The documentation on security quotes this list; the lab grants exactly this, so a test fails when it is too short.
 *
 * Read, Write, Delete and Alter imply Describe (Kafka's authorizer, `AclOperation`).
 */
export interface FerryGrant {
  resource: 'cluster' | 'topic' | 'group' | 'transactionalId';
  operation: 'describe' | 'describeConfigs' | 'alter' | 'create' | 'read' | 'write' | 'delete';
  /** Only for names that begin so; every name without it. */
  prefix?: string;
  why: string;
}

export const ferryGrants: Readonly<Record<'source' | 'target', readonly FerryGrant[]>> = {
  source: [
    {
      resource: 'cluster',
      operation: 'describe',
      why: 'read the ACLs to copy; list every consumer group; say how much there is to copy',
    },
    { resource: 'cluster', operation: 'alter', why: 'delete the ACLs of a topic that was retired' },
    { resource: 'cluster', operation: 'describeConfigs', why: 'show quotas in a scan' },
    { resource: 'topic', operation: 'describeConfigs', why: 'read the configuration to copy' },
    {
      resource: 'topic',
      operation: 'read',
      why: 'see what lies behind the last commit of a group; name the producer of an open transaction',
    },
    { resource: 'topic', operation: 'delete', why: 'retire the topic, on approval' },
    { resource: 'group', operation: 'describe', why: 'read members and committed offsets' },
    { resource: 'group', operation: 'delete', why: 'delete the offsets on a topic that was retired' },
    { resource: 'transactionalId', operation: 'describe', why: 'name an open transaction' },
  ],
  target: [
    { resource: 'cluster', operation: 'describe', why: 'read the ACLs that are there already' },
    {
      resource: 'cluster',
      operation: 'describeConfigs',
      why: "compare the brokers' defaults, which a new topic gets where nothing is set",
    },
    {
      resource: 'cluster',
      operation: 'alter',
      why: 'create the ACLs of a migration; delete them when it is aborted',
    },
    { resource: 'topic', operation: 'create', why: 'create the topics' },
    {
      resource: 'topic',
      operation: 'describeConfigs',
      why: 'compare a topic that is there already, and one that was just created',
    },
    {
      resource: 'topic',
      operation: 'read',
      why: 'commit starting offsets; see whether a group that was moved has anything left to read',
    },
    {
      resource: 'topic',
      operation: 'write',
      why: 'mirror records, and keep the offset map: for the mirroring strategies alone',
    },
    { resource: 'topic', operation: 'delete', why: 'take back a topic that an aborted migration made' },
    {
      resource: 'group',
      operation: 'read',
      why: 'read members and committed offsets, and commit starting offsets',
    },
    { resource: 'group', operation: 'delete', why: 'take back starting offsets when a migration is aborted' },
    {
      resource: 'transactionalId',
      operation: 'describe',
      why: 'name a transaction that has yet to decide about a commit',
    },
    {
      resource: 'transactionalId',
      operation: 'write',
      prefix: 'kafka-ferry.',
      why: 'shut out an earlier attempt of a mirror: for the mirroring strategies alone',
    },
  ],
};
