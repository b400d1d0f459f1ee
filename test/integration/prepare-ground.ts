import type { Attempt } from '../../activities/kit/attempt.js';
import type { Dependencies } from '../../activities/kit/dependencies.js';
import type { Lab, LabCluster } from '../../lab/lab.js';
import type { AclBinding, Cluster, NewTopic } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { FerryError } from '../../src/migration/errors.js';
import { parseMigration, type Migration, type MigrationFile } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { openRegistries } from '../../app/connections/registries.js';
import type { Registry } from '../../src/registry/registry.js';
import { eventually } from '../eventually.js';
import { connectionOf } from './kafka-cluster.js';

/** Both clusters of the lab, as the ferry and as their administrator. */
export interface Ground extends Dependencies {
  source: Cluster;
  target: Cluster;
  admin: { source: Cluster; target: Cluster };
  lab: Lab;
  close(): Promise<void>;
}

export function openGround(lab: Lab): Ground {
  const open = (name: 'source' | 'target', user: string) => openCluster(name, connectionOf(lab[name], user));
  const source = open('source', 'ferry');
  const target = open('target', 'ferry');
  const admin = { source: open('source', 'admin'), target: open('target', 'admin') };
  return {
    source,
    target,
    admin,
    lab,
    clusters: (name) => {
      if (name === 'source') return source;
      if (name === 'target') return target;
      throw new FerryError('BadInput', `ferry.yaml has no cluster ${name}.`);
    },
    registries: openRegistries({}).get,
    holds: { take: async () => [], release: async () => undefined, held: async () => [] },
    otherMigrations: async () => [],
    close: async () => {
      await Promise.all([source, target, admin.source, admin.target].map((cluster) => cluster.close()));
    },
  };
}

/** A migration from the lab's source to its target; the ferry's own grants on every topic stay behind. */
export function migrationOf(
  file: Pick<MigrationFile, 'name' | 'topics'> & Partial<MigrationFile>,
): Migration {
  const { migration, mistakes } = parseMigration({
    strategy: 'simplestCase',
    source: 'source',
    target: 'target',
    leaveBehind: { principals: ['User:ferry', 'User:connect'] },
    ...file,
  });
  if (mistakes) throw new Error(JSON.stringify(mistakes));
  return migration;
}

export async function createOn(
  cluster: Cluster,
  ...topics: (Partial<NewTopic> & { name: string })[]
): Promise<void> {
  const rows = await cluster.createTopics(
    topics.map((topic) => ({ partitions: 2, replicationFactor: 1, config: {}, ...topic })),
  );
  for (const { error } of rows.values()) if (error) throw error;
}

/** Grants, visible when it resolves. */
export async function grant(cluster: Cluster, ...bindings: AclBinding[]): Promise<void> {
  for (const { error } of await cluster.createAcls(bindings)) if (error) throw error;
  const wanted = bindings.map((binding) => JSON.stringify(binding));
  await eventually(
    async () => (await cluster.acls())?.map((binding) => JSON.stringify(binding)) ?? [],
    (there) => wanted.every((binding) => there.includes(binding)),
  );
}

export function allow(
  principal: string,
  operation: AclBinding['operation'],
  resourceType: AclBinding['resourceType'],
  resourceName: string,
  more: Partial<AclBinding> = {},
): AclBinding {
  return {
    resourceType,
    resourceName,
    patternType: 'literal',
    principal,
    host: '*',
    operation,
    permission: 'allow',
    ...more,
  };
}

export async function produce(cluster: LabCluster, topic: string, values: number): Promise<void> {
  const producer = cluster.kafkajs('admin').producer();
  await producer.connect();
  try {
    await producer.send({
      topic,
      messages: Array.from({ length: values }, (_, index) => ({ partition: 0, value: `${index}` })),
    });
  } finally {
    await producer.disconnect();
  }
}

/** What retention does, at once: the records of partition 0 before this offset are gone (DeleteRecords). */
export async function expireBefore(cluster: LabCluster, topic: string, offset: number): Promise<void> {
  const admin = cluster.kafkajs('admin').admin();
  await admin.connect();
  try {
    // kafkajs deletes only in topics whose metadata an earlier call has loaded.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  } finally {
    await admin.disconnect();
  }
}

/** Commits for a group without members, as its application did once. */
export async function commit(
  cluster: Cluster,
  group: string,
  topic: string,
  offsets: bigint[],
): Promise<void> {
  const rows = await cluster.commitOffsets(
    group,
    offsets.map((offset, partition) => ({ topic, partition, offset })),
  );
  for (const { error } of rows.values()) if (error) throw error;
}

/** A live member of a group; resolves when it has partitions. `stop` lets it leave. */
export async function join(
  cluster: LabCluster,
  group: string,
  topic: string,
): Promise<{ stop(): Promise<void> }> {
  const consumer = cluster.kafkajs('admin').consumer({ groupId: group, sessionTimeout: 10_000 });
  await consumer.connect();
  await consumer.subscribe({ topic });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  // It holds partitions and never commits: what is committed is the test's alone.
  await consumer.run({ autoCommit: false, eachMessage: async () => {} });
  await joined;
  return { stop: () => consumer.disconnect() };
}

/** Attempts at one activity, one after the other: what one has noted, the next one reads. */
export class Attempts {
  private noted: unknown;

  next(): Attempt {
    return {
      noted: this.noted,
      note: async (facts) => {
        // As Temporal carries it: plain JSON.
        this.noted = JSON.parse(JSON.stringify(facts));
      },
      says: () => undefined,
      signal: new AbortController().signal,
    };
  }
}

export const attempt = (): Attempt => new Attempts().next();

/** The same, with registries by these names. */
export function withRegistries(ground: Ground, byName: Readonly<Record<string, Registry>>): Dependencies {
  return {
    ...ground,
    registries: (name) => {
      const registry = byName[name];
      if (!registry) throw new FerryError('BadInput', `no registry ${name}`);
      return registry;
    },
  };
}

/** Weight and key of findings, in order of key. */
export function keysOf(findings: readonly Finding[]): string[] {
  return findings.map(({ weight, key }) => `${weight} ${key}`).sort();
}

export function sentenceOf(findings: readonly Finding[], key: string): string | undefined {
  return findings.find((finding) => finding.key === key)?.sentence;
}
