import { crc32 } from '@node-rs/crc32';
import type { Topic } from './resource.js';

export type Permission = 'read' | 'write' | 'readwrite';

/** An ACL of Aiven's own kind, in which `*` stands for any characters. */
export interface PoolAcl {
  topic: string;
  username: string;
  permission: Permission;
}

/** The configuration that is sent: entries of Kafka. What is left out keeps its last value. */
export type PoolConfig = Readonly<Record<string, string>>;

/** A Kafka service as the controller asks for it; Aiven's API in life. */
export interface Pool {
  hasTopic(name: string): Promise<boolean>;
  createTopic(
    name: string,
    size: { partitions: number; replication: number },
    config: PoolConfig,
  ): Promise<void>;
  updateTopic(name: string, size: { partitions: number }, config: PoolConfig): Promise<void>;
  listAcls(): Promise<(PoolAcl & { id: string })[]>;
  addAcl(acl: PoolAcl): Promise<void>;
  deleteAcl(id: string): Promise<void>;
}

export interface Status {
  synchronizationState: 'RolloutComplete' | 'FailedPrepare' | 'FailedSynchronization';
  fullyQualifiedName: string;
  errors: string[];
}

const hour = 3_600_000;
const ms = (hours: number) => (hours < 0 ? '-1' : String(hours * hour));

/**
 * What kafkarator does with a Topic that has changed: ACLs first, those that are missing added and those for exactly this
 * topic that the resource does not name deleted (patterns stay), then the topic. It takes a change of `cleanupPolicy`
 * for done without making it, and does not send `deleteRetentionHours` for a topic that is there.
 */
export async function synchronize(pool: Pool, topic: Topic): Promise<Status> {
  const { metadata, spec } = topic;
  const name = `${metadata.namespace}.${metadata.name}`;
  const {
    partitions = 1,
    replication = 3,
    minimumInSyncReplicas = 2,
    cleanupPolicy = 'delete',
    retentionHours = 168,
    retentionBytes = -1,
    segmentHours = 168,
    maxMessageBytes = 1_048_588,
    deleteRetentionHours,
    minCompactionLagMs,
    maxCompactionLagMs,
  } = spec.config;
  const failed = (state: Status['synchronizationState'], error: string): Status => ({
    synchronizationState: state,
    fullyQualifiedName: name,
    errors: [error],
  });
  if (minimumInSyncReplicas > replication)
    return failed('FailedPrepare', 'minimumInSyncReplicas is above replication');
  const always: PoolConfig = {
    'min.insync.replicas': String(minimumInSyncReplicas),
    'retention.ms': ms(retentionHours),
    'retention.bytes': String(retentionBytes),
    'segment.ms': ms(segmentHours),
    'max.message.bytes': String(maxMessageBytes),
    ...(minCompactionLagMs !== undefined && { 'min.compaction.lag.ms': String(minCompactionLagMs) }),
    ...(maxCompactionLagMs !== undefined && { 'max.compaction.lag.ms': String(maxCompactionLagMs) }),
  };
  try {
    await synchronizeAcls(pool, name, spec.acl);
    if (await pool.hasTopic(name)) await pool.updateTopic(name, { partitions }, always);
    else
      await pool.createTopic(
        name,
        { partitions, replication },
        {
          ...always,
          'cleanup.policy': cleanupPolicy,
          ...(deleteRetentionHours !== undefined && { 'delete.retention.ms': ms(deleteRetentionHours) }),
        },
      );
  } catch (error) {
    return failed('FailedSynchronization', error instanceof Error ? error.message : String(error));
  }
  return { synchronizationState: 'RolloutComplete', fullyQualifiedName: name, errors: [] };
}

async function synchronizeAcls(pool: Pool, topic: string, entries: Topic['spec']['acl']): Promise<void> {
  const wanted = entries.map(({ access, application, team }): PoolAcl => ({
    topic,
    username: userPattern(team, application),
    permission: access,
  }));
  const of = (acl: PoolAcl) => `${acl.username} ${acl.permission}`;
  const there = (await pool.listAcls()).filter((acl) => acl.topic === topic);
  const known = new Set(there.map(of));
  for (const acl of wanted) if (!known.has(of(acl))) await pool.addAcl(acl);
  const kept = new Set(wanted.map(of));
  for (const acl of there) if (!kept.has(of(acl))) await pool.deleteAcl(acl.id);
}

/** Written down a second time, from liberator: what is judged must not be its own judge. */
export function userPattern(team: string, application: string): string {
  const short = (text: string, prefix: string, most: number) => {
    if (text.includes('*') && text.length <= most) return text;
    let rest = text.startsWith(prefix) && text !== prefix ? text.substring(prefix.length) : text;
    while (rest.startsWith('-')) rest = rest.substring(1);
    rest = rest.substring(0, most);
    while (rest.length > 1 && rest.endsWith('-')) rest = rest.substring(0, rest.length - 1);
    return rest;
  };
  const hash = `${team}${application}`.includes('*')
    ? '*'
    : crc32(team + application)
        .toString(16)
        .padStart(8, '0');
  return `${short(team, 'team', 20)}_${short(application, team, 30)}_${hash}_*`;
}
