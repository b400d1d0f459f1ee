import {
  Client,
  Connection,
  isGrpcDeadlineError,
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type WorkflowHandle,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { dataConverterOf } from '../codec/open.js';
import type { TemporalSettings } from '../config/temporal.js';
import { runId } from '../../src/migration/messages.js';
import { badInput, CommandFailure, exitCodes } from './failure.js';

export interface Temporal {
  client: Client;
  settings: TemporalSettings;
  /** Also of the copy of a registry, by its whole id. */
  migration(name: string): WorkflowHandle;
  /** What Temporal itself said no to, or did not answer, as it is told to a person. */
  refusal(error: unknown): CommandFailure | undefined;
  /** Runs a call that a worker of this queue has to answer; who waits longer than some seconds is told that there is none. */
  answered<T>(taskQueue: string, call: () => Promise<T>): Promise<T>;
}

const connectMs = 5000;
const answerMs = 10_000;

/** Codes of gRPC (google.rpc.Code). */
const grpc = {
  /** By the server: it heeds the deadline of the call too, and may notice it first. */
  cancelled: 1,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
};

/** @throws CommandFailure `Unreachable` or `Unauthenticated` for Temporal itself; anything else as `use` throws it. */
export async function withTemporal<T>(
  settings: TemporalSettings,
  use: (temporal: Temporal) => Promise<T>,
): Promise<T> {
  const { address } = settings.connection;
  const converter = await dataConverterOf(settings.codec);
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...settings.connection, connectTimeout: connectMs });
  } catch (error) {
    throw refusal(error, settings) ?? unreachable(address);
  }
  const client = new Client({ connection, namespace: settings.namespace, ...converter });
  try {
    return await use({
      client,
      settings,
      migration: (name) => client.workflow.getHandle(runId(name)),
      refusal: (error) => refusal(error, settings),
      answered: (taskQueue, call) =>
        connection.withDeadline(Date.now() + answerMs, call).catch((error: unknown) => {
          throw unanswered(error, taskQueue) ?? error;
        }),
    });
  } catch (error) {
    throw refusal(error, settings) ?? error;
  } finally {
    await connection.close();
  }
}

const unreachable = (address: string) =>
  new CommandFailure(
    'Unreachable',
    [
      `Temporal at ${address} did not answer: check the address (temporal.address in ferry.yaml, or TEMPORAL_ADDRESS) and that the server runs.`,
    ],
    exitCodes.failed,
  );

/** What Temporal itself says no to, whoever asks. */
function refusal(
  error: unknown,
  { connection: { address }, namespace }: TemporalSettings,
): CommandFailure | undefined {
  if (error instanceof CommandFailure) return error;
  const code = grpcCode(error);
  if (error instanceof NamespaceNotFoundError) return noNamespace(address, namespace);
  if (code === grpc.unauthenticated || code === grpc.permissionDenied)
    return new CommandFailure(
      'Unauthenticated',
      [
        `Temporal at ${address} refused the credentials for namespace ${namespace}: check temporal.apiKey or temporal.tls in ferry.yaml.`,
      ],
      exitCodes.failed,
    );
  if (code === grpc.notFound && !(error instanceof WorkflowNotFoundError))
    return noNamespace(address, namespace);
  if (code === undefined) return undefined;
  return code === grpc.unavailable || code === grpc.deadlineExceeded || code === grpc.cancelled
    ? unreachable(address)
    : new CommandFailure(
        'Unexpected',
        [
          `Temporal at ${address} could not do what it was asked (gRPC code ${code}): try again, and see its log.`,
        ],
        exitCodes.failed,
      );
}

const noNamespace = (address: string, namespace: string) =>
  badInput(
    `Temporal at ${address} has no namespace ${namespace}: check temporal.namespace in ferry.yaml (or TEMPORAL_NAMESPACE).`,
  );

/** Temporal's own limits of one migration, by what the server says of them. */
const limits = [
  {
    code: grpc.failedPrecondition,
    says: /total number of distinct updates/i,
    sentence:
      'Temporal takes 2,000 updates of one run at most, and this migration has had them. It goes on in a new run when its present step next reports, within the hour; until then say it by signal (docs/by-hand.md).',
  },
  {
    code: grpc.resourceExhausted,
    says: /in-flight updates/i,
    sentence:
      'Temporal takes 10 updates of one migration at a time, and as many are under way: say it again in a moment.',
  },
];

function unanswered(error: unknown, taskQueue: string): CommandFailure | undefined {
  const late = isGrpcDeadlineError(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
  const code = grpcCode(error);
  const limit = limits.find((one) => one.code === code && one.says.test(grpcDetails(error)));
  if (limit) return new CommandFailure('Refused', [limit.sentence], exitCodes.failed);
  if (
    late ||
    code === grpc.deadlineExceeded ||
    code === grpc.cancelled ||
    // As many questions as Temporal keeps wait for a worker already.
    code === grpc.resourceExhausted ||
    (code === grpc.failedPrecondition && /no poller/i.test(grpcDetails(error)))
  )
    return new CommandFailure(
      'Unreachable',
      [`No worker answers on queue ${taskQueue}: start one with ferry worker.`],
      exitCodes.failed,
    );
  return code === grpc.failedPrecondition || error instanceof QueryNotRegisteredError
    ? notUpToNow()
    : undefined;
}

/** What comes in the very moment in which a migration goes on in a new run is not taken, and is said again. */
export async function betweenRuns<T>(say: () => Promise<T>): Promise<T> {
  for (let tries = 3; ; tries--) {
    try {
      return await say();
    } catch (error) {
      const missed =
        grpcCode(error) === grpc.failedPrecondition && /workflow task failure/i.test(grpcDetails(error));
      if (!missed || tries === 1) throw error;
    }
  }
}

/** Of a worker of another build: its code cannot replay what this migration has done. */
export const notUpToNow = () =>
  new CommandFailure(
    'Unexpected',
    ['The worker could not bring the migration up to now, so it cannot answer: its log says why.'],
    exitCodes.failed,
  );

function grpcCode(error: unknown): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (isGrpcServiceError(at)) return at.code;
  return undefined;
}

function grpcDetails(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) if (isGrpcServiceError(at)) return at.details;
  return '';
}

export const noSuchMigration = (name: string) =>
  badInput(`There is no migration "${name}": ferry list shows those there are.`);
