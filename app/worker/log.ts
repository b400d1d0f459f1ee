import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, type LogEntry, type Logger } from '@temporalio/worker';
import { workflowOf } from './runs.js';

/** What may stand beside a message: everything else a log call carries is left out, as it may quote anything. */
const known = [
  'workflowId',
  'activity',
  'activityType',
  'attempt',
  'taskQueue',
  'state',
  'reason',
  'where',
] as const;

/** Logs one line per entry on the error stream, with the workflow's id first; as JSON where a collector reads it. */
export function workerLogger(json: boolean): Logger {
  const format = json ? jsonLine : textLine;
  return new DefaultLogger('INFO', (entry) => process.stderr.write(`${format(entry)}\n`));
}

export function textLine(entry: LogEntry): string {
  const { workflowId, ...rest } = fieldsOf(entry);
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const about = typeof workflowId === 'string' ? ` [${workflowId}]` : '';
  return `${timeOf(entry)} ${entry.level}${about} ${messageOf(entry)}${fields.join('')}`;
}

export function jsonLine(entry: LogEntry): string {
  return JSON.stringify({
    time: timeOf(entry),
    level: entry.level,
    message: messageOf(entry),
    ...fieldsOf(entry),
  });
}

function fieldsOf({ meta: told = {} }: LogEntry): Record<string, unknown> {
  const meta = { ...told, ...ofCore(told) };
  const fields = Object.fromEntries(
    known.flatMap((key) => (meta[key] === undefined ? [] : [[key, meta[key] as unknown]])),
  );
  return meta['error'] === undefined ? fields : { ...fields, error: errorText(meta['error']) };
}

/**
 * What the SDK's core tells in its own way: the workflow by its run, and a workflow task that fails as Rust prints it. The
 * reason is that of workflow code, which knows names and offsets, and no secret.
 */
function ofCore({ workflowId, runId, failure }: NonNullable<LogEntry['meta']>): Record<string, unknown> {
  const workflow = workflowId === undefined && typeof runId === 'string' ? workflowOf(runId) : undefined;
  const [, reason] = (typeof failure === 'string' && /message: "((?:[^"\\]|\\.)*)"/.exec(failure)) || [];
  return {
    ...(workflow !== undefined && { workflowId: workflow }),
    ...(reason !== undefined && { reason: reason.replaceAll('\\"', '"') }),
  };
}

/** The first line: some libraries log whole reports. */
const messageOf = ({ message }: LogEntry): string => message.split('\n', 1)[0] ?? '';

/** The ferry's own failures are written to be shown; of any other only its kind is known to hold no secret. */
function errorText(error: unknown): string {
  if (error instanceof ApplicationFailure) return `${error.type ?? 'Unexpected'}: ${error.message}`;
  return error instanceof Error ? error.name : typeof error;
}

const timeOf = ({ timestampNanos }: LogEntry): string =>
  new Date(Number(timestampNanos / 1_000_000n)).toISOString();
