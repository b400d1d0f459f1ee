import type { WorkflowHandle } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';

type Event = NonNullable<History['events']>[number];

/** How often a workflow has asked an activity, and how many answers it has been told. */
export function callsOf(events: Event[], activity: string): { asked: number; told: number } {
  const ids = events
    .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity)
    .map(({ eventId }) => String(eventId));
  const answers = events.filter((event) => ids.includes(String(answerTo(event)?.scheduledEventId)));
  const heard = events.findLastIndex((event) => Boolean(event.workflowTaskCompletedEventAttributes));
  return { asked: ids.length, told: answers.filter((answer) => events.indexOf(answer) < heard).length };
}

/** What the server waits for, by one look at the history: a workflow task, and activities. */
export function underWay(events: readonly Event[]): { task: boolean; activities: number } {
  const isTaskOpen = (event: Event) =>
    Boolean(event.workflowTaskScheduledEventAttributes ?? event.workflowTaskStartedEventAttributes);
  const isTaskOver = (event: Event) =>
    Boolean(
      event.workflowTaskCompletedEventAttributes ??
      event.workflowTaskFailedEventAttributes ??
      event.workflowTaskTimedOutEventAttributes,
    );
  const asked = events.filter((event) => event.activityTaskScheduledEventAttributes);
  return {
    task: events.findLastIndex(isTaskOpen) > events.findLastIndex(isTaskOver),
    activities: asked.length - events.filter((event) => answerTo(event)).length,
  };
}

/** How an activity has ended, if this is the event of that. */
const answerTo = (event: Event) =>
  event.activityTaskCompletedEventAttributes ??
  event.activityTaskFailedEventAttributes ??
  event.activityTaskTimedOutEventAttributes ??
  event.activityTaskCanceledEventAttributes;

export async function pendingOf(handle: WorkflowHandle) {
  return (await handle.describe()).raw.pendingActivities ?? [];
}
type Pending = Awaited<ReturnType<typeof pendingOf>>[number];

/**
 * Whether workers have begun with all that the migration asks of them. The time-skipping server locks its clock when an
 * activity is scheduled, and never unlocks it for one that is cancelled before it is started.
 */
export async function isTakenUp(handle: WorkflowHandle): Promise<boolean> {
  return areTakenUp(await pendingOf(handle));
}

export function areTakenUp(pending: readonly Pending[]): boolean {
  return !pending.some(({ state, attempt }) => Number(state) === scheduled && attempt === 1);
}

/** `PENDING_ACTIVITY_STATE_SCHEDULED` of `temporal.api.enums.v1`. */
const scheduled = 1;
