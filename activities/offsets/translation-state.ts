import { z } from 'zod';
import { tableOf } from '../../src/migration/by-name.js';
import { positionsShape } from '../../src/migration/positions.js';
import type { Activities } from '../../src/migration/work/activities.js';

export type TranslateInput = Parameters<Activities['translateGroups']>[0];
export type TranslateAnswer = Exclude<
  Awaited<ReturnType<Activities['translateGroups']>>,
  { state: 'watching' }
>;

const positionOfBefore = z.object({
  topic: z.string(),
  partition: z.number(),
  source: z.string().nullable(),
  target: z.string(),
  certainty: z.enum(['exact', 'at-least-once']),
  metadata: z.string().optional(),
  without: z.literal(true).optional(),
});

/** Where the groups are on the source (a digest), and since when, in ms of watching. */
export const stillShape = z.object({
  positions: z.string(),
  sinceMs: z.number(),
  /** A position that the mirror has not come to, how far it is, and since when, in ms of watching. */
  behind: z.object({ says: z.string(), sinceMs: z.number() }).optional(),
  /** The same of each group, its offsets added up. */
  each: tableOf(z.object({ committed: z.string(), sinceMs: z.number() })).optional(),
  /** What attempts were about to commit. */
  intended: z
    .array(
      z.object({
        group: z.string(),
        positions: positionsShape().optional(),
        partitions: z.array(positionOfBefore).optional(),
      }),
    )
    .optional(),
});
export type Still = z.infer<typeof stillShape>;
