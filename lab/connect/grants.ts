import type { Grant } from '../acls.js';
import type { ClusterName } from '../principals.js';

/**
 * What the principal of Kafka Connect may do on each cluster, and why: what MirrorMaker 2 needs when it writes nothing
 * to the source (`offset-syncs.topic.location=target`) and copies no ACLs (`sync.topic.acls.enabled=false`).
 *
 * Read, Write and Alter imply Describe, AlterConfigs implies DescribeConfigs (Kafka's authorizer, `AclOperation`).
 */
export const connectGrants: Readonly<Record<ClusterName, readonly (Grant & { why: string })[]>> = {
  source: [
    { resource: 'topic', operation: 'read', why: 'copy the records' },
    { resource: 'topic', operation: 'describeConfigs', why: 'copy the configuration of topics' },
    {
      resource: 'group',
      operation: 'describe',
      why: 'read the committed offsets that checkpoints translate',
    },
  ],
  target: [
    { resource: 'topic', operation: 'create', why: "create Connect's internal topics and MirrorMaker's" },
    { resource: 'topic', operation: 'read', why: 'read them back; commit offsets of groups' },
    { resource: 'topic', operation: 'write', why: 'write records, offsets, configurations and states' },
    { resource: 'topic', operation: 'alter', why: 'add a partition that the source has got' },
    { resource: 'topic', operation: 'alterConfigs', why: 'keep the configuration of topics in step' },
    { resource: 'group', operation: 'read', why: 'be a group of workers; write the offsets of groups' },
    {
      resource: 'transactionalId',
      operation: 'write',
      why: 'exactly-once source support; fence off tasks of a worker that is gone',
    },
  ],
};
