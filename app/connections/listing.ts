import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { migrationName, workflowId } from '../../src/migration/messages.js';
import { readMembership } from '../../src/migration/membership.js';
import { looking } from './looking.js';

/** A migration as Temporal's visibility shows it: no worker has to answer, but it may be some seconds behind. */
export interface Listed {
  name: string;
  workflowId: string;
  strategy: string;
  /**
   * What the workflow last wrote down, or how the run ended where it could not write any more; `unknown` of one that runs
   * where that cannot be read.
   */
  state: string;
  step: string | null;
  /** ISO 8601: since when it is in this state at this step; unknown of one that a worker of before carries out. */
  since?: string;
  /** ISO 8601: when the migration was started. */
  startedAt: string;
  running: boolean;
  /** It is paused by its fleet, as in a freeze: nobody is to do anything. */
  held?: true;
  /** The workflow id of the fleet that it was last told it is in, whether or not that runs. */
  fleet?: string;
  /** What the workflow wrote down cannot be read here: it is encoded otherwise, or not as this program knows it. */
  unread?: true;
  source: string;
  target: string;
  topics: string[];
  groups: string[];
}

type RunListed = Omit<WorkflowExecutionInfo, 'raw'>;

const memo = z.object({
  source: z.string(),
  target: z.string(),
  topics: z.array(z.string()),
  groups: z.array(z.string()),
  step: z.string().nullable(),
  state: z.string(),
  since: z.iso.datetime().optional().catch(undefined),
  startedAt: z.string().optional(),
  held: z.literal(true).optional().catch(undefined),
  fleet: z.string().optional().catch(undefined),
});

/** The latest run of every migration that Temporal still knows, newest first; with `running`, only those that run. */
export async function listMigrations(client: Client, { running }: { running: boolean }): Promise<Listed[]> {
  const status = running ? `ExecutionStatus = "Running"` : `ExecutionStatus != "ContinuedAsNew"`;
  const query = `WorkflowId STARTS_WITH "${workflowId('')}" AND ${status}`;
  const latest = new Map<string, RunListed>();
  for await (const info of looking(client).list({ query })) {
    const known = latest.get(info.workflowId);
    if (!known || known.startTime < info.startTime) latest.set(info.workflowId, info);
  }
  return [...latest.values()].map(listed).sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Those that run on a queue, in no order; pages are small, since each has a memo that names all of its topics. */
export async function listRunning(client: Client, taskQueue: string): Promise<Listed[]> {
  const query = `WorkflowId STARTS_WITH "${workflowId('')}" AND TaskQueue = ${JSON.stringify(taskQueue)} AND ExecutionStatus = "Running"`;
  const all: Listed[] = [];
  for await (const info of looking(client).list({ query, pageSize: 100 })) all.push(listed(info));
  return all;
}

/** What visibility knows of one run; fields of the memo are empty until its first workflow task is done. */
export function listed(info: RunListed): Listed {
  const told = memo.safeParse(info.memo?.['migration']).data;
  // One that has written none down may have been started with it: by a worker of before, or just now.
  const fleet = told?.fleet ?? readMembership(info.memo?.['fleet'])?.id;
  const unread = !told && Object.hasOwn(info.memo ?? {}, 'migration');
  const running = info.status.name === 'RUNNING';
  // An aborted migration ends as Canceled, or, by a worker of before that, as Completed.
  const { name } = info.status;
  const ended =
    (name === 'COMPLETED' || name === 'CANCELLED' ? told?.state : undefined) ??
    (name === 'COMPLETED' ? 'done' : name.toLowerCase().replace('_', ' '));
  return {
    name: migrationName(info.workflowId),
    workflowId: info.workflowId,
    strategy: info.type,
    state: running ? (told?.state ?? (unread ? 'unknown' : 'running')) : ended,
    step: told?.step ?? null,
    ...(running && told?.since !== undefined && { since: told.since }),
    startedAt: told?.startedAt ?? info.startTime.toISOString(),
    running,
    ...(running && told?.held && { held: told.held }),
    ...(fleet !== undefined && { fleet }),
    ...(unread && { unread }),
    source: told?.source ?? '',
    target: told?.target ?? '',
    topics: told?.topics ?? [],
    groups: told?.groups ?? [],
  };
}
