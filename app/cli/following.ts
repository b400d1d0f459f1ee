import {
  type Client,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { z } from 'zod';
import { listed } from '../connections/listing.js';
import { Payloads } from '../connections/payloads.js';
import { statusQuery } from '../../src/migration/messages.js';
import type { Status } from '../../src/migration/status.js';
import { CommandFailure, exitCodes } from './failure.js';
import { mirrorLive, mirrorNumbers } from './mirror-sum.js';
import { together, troubleOf, type Trouble } from './troubles.js';
import type { Live } from './live.js';
import { noSuchMigration, notUpToNow, type Temporal } from './temporal.js';

export interface Look {
  status: Status;
  live: Live[];
  /** What does not get on, and since when. */
  troubles: Trouble[];
  workflowId: string;
  taskQueue: string;
}

/**
 * The status of a migration with what its activities under way saw last.
 * @throws CommandFailure `BadInput` when there is none of that name; `Unreachable` when no worker answers;
 * `Refused` when its run ended in a way that leaves no status.
 */
export async function look(temporal: Temporal, name: string): Promise<Look> {
  const handle = temporal.migration(name);
  const description = await handle.describe().catch((error: unknown) => {
    throw error instanceof WorkflowNotFoundError ? noSuchMigration(name) : error;
  });
  const { taskQueue } = description;
  const ended = description.status.name;
  if (ended === 'FAILED' || ended === 'TERMINATED' || ended === 'TIMED_OUT')
    throw await whyEnded(temporal, name, description);
  const status = await temporal
    .answered(taskQueue, () => handle.query<Status>(statusQuery))
    .catch(async (error: unknown) => {
      throw (await fails(temporal, description).catch(() => false)) ? notUpToNow() : error;
    });
  // An abort ends so too, and then has its outcome.
  if (ended === 'CANCELLED' && !status.outcome) throw await whyEnded(temporal, name, description);
  return {
    status,
    ...(status.outcome
      ? { live: [], troubles: [] }
      : await seenNow(temporal.client, description, new Date())),
    workflowId: description.workflowId,
    taskQueue,
  };
}

/** Whether what a worker last did with the migration was to fail at it: then Temporal lets questions wait for nothing. */
async function fails({ client }: Temporal, { workflowId, runId, status }: WorkflowExecutionDescription) {
  if (status.name !== 'RUNNING') return false;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: lately,
  });
  const last = history?.events?.find(
    ({ workflowTaskCompletedEventAttributes: done, workflowTaskFailedEventAttributes: failed }) =>
      done || failed,
  );
  return Boolean(last?.workflowTaskFailedEventAttributes);
}

/** Events: messages may have come since. */
const lately = 50;

async function whyEnded(
  temporal: Temporal,
  name: string,
  description: WorkflowExecutionDescription,
): Promise<CommandFailure> {
  const { state, step } = listed(description);
  const reason =
    state === 'failed'
      ? await temporal
          .migration(name)
          .result()
          .then(
            () => '',
            (error: unknown) =>
              (error instanceof WorkflowFailedError ? error.cause?.message : undefined) ?? '',
          )
      : 'both clusters are as they were then';
  return new CommandFailure(
    'Refused',
    [`${name} was ${state}${step === null ? '' : ` at ${step}`}${reason === '' ? '' : `: ${reason}`}`],
    exitCodes.failed,
  );
}

const heartbeat = z.object({
  says: z.string(),
  at: z.string(),
  mirror: mirrorNumbers.optional().catch(undefined),
  progress: z
    .object({
      what: z.enum(['Copying', 'Draining', 'Comparing']),
      done: z.number(),
      all: z.number(),
      perSecond: z.number(),
    })
    .optional()
    .catch(undefined),
  failing: z.object({ since: z.string(), why: z.string() }).optional().catch(undefined),
});

/** Heartbeats that are the ferry's, those of a mirror's shares as one, and what keeps activities from going on. */
export async function seenNow(
  client: Client,
  { raw }: WorkflowExecutionDescription,
  now: Date,
): Promise<{ live: Live[]; troubles: Trouble[] }> {
  const payloads = new Payloads(client);
  const seen = await Promise.all(
    (raw.pendingActivities ?? []).map(async (activity) => {
      const beat = heartbeat.safeParse(await payloads.value(activity.heartbeatDetails?.payloads?.[0])).data;
      const said = activity.lastFailure ? await payloads.message(activity.lastFailure) : undefined;
      return { beat, trouble: troubleOf(activity, beat, now, said) };
    }),
  );
  const beats = seen.flatMap(({ beat }) => (beat ? [beat] : []));
  const shares = beats.flatMap(({ mirror, at }) => (mirror ? [{ ...mirror, at }] : []));
  return {
    live: [
      ...beats.flatMap(({ says, at, mirror, progress }) =>
        mirror ? [] : [{ says, at, ...(progress && { progress }) }],
      ),
      ...(shares.length > 0 ? [mirrorLive(shares)] : []),
    ],
    troubles: together(seen.flatMap(({ trouble }) => (trouble ? [trouble] : []))),
  };
}
