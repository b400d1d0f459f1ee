import { ApplicationFailure, type LoadedDataConverter } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeMapFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import type { Happening, Histories, Run, RunEnd } from '../../src/account/happenings.js';

type HistoryEvent = NonNullable<History['events']>[number];
type Payloads = Parameters<typeof decodeArrayFromPayloads>[1];
type Failure = Parameters<typeof decodeOptionalFailureToOptionalError>[1];

/** `google.rpc.Code`; the SDK hands the answer of a history on as it came. */
const notFound = 5;

/**
 * The histories of a migration, of as many of its runs as Temporal still has.
 *
 * @param runId of an earlier migration of the name: its last run, or any of its runs to read up to there
 * @throws WorkflowNotFoundError when there is none
 */
export async function historiesOf(client: Client, workflowId: string, runId?: string): Promise<Histories> {
  const { loadedDataConverter } = client.options;
  // Asked by `describe` first, since it alone tells a run that is not there from a namespace that is not.
  const { runId: latest } = await client.workflow.getHandle(workflowId, runId).describe();
  const runs: Run[] = [];
  for (let at: string | undefined = latest; at;) {
    const current: string = at;
    const history = await client.workflow
      .getHandle(workflowId, current)
      .fetchHistory()
      .catch((error: unknown) => {
        if (runs.length > 0 && isGrpcServiceError(error) && Number(error.code) === notFound) return undefined;
        throw error;
      });
    if (!history) return { workflowId, runs, gone: { runId: current } };
    const { run, before } = await runFrom(current, history, loadedDataConverter);
    runs.unshift(run);
    at = before;
  }
  return { workflowId, runs };
}

/** One history in the words of an account, and the run that it goes on from. */
export async function runFrom(
  runId: string,
  { events }: History,
  converter: LoadedDataConverter,
): Promise<{ run: Run; before: string | undefined }> {
  const all = events ?? [];
  const read = (payloads: Payloads) => decoded(converter, payloads);
  const began = all[0]?.workflowExecutionStartedEventAttributes;
  const happenings: Happening[] = [];
  let end: RunEnd | null = null;
  for (const event of all) {
    const happening = await happeningOf(event, read, converter);
    if (happening) happenings.push(happening);
    end = (await endOf(event, read, converter)) ?? end;
  }
  const before = began?.continuedExecutionRunId;
  return {
    run: {
      runId,
      startedAt: timeOf(all[0]),
      input: await read(began?.input?.payloads),
      happenings,
      events: all.length,
      end,
    },
    before: before ? before : undefined,
  };
}

type Read = (payloads: Payloads) => Promise<unknown[]>;

async function happeningOf(
  event: HistoryEvent,
  read: Read,
  converter: LoadedDataConverter,
): Promise<Happening | undefined> {
  const at = timeOf(event);
  const first = async (payloads: Payloads) => (await read(payloads))[0];
  const {
    activityTaskScheduledEventAttributes: scheduled,
    activityTaskCompletedEventAttributes: completed,
    activityTaskFailedEventAttributes: failed,
    activityTaskTimedOutEventAttributes: timedOut,
    workflowExecutionSignaledEventAttributes: signal,
    workflowExecutionUpdateAcceptedEventAttributes: update,
    workflowExecutionUpdateCompletedEventAttributes: replied,
    workflowPropertiesModifiedEventAttributes: properties,
  } = event;
  if (scheduled)
    return {
      ...{ what: 'asked', at, id: String(event.eventId), activity: scheduled.activityType?.name ?? '' },
      input: await first(scheduled.input?.payloads),
    };
  if (completed)
    return {
      ...{ what: 'answered', at, id: String(completed.scheduledEventId) },
      answer: await first(completed.result?.payloads),
    };
  const ended = failed ?? timedOut;
  if (ended) {
    const error = await errorOf(converter, ended.failure);
    const told = error instanceof ApplicationFailure ? error : undefined;
    return {
      ...{ what: 'failed', at, id: String(ended.scheduledEventId) },
      type: told?.type ?? 'Unexpected',
      sentence:
        told?.message ?? (timedOut ? 'It did not answer in time.' : 'It failed, and did not say why.'),
      details: told?.details ?? [],
    };
  }
  if (signal)
    return {
      ...{ what: 'said', at, id: String(event.eventId), message: signal.signalName ?? '', via: 'signal' },
      ...{ input: await first(signal.input?.payloads), identity: signal.identity ?? '' },
    };
  if (update) {
    const { meta, input } = update.acceptedRequest ?? {};
    return {
      ...{ what: 'said', at, id: meta?.updateId ?? '', message: input?.name ?? '', via: 'update' },
      ...{ input: await first(input?.args?.payloads), identity: meta?.identity ?? '' },
    };
  }
  if (replied)
    return {
      ...{ what: 'replied', at, id: replied.meta?.updateId ?? '' },
      reply: await first(replied.outcome?.success?.payloads),
    };
  if (properties) {
    const memo = await decodeMapFromPayloads(converter, properties.upsertedMemo?.fields).catch(
      () => undefined,
    );
    return { what: 'shown', at, memo: memo?.['migration'] };
  }
  return undefined;
}

async function endOf(
  event: HistoryEvent,
  read: Read,
  converter: LoadedDataConverter,
): Promise<RunEnd | undefined> {
  const at = timeOf(event);
  const {
    workflowExecutionCompletedEventAttributes: completed,
    workflowExecutionCanceledEventAttributes: canceled,
    workflowExecutionFailedEventAttributes: failed,
    workflowExecutionTerminatedEventAttributes: terminated,
    workflowExecutionTimedOutEventAttributes: timedOut,
    workflowExecutionContinuedAsNewEventAttributes: continued,
  } = event;
  if (completed) return { at, how: 'completed', result: (await read(completed.result?.payloads))[0] };
  if (canceled) return { at, how: 'canceled', result: (await read(canceled.details?.payloads))[0] };
  if (failed) {
    const error = await errorOf(converter, failed.failure);
    return { at, how: 'failed', sentence: error?.message ?? failed.failure?.message ?? '' };
  }
  if (terminated) return { at, how: 'terminated', sentence: terminated.reason ?? '' };
  if (timedOut) return { at, how: 'timed-out' };
  return continued ? { at, how: 'continued' } : undefined;
}

/** Where there is a codec, what stands in clear says no more than that it is encoded. */
const errorOf = (converter: LoadedDataConverter, failure: Failure): Promise<Error | undefined> =>
  decodeOptionalFailureToOptionalError(converter, failure).catch(() => undefined);

/** What cannot be decoded is nothing: it is of somebody else, or its codec is not here. */
async function decoded(converter: LoadedDataConverter, payloads: Payloads): Promise<unknown[]> {
  return decodeArrayFromPayloads(converter, payloads).catch(() => []);
}

/** Seconds are a number of 64 bits, or its digits. */
const timeOf = (event: HistoryEvent | undefined): string => {
  const { seconds, nanos } = event?.eventTime ?? {};
  return new Date(Number(String(seconds ?? 0)) * 1000 + Math.floor((nanos ?? 0) / 1e6)).toISOString();
};
