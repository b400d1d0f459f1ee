import { ApplicationFailure, Context, log } from '@temporalio/activity';
import { TemporalFailure } from '@temporalio/common';
import { isErrorType, transientTypes } from '../../src/migration/error-types.js';
import { FerryError, isFerryError } from '../../src/migration/errors.js';
import { toldOnce, withinRoom, type Finding } from '../../src/migration/findings.js';
import { metrics } from '../../src/migration/metrics.js';
import { bytesOf, mostBytes, tooLarge } from '../../src/migration/size.js';
import { count } from './measuring.js';

/**
 * What Temporal may know of an error: its type and one sentence. Transient types are tried again by the activity's
 * retry policy; any other waits for a person. An error that is not the ferry's may quote a payload or a credential, so
 * none of its text leaves the process.
 */
export function asFailure(error: unknown, activity: string): TemporalFailure {
  if (error instanceof TemporalFailure) return error;
  if (isFerryError(error))
    return ApplicationFailure.create({
      type: error.type,
      message: error.message,
      nonRetryable: error.lasting || !transientTypes.includes(error.type),
      ...(error.findings.length > 0 && { details: [toldOnce(error.findings)] }),
    });
  return ApplicationFailure.create({
    type: 'Unexpected',
    message: `${activity} met a defect that no rule covers: the worker's log says where; report it, then retry.`,
    nonRetryable: true,
  });
}

type Activity = (input: never) => Promise<unknown>;

/** The same activities, of which nothing but a `TemporalFailure` ever escapes. */
export function safely<A extends { [Name in keyof A]: Activity }>(activities: A): A {
  return Object.fromEntries(
    Object.entries<Activity>(activities).map(([name, activity]) => [
      name,
      async (input: never) => {
        try {
          const answer = inRoom(await activity(input), input);
          const bytes = bytesOf(answer);
          if (bytes > mostBytes) throw new FerryError('Refused', tooLarge(`The answer of ${name}`, bytes));
          return answer;
        } catch (error) {
          // A cancelled activity fails in whatever it was doing; only the cancellation is the truth about it.
          const { cancellationSignal } = Context.current();
          const reason: unknown = cancellationSignal.aborted ? cancellationSignal.reason : error;
          const failure = asFailure(reason, name);
          if (failure instanceof ApplicationFailure) {
            const { type } = failure;
            count(metrics.failed, { type: type && isErrorType(type) ? type : 'other' });
          }
          if (failure instanceof ApplicationFailure && failure.type === 'Unexpected')
            log.error('An activity met a defect.', { activity: name, where: framesOf(error) });
          throw failure;
        }
      },
    ]),
  ) as unknown as A;
}

/** What several looks found for the same reason once; of very many findings the first, so that Temporal takes the answer. */
function inRoom(answer: unknown, input: { accepted?: readonly string[] }): unknown {
  const { findings } = (answer ?? {}) as { findings?: readonly Finding[] };
  return findings
    ? { ...(answer as object), findings: withinRoom(toldOnce(findings), input.accepted ?? []) }
    : answer;
}

/** Class and stack frames of an error, without its message. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [typeof error];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.constructor.name, ...frames.slice(0, 12).map((line) => line.trim())];
}
