import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { LabError } from './host/failure.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const VISIBLE_WITHIN_MS = 15_000;

/** What an application may do, by names of topics, groups and transactional ids (literal, or `*` for all). */
export interface Grants {
  read?: readonly string[];
  write?: readonly string[];
  groups?: readonly string[];
  transactionalIds?: readonly string[];
}

/** The ACLs of an application, as `kafka-acls --producer` and `--consumer` make them. */
export function applicationAcls(principal: string, grants: Grants): AclEntry[] {
  const allow = (
    resourceType: AclEntry['resourceType'],
    names: readonly string[] = [],
    operations: readonly AclEntry['operation'][],
  ) =>
    names.flatMap((name) => operations.map((operation) => entry(principal, resourceType, name, operation)));
  const { READ, WRITE, DESCRIBE } = AclOperationTypes;
  return [
    ...allow(AclResourceTypes.TOPIC, grants.read, [READ, DESCRIBE]),
    ...allow(AclResourceTypes.TOPIC, grants.write, [WRITE, DESCRIBE]),
    ...allow(AclResourceTypes.GROUP, grants.groups, [READ]),
    ...allow(AclResourceTypes.TRANSACTIONAL_ID, grants.transactionalIds, [WRITE, DESCRIBE]),
  ];
}

/** One right on everything of a kind that a cluster has, or on the names that begin with `prefix`. */
export interface Grant {
  resource: keyof typeof resourceTypes;
  operation: keyof typeof operations;
  prefix?: string;
}

export function grantAcls(principal: string, grants: readonly Grant[]): AclEntry[] {
  return grants.map(({ resource, operation, prefix }) => ({
    ...entry(
      principal,
      resourceTypes[resource],
      // The one name that the resource type Cluster has.
      resource === 'cluster' ? 'kafka-cluster' : (prefix ?? '*'),
      operations[operation],
    ),
    ...(prefix !== undefined && { resourcePatternType: ResourcePatternTypes.PREFIXED }),
  }));
}

/**
 * Resolves when the broker that is asked decides by these ACLs. The controller answers that they are created before the
 * brokers' authorizers have replayed the metadata log; DescribeAcls is answered by such an authorizer.
 */
export async function untilVisible(admin: Admin, acl: readonly AclEntry[]): Promise<void> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS;
  while (!(await allVisible(admin, acl))) {
    if (Date.now() > deadline)
      throw new LabError(`ACLs were created but the broker does not know them after 15 s.`);
    await sleep(20);
  }
}

async function allVisible(admin: Admin, acl: readonly AclEntry[]): Promise<boolean> {
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  const known = new Set(
    resources.flatMap((resource) =>
      resource.acls.map((one) =>
        [resource.resourceType, resource.resourceName, one.principal, one.operation].join(),
      ),
    ),
  );
  return acl.every((one) =>
    known.has([one.resourceType, one.resourceName, one.principal, one.operation].join()),
  );
}

function entry(
  principal: string,
  resourceType: AclEntry['resourceType'],
  resourceName: string,
  operation: AclEntry['operation'],
): AclEntry {
  return {
    principal,
    resourceType,
    resourceName,
    operation,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    permissionType: AclPermissionTypes.ALLOW,
    host: '*',
  };
}

const resourceTypes = {
  cluster: AclResourceTypes.CLUSTER,
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  transactionalId: AclResourceTypes.TRANSACTIONAL_ID,
} as const;

const operations = {
  describe: AclOperationTypes.DESCRIBE,
  describeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  alter: AclOperationTypes.ALTER,
  alterConfigs: AclOperationTypes.ALTER_CONFIGS,
  create: AclOperationTypes.CREATE,
  read: AclOperationTypes.READ,
  write: AclOperationTypes.WRITE,
  delete: AclOperationTypes.DELETE,
} as const;
