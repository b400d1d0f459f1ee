import { parse } from 'yaml';
import { z } from 'zod';

const whole = z.int().optional();

/** As much of a Topic as the controller acts on. Kubernetes would have refused anything else. */
const shape = z.strictObject({
  apiVersion: z.literal('kafka.nais.io/v1'),
  kind: z.literal('Topic'),
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    pool: z.string(),
    config: z
      .strictObject({
        partitions: whole,
        replication: whole,
        minimumInSyncReplicas: whole,
        cleanupPolicy: z.string().optional(),
        retentionHours: whole,
        retentionBytes: whole,
        segmentHours: whole,
        maxMessageBytes: whole,
        deleteRetentionHours: whole,
        minCompactionLagMs: whole,
        maxCompactionLagMs: whole,
      })
      .default({}),
    acl: z.array(
      z.strictObject({
        access: z.enum(['read', 'write', 'readwrite']),
        application: z.string(),
        team: z.string(),
      }),
    ),
  }),
});

export type Topic = z.output<typeof shape>;

/** @throws when the text is no Topic */
export function topicOf(text: string): Topic {
  return shape.parse(parse(text));
}
