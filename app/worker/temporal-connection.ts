import { NativeConnection } from '@temporalio/worker';
import { FerryError } from '../../src/migration/errors.js';
import type { TemporalSettings } from '../config/temporal.js';

/**
 * Connects to Temporal, and sees that the namespace is there: a worker of one that is not would wait for ever.
 *
 * @throws FerryError `Unreachable` with what kept it from connecting; `BadInput` for a namespace that is not there
 */
export async function connectTemporal({
  connection: options,
  namespace,
}: Pick<TemporalSettings, 'connection' | 'namespace'>): Promise<NativeConnection> {
  let connection: NativeConnection;
  try {
    connection = await NativeConnection.connect({ ...options });
  } catch (error) {
    throw new FerryError('Unreachable', `Temporal at ${options.address} ${whyNot(error)}`);
  }
  try {
    await connection.withDeadline(Date.now() + answerMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    // Whoever may not ask for it may still work in it.
    if (codeOf(error) !== notFound) return connection;
    await connection.close();
    throw new FerryError(
      'BadInput',
      `Temporal at ${options.address} has no namespace ${namespace}: check temporal.namespace in ferry.yaml (or TEMPORAL_NAMESPACE).`,
    );
  }
  return connection;
}

/** Whether Temporal answers now. */
export async function temporalAnswers(connection: NativeConnection): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + answerMs, () => connection.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}

const answerMs = 2_000;

/** A code of gRPC (google.rpc.Code). */
const notFound = 5;

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** What the native core says of a connection that failed, by the words of its errors; what it says besides is not shown. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /ConnectionRefused/,
    'refused the connection: check temporal.address in ferry.yaml, and that the server runs.',
  ],
  [/dns error/, 'cannot be found: its name does not resolve; check temporal.address in ferry.yaml.'],
  [
    /NativeCertsNotFound|no native root/i,
    'was not asked: this machine has no CA certificates to check its own with; install them (ca-certificates), or give temporal.tls.ca in ferry.yaml.',
  ],
  [/InvalidContentType/, 'does not speak TLS: set temporal.tls in ferry.yaml to false.'],
  [
    /UnknownIssuer|NotValidForName|Expired|InvalidCertificate/,
    'shows a certificate that is not trusted: check temporal.tls.ca in ferry.yaml.',
  ],
  [
    /CertificateRequired|BadCertificate|HandshakeFailure|Unauthenticated|PermissionDenied/,
    'refused the worker: check temporal.apiKey or temporal.tls in ferry.yaml.',
  ],
];

function whyNot(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  return (
    reasons.find(([words]) => words.test(text))?.[1] ??
    'did not answer, or refused the worker: check temporal in ferry.yaml (or TEMPORAL_ADDRESS), and that the server runs.'
  );
}
