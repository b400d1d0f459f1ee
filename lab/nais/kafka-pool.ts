import kafkajs, { type AclEntry } from 'kafkajs';
import { withAdmin } from '../kafka/admin.js';
import type { LabCluster } from '../kafka/cluster.js';
import { createTopics } from '../kafka/topics.js';
import { ADMIN, principalOf } from '../principals.js';
import { userPattern, type Permission, type Pool, type PoolAcl } from './controller.js';

const {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  ConfigSource,
  ResourcePatternTypes,
} = kafkajs;

/**
 * The target of a lab as a pool: an ACL of Aiven's becomes the ACLs of Kafka that mean the same for the applications of
 * the lab that its user pattern stands for. Every application may use every group and transactional id, as at Aiven.
 *
 * @param applications of the lab, by their team
 */
export function kafkaPool(
  cluster: LabCluster,
  applications: readonly { team: string; application: string }[],
): Pool {
  const admin = <T>(work: Parameters<typeof withAdmin<T>>[1]) => withAdmin(cluster.kafkajs(ADMIN), work);
  const acls = new Map<string, PoolAcl>();
  let given = 0;
  const entriesOf = ({ topic, username, permission }: PoolAcl): AclEntry[] =>
    applications
      .filter(({ team, application }) => userPattern(team, application) === username)
      .flatMap(({ application }) => {
        const allow = (
          resourceType: AclEntry['resourceType'],
          resourceName: string,
          operation: AclEntry['operation'],
        ) => ({
          resourceType,
          resourceName,
          operation,
          principal: principalOf(cluster.name, application),
          resourcePatternType: ResourcePatternTypes.LITERAL,
          permissionType: AclPermissionTypes.ALLOW,
          host: '*',
        });
        return [
          ...operationsOf(permission).map((operation) => allow(AclResourceTypes.TOPIC, topic, operation)),
          allow(AclResourceTypes.GROUP, '*', AclOperationTypes.READ),
          allow(AclResourceTypes.TRANSACTIONAL_ID, '*', AclOperationTypes.WRITE),
          allow(AclResourceTypes.TRANSACTIONAL_ID, '*', AclOperationTypes.DESCRIBE),
        ];
      });
  return {
    hasTopic: (name) => admin(async (kafka) => (await kafka.listTopics()).includes(name)),
    async createTopic(name, { partitions, replication }, config) {
      await createTopics(cluster, [
        {
          topic: name,
          numPartitions: partitions,
          // A lab of one broker has no second replica.
          replicationFactor: Math.min(replication, cluster.brokers.length),
          configEntries: Object.entries(config).map(([entry, value]) => ({ name: entry, value })),
        },
      ]);
    },
    async updateTopic(name, { partitions }, config) {
      await admin(async (kafka) => {
        const { topics } = await kafka.fetchTopicMetadata({ topics: [name] });
        if ((topics[0]?.partitions.length ?? 0) < partitions)
          await kafka.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
        // Kafka's own request sets all entries of a topic anew; Aiven's leaves those alone that it does not name.
        const resource = { type: ConfigResourceTypes.TOPIC, name };
        const { resources } = await kafka.describeConfigs({ resources: [resource], includeSynonyms: false });
        const set = (resources[0]?.configEntries ?? []).filter(
          ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
        );
        const entries = {
          ...Object.fromEntries(set.map(({ configName, configValue }) => [configName, configValue])),
          ...config,
        };
        await kafka.alterConfigs({
          validateOnly: false,
          resources: [
            {
              ...resource,
              configEntries: Object.entries(entries).map(([entry, value]) => ({ name: entry, value })),
            },
          ],
        });
      });
    },
    listAcls: async () => [...acls].map(([id, acl]) => ({ id, ...acl })),
    async addAcl(acl) {
      given += 1;
      acls.set(`acl-${given}`, acl);
      const entries = entriesOf(acl);
      if (entries.length > 0) await admin((kafka) => kafka.createAcls({ acl: entries }));
    },
    async deleteAcl(id) {
      const acl = acls.get(id);
      acls.delete(id);
      if (!acl) return;
      const filters = entriesOf(acl).filter(({ resourceType }) => resourceType === AclResourceTypes.TOPIC);
      if (filters.length > 0) await admin((kafka) => kafka.deleteAcls({ filters }));
    },
  };
}

function operationsOf(permission: Permission): AclEntry['operation'][] {
  const { READ, WRITE, DESCRIBE } = AclOperationTypes;
  return [...(permission === 'write' ? [] : [READ]), ...(permission === 'read' ? [] : [WRITE]), DESCRIBE];
}
