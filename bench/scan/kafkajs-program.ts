import kafkajs, { type KafkaConfig } from 'kafkajs';
import { chunks } from '../../src/kafka/link/patience.js';
import { lookWhenTold } from './measured.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } =
  kafkajs;

/** As many questions at once as a person would dare; more are refused by its timeouts. */
const atOnce = 50;

/**
 * The same questions to kafkajs as far as it can ask them: topics with their configuration, the ends of their logs twice,
 * groups with members and commits twice, and ACLs. It cannot ask for sizes, producers, transactions, quotas and records.
 */
lookWhenTold(async (connection: KafkaConfig) => {
  const kafka = new kafkajs.Kafka({ ...connection, requestTimeout: 120_000 });
  const admin = kafka.admin();
  let requests = 0;
  admin.on(admin.events.REQUEST, () => void requests++);
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata();
  const names = topics.map(({ name }) => name);
  const { groups } = await admin.listGroups();
  const ids = groups.map(({ groupId }) => groupId);
  for (const share of chunks(names, 500))
    await admin.describeConfigs({
      includeSynonyms: false,
      resources: share.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
    });
  await admin.describeGroups(ids);
  for (let look = 0; look < 2; look++) {
    for (const share of chunks(names, atOnce))
      await Promise.all(share.map((name) => again(() => admin.fetchTopicOffsets(name))));
    for (const share of chunks(ids, atOnce))
      await Promise.all(share.map((groupId) => admin.fetchOffsets({ groupId })));
  }
  await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  await admin.disconnect();
  return { requests, found: { topics: names.length, groups: ids.length } };
});

/**
 * Asked at once for the ends of many topics on several brokers, kafkajs 2.2.4 at times finds none of the partitions of one
 * and throws a TypeError (`admin/index.js`, fetchTopicOffsets): whoever uses it asks again.
 */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TypeError) || tries === 10) throw error;
    }
}
