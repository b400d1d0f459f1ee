import kafkajs, { type AclEntry, type Admin, type Kafka } from 'kafkajs';
import { untilVisible } from '../acls.js';
import { withAdmin } from '../kafka/admin.js';
import { principalOf } from '../principals.js';
import { aclKey, brokerAcls, needsTopics, type BrokerAcl } from './rules.js';
import type { Kept } from './state.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const lookAgainMs = 1_000;

/** Keeps the ACLs of the lab's target as the entries want them. */
export class Enforcement {
  private held = new Map<string, BrokerAcl>();
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly kept: Kept,
    private readonly kafka: Kafka,
  ) {}

  /** Learns which of the brokers' ACLs are the stand-in's own: those of service users that it makes and removes. */
  async start(): Promise<void> {
    await withAdmin(this.kafka, async (admin) => {
      this.held = await heldBy(admin, new Set(this.principals()));
    });
    await this.apply();
    setInterval(() => {
      if (needsTopics(this.kept.now.acl)) void this.apply().catch(() => undefined);
    }, lookAgainMs);
  }

  /** Resolves when a broker decides by the entries as they are now. */
  apply(): Promise<void> {
    const applied = this.last.then(() => this.applyNow());
    this.last = applied.catch(() => undefined);
    return applied;
  }

  private principals(): string[] {
    return this.kept.now.users.map(brokerName);
  }

  private async applyNow(): Promise<void> {
    await withAdmin(this.kafka, async (admin) => {
      const topics = needsTopics(this.kept.now.acl) ? await admin.listTopics() : [];
      const wanted = brokerAcls(this.kept.now, this.kept.now.users, topics, brokerName);
      const added = [...wanted].filter(([key]) => !this.held.has(key)).map(([, acl]) => entry(acl));
      const removed = [...this.held].filter(([key]) => !wanted.has(key));
      if (added.length > 0) {
        await admin.createAcls({ acl: added });
        await untilVisible(admin, added);
      }
      if (removed.length > 0) await admin.deleteAcls({ filters: removed.map(([, acl]) => entry(acl)) });
      this.held = wanted;
    });
  }
}

/** The brokers of the lab's target know a user by the subject of its certificate. */
const brokerName = (user: string): string => principalOf('target', user);

const upper = (word: string): string => word.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();

function entry(acl: BrokerAcl): AclEntry {
  return {
    principal: acl.principal,
    host: acl.host,
    resourceName: acl.resource_name,
    resourceType: AclResourceTypes[upper(acl.resource_type) as keyof typeof AclResourceTypes],
    operation: AclOperationTypes[upper(acl.operation) as keyof typeof AclOperationTypes],
    permissionType: AclPermissionTypes[acl.permission_type],
    resourcePatternType: ResourcePatternTypes[acl.pattern_type],
  };
}

async function heldBy(admin: Admin, principals: ReadonlySet<string>): Promise<Map<string, BrokerAcl>> {
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  const word = (words: object, value: number): string =>
    (Object.entries(words).find(([, number]) => number === value)?.[0] ?? '')
      .split('_')
      .map((part) => part.charAt(0) + part.slice(1).toLowerCase())
      .join('');
  const all = resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
    acls
      .filter(({ principal }) => principals.has(principal))
      .map((one): BrokerAcl => ({
        resource_type: word(AclResourceTypes, resourceType),
        resource_name: resourceName,
        pattern_type: resourcePatternType === ResourcePatternTypes.PREFIXED ? 'PREFIXED' : 'LITERAL',
        principal: one.principal,
        host: one.host,
        operation: word(AclOperationTypes, one.operation),
        permission_type: one.permissionType === AclPermissionTypes.DENY ? 'DENY' : 'ALLOW',
      })),
  );
  return new Map(all.map((acl) => [aclKey(acl), acl]));
}
