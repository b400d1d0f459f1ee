import type { WorkflowExecutionDescription } from '@temporalio/client';
import { isErrorType } from '../../src/migration/error-types.js';
import { formatDuration } from '../../src/migration/duration.js';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** Why something that is under way does not get on, and since when. */
export interface Trouble {
  why: string;
  /** ISO 8601: since then nothing is known to have worked. */
  since: string;
  /** How often it was begun. */
  attempts: number;
}

/** `PENDING_ACTIVITY_STATE_SCHEDULED` of `temporal.api.enums.v1`: no worker has begun with it, or not again. */
const scheduled = 1;
/** A worker that is there takes up what it is asked within a moment. */
const takenUpWithinMs = 20_000;

/** What the last heartbeat of an activity says beside its sentence. */
export interface Beat {
  at: string;
  failing?: { since: string; why: string } | undefined;
}

/**
 * @param beat its last heartbeat, if it is the ferry's
 * @param said the sentence of its last failure, where that is encoded
 */
export function troubleOf(
  activity: Pending,
  beat: Beat | undefined,
  now: Date,
  said = activity.lastFailure?.message ?? '',
): Trouble | undefined {
  const attempts = Number(activity.attempt ?? 1);
  if (beat?.failing && Number(activity.state) !== scheduled) return { ...beat.failing, attempts };
  const asked = timeOf(activity.scheduledTime);
  const begun = timeOf(activity.lastStartedTime);
  const beaten = timeOf(activity.lastHeartbeatTime);
  // Both by the clock of Temporal; that of the worker may be any.
  const lives = beaten !== undefined && begun !== undefined && beaten >= begun;
  if (attempts > 1 && activity.lastFailure && (Number(activity.state) === scheduled || !lives))
    return {
      why: reasonOf(activity.lastFailure, said),
      since: beat?.at ?? asked?.toISOString() ?? now.toISOString(),
      attempts,
    };
  if (Number(activity.state) === scheduled && attempts === 1 && asked && late(asked, now))
    return {
      why: `No worker has begun with ${activity.activityType?.name ?? 'it'}: see that one runs on this queue and has a free slot (worker.maxMirrors, worker.maxWatches).`,
      since: asked.toISOString(),
      attempts,
    };
  return undefined;
}

/** The same reason is told once, since when it began first. */
export function together(troubles: readonly Trouble[]): Trouble[] {
  const byReason = new Map<string, Trouble>();
  for (const one of troubles) {
    const known = byReason.get(one.why);
    byReason.set(one.why, {
      why: one.why,
      since: known && known.since < one.since ? known.since : one.since,
      attempts: Math.max(one.attempts, known?.attempts ?? 0),
    });
  }
  return [...byReason.values()];
}

/** For example `Nothing has worked since 2026-03-01 12:00:31 UTC (5m ago, tried 7 times): aiven did not answer …` */
export function sayTrouble({ why, since, attempts }: Trouble, now: Date): string {
  const times = attempts > 1 ? `, tried ${attempts} times` : '';
  const ms = Math.max(0, Math.round((now.getTime() - Date.parse(since)) / 1000) * 1000);
  return `Does not get on since ${since.slice(0, 10)} ${since.slice(11, 19)} UTC (${formatDuration(ms)}${times}): ${why}`;
}

/** Text that is not the ferry's own is left out, as it may quote anything. */
function reasonOf({ applicationFailureInfo }: NonNullable<Pending['lastFailure']>, said: string): string {
  return isErrorType(applicationFailureInfo?.type ?? '')
    ? said
    : 'its worker was lost, or failed in a way that only its log tells.';
}

const late = (asked: Date, now: Date): boolean => now.getTime() - asked.getTime() > takenUpWithinMs;

/** A timestamp of protobuf: seconds as a number or a `Long`, and nanoseconds. */
function timeOf(time: Pending['scheduledTime']): Date | undefined {
  const ms = Number(time?.seconds ?? 0) * 1000 + Math.floor(Number(time?.nanos ?? 0) / 1e6);
  return ms > 0 ? new Date(ms) : undefined;
}
