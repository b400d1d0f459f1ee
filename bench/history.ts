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
    const history: History = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    events.push(...(history.events ?? []));
    runId = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return { events, runs };
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
