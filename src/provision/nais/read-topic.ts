import { z } from 'zod';
import { oneLine } from '../../migration/foreign-text.js';
import { pathText, type Mistake } from '../../migration/mistakes.js';
import type { Access } from '../grants.js';
import { apiVersion } from './topic-file.js';
import { configDefaults, kafkaConfigOf, type TopicConfig } from './topic-config.js';

/** A Topic as its file declares it, in the words of Kafka. */
export interface ReadTopic {
  /** `metadata.name`. */
  name: string;
  /** As Kafka has it: `namespace.name`. */
  fullName: string;
  pool: string;
  partitions: number;
  replicationFactor: number;
  /** All that holds by the Topic, defaults of NAIS among it. */
  config: Record<string, string>;
  acl: { team: string; application: string; access: Access }[];
}

const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected });
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const error =
    most === Number.MAX_SAFE_INTEGER
      ? `expected a whole number${least === Number.MIN_SAFE_INTEGER ? '' : ` from ${least}`}`
      : `expected a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error }).optional();
};
const anyWhole = whole(Number.MIN_SAFE_INTEGER);
const aPercentage = { error: 'expected a percentage, for example 50%' };
const policies = ['delete', 'compact', 'compact,delete'] as const;

const config = z
  .strictObject({
    partitions: whole(1, 1_000_000),
    replication: whole(2),
    minimumInSyncReplicas: whole(1, 7),
    cleanupPolicy: z.enum(policies, { error: `expected ${policies.join(' or ')}` }).optional(),
    retentionHours: anyWhole,
    retentionBytes: anyWhole,
    segmentHours: whole(1, 8760),
    maxMessageBytes: whole(1, 5_242_880),
    deleteRetentionHours: anyWhole,
    minCompactionLagMs: whole(0),
    maxCompactionLagMs: whole(0),
    minCleanableDirtyRatioPercent: z
      .union(
        [
          z.int(aPercentage).min(0, aPercentage).max(100, aPercentage),
          z.string().regex(/^(\d{1,2}|100)%$/, aPercentage),
        ],
        aPercentage,
      )
      .optional(),
    localRetentionHours: anyWhole,
    localRetentionBytes: anyWhole,
  })
  .refine(
    ({
      replication = configDefaults.replication,
      minimumInSyncReplicas = configDefaults.minimumInSyncReplicas,
    }) => minimumInSyncReplicas <= replication,
    { error: 'expected minimumInSyncReplicas no larger than replication, as kafkarator does' },
  );

const anApiVersion = { error: `expected ${apiVersion}: the ferry reads no other` };
const topicShape = z.strictObject({
  apiVersion: z.literal(apiVersion, anApiVersion),
  kind: z.literal('Topic', { error: 'expected Topic: take the file of another kind out' }),
  metadata: z.looseObject(
    {
      name: text('expected the name of the Topic'),
      namespace: text('expected the namespace: the full name of the topic begins with it'),
    },
    { error: 'expected an object with name and namespace' },
  ),
  spec: z.strictObject(
    {
      pool: text('expected the name of a pool, for example nav-prod'),
      config: config.optional(),
      acl: z.array(
        z.strictObject({
          access: z.enum(['read', 'write', 'readwrite'], { error: 'expected read, write or readwrite' }),
          application: text('expected the name of an application'),
          team: text('expected the name of a team'),
        }),
        { error: 'expected a list of entries with access, team and application' },
      ),
    },
    { error: 'expected an object with pool, config and acl' },
  ),
  // As `kubectl get --output yaml` has it.
  status: z.unknown().optional(),
});

/** Reads one Topic resource. Every mistake is told at once, in one sentence each; none quotes a value. */
export function readTopic(
  document: unknown,
): { topic: ReadTopic; mistakes?: undefined } | { mistakes: Mistake[]; topic?: undefined } {
  const parsed = topicShape.safeParse(document);
  if (!parsed.success)
    return {
      mistakes: parsed.error.issues.flatMap((issue): Mistake[] =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({
              path: oneLine(pathText([...issue.path, key])),
              expected: 'is not a key of a Topic that the ferry knows: what it means would be lost',
            }))
          : [{ path: pathText(issue.path), expected: issue.message }],
      ),
    };
  const { metadata, spec } = parsed.data;
  const said = definedOf(spec.config ?? {});
  return {
    topic: {
      name: metadata.name,
      fullName: `${metadata.namespace}.${metadata.name}`,
      pool: spec.pool,
      partitions: said.partitions ?? configDefaults.partitions,
      replicationFactor: said.replication ?? configDefaults.replication,
      config: kafkaConfigOf(said),
      acl: spec.acl,
    },
  };
}

function definedOf(config: object): TopicConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
