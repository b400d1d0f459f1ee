import { z } from 'zod';

/** What Connect's REST interface answers, as far as the ferry reads it (Kafka 2.8 to 4.x). */

export const workerAnswer = z.object({ version: z.string(), kafka_cluster_id: z.string() });
export type WorkerFacts = z.output<typeof workerAnswer>;

export const connectorsAnswer = z.array(z.string());

/** By the connector's name. */
export const topicsAnswer = z.record(z.string(), z.object({ topics: z.array(z.string()) }));

export const validationAnswer = z.object({
  error_count: z.number(),
  configs: z.array(
    z.object({ value: z.object({ name: z.string(), errors: z.array(z.string()).default([]) }) }),
  ),
});

const state = z.string();
export const statusAnswer = z.object({
  name: z.string(),
  /** Absent: a Connect that does not tell, or a word that came later. */
  type: z.enum(['source', 'sink']).optional().catch(undefined),
  connector: z.object({ state, worker_id: z.string().optional(), trace: z.string().optional() }),
  tasks: z.array(
    z.object({
      id: z.number(),
      state,
      worker_id: z.string().optional(),
      trace: z.string().optional(),
    }),
  ),
});
export type ConnectorStatus = z.output<typeof statusAnswer>;

export const configAnswer = z.record(z.string(), z.string().nullable());

/** KIP-875. Both are objects whose keys the connector chooses; a deleted offset is `null`. */
export const offsetsAnswer = z.object({
  offsets: z.array(
    z.object({
      partition: z.record(z.string(), z.unknown()),
      offset: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});
export type ConnectorOffset = z.output<typeof offsetsAnswer>['offsets'][number];

export const errorAnswer = z.object({ error_code: z.number(), message: z.string() });
