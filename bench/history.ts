import type { Client } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';

type Event = NonNullable<History['events']>[number];

/** The events of a workflow from its first run on, through every run that it continued as. */
export async function eventsOfAllRuns(
  client: Client,
  workflowId: string,
  firstRunId: string,
): Promise<{ events: Event[]; runs: number }> {
  const events: Event[] = [];
  let runs = 0;
  for (let runId: string | null | undefined = firstRunId; runId; runs++) {
    events.push(...(await eventsOf(client, workflowId, runId)));
    runId = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return { events, runs };
}

/** A few at a time: an event may be of a megabyte, and an answer of the server is of four at most. */
const eventsAtOnce = 3;

async function eventsOf(client: Client, workflowId: string, runId: string): Promise<Event[]> {
  const events: Event[] = [];
  const execution = { workflowId, runId };
  for (let nextPageToken: Uint8Array | null | undefined = new Uint8Array(); nextPageToken;) {
    const answer: { history?: History | null; nextPageToken?: Uint8Array | null } =
      await client.workflowService.getWorkflowExecutionHistory({
        ...{ namespace: client.options.namespace, execution },
        ...{ maximumPageSize: eventsAtOnce, nextPageToken },
      });
    events.push(...(answer.history?.events ?? []));
    nextPageToken = answer.nextPageToken?.length ? answer.nextPageToken : undefined;
  }
  return events;
}

/** Bytes of all payloads of one event: what Temporal refuses above 2 MB, and warns of from 512 KB. */
export function payloadBytes(event: unknown): number {
  if (event instanceof Uint8Array) return event.length;
  if (typeof event !== 'object' || event === null) return 0;
  return Object.values(event).reduce((sum: number, part: unknown) => sum + payloadBytes(part), 0);
}

/** For example `activityTaskScheduled`. */
export function kindOf(event: Event | undefined): string {
  const kinds = Object.entries(event ?? {}).flatMap(([name, value]) =>
    name.endsWith('EventAttributes') && value ? [name.replace('EventAttributes', '')] : [],
  );
  return kinds.join();
}
