import { tlsTrouble } from '../../http/tls-trouble.js';
import { FerryError } from '../../migration/errors.js';
import type { ClusterConnection } from './cluster-connection.js';
import { TicketRefused, TokenRefused } from './credentials.js';
import { LayerWanted, MechanismNotOffered } from './login.js';

/** What went wrong between us and one address, before any request could be answered, in one sentence. */
export function connectionFailure(
  cluster: string,
  address: string,
  { sasl, tls }: ClusterConnection,
  cause: unknown,
): FerryError {
  const codes = codesOf(cause);
  const at = `Cluster "${cluster}" at ${address}`;
  const unauthenticated = (sentence: string) => new FerryError('Unauthenticated', sentence);

  const trouble = codes.map((code) => tlsTrouble(code, tls)).find((one) => one !== undefined);
  if (trouble !== undefined) return unauthenticated(`${at} ${trouble}.`);
  if (cause instanceof TokenRefused)
    return unauthenticated(
      `${at} refused the token from ${cause.origin}${forWhom(cause.audience)}: check that its brokers expect this audience, trust whoever gives the token, and that the clocks agree.`,
    );
  if (cause instanceof TicketRefused)
    return unauthenticated(
      `${at} refused the ticket for ${cause.service}, or could not prove that it is that: check that its keytab has the keys that the KDC has now, its principal is this one, and the clocks of broker, KDC and this machine agree; a broker's log says which.`,
    );
  if (cause instanceof LayerWanted)
    return new FerryError(
      'Unsupported',
      `${at} takes GSSAPI only with a security layer of SASL's own, which Kafka's protocol has not: use TLS instead (javax.security.sasl.qop=auth on the broker).`,
    );
  if (cause instanceof MechanismNotOffered && sasl && !('password' in sasl))
    return unauthenticated(
      `${at} does not offer ${sasl.mechanism.toUpperCase()} there: use the port that does, or another mechanism.`,
    );
  if (codes.includes('PLT_KFK_AUTHENTICATION'))
    return unauthenticated(
      `${at} refused the ferry's credentials (${sasl?.mechanism ?? 'no mechanism'}, user "${sasl && 'username' in sasl ? sasl.username : ''}"): check the mechanism, the user and the password.`,
    );

  return new FerryError('Unreachable', `${at} did not answer (${symptom(codes)}): ${advice(codes)}`);
}

/** What the token says, which anybody may have written: some of it. */
function forWhom(audience: readonly string[] | undefined): string {
  if (!audience) return '';
  const some = audience.slice(0, 3).map((one) => `"${one.slice(0, 100)}"`);
  return `, which is for the audience ${some.join(', ')}`;
}

interface Caused {
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** The codes of an error and of everything that caused it, outermost first. */
function codesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return [];
  const { code, cause, errors }: Caused = error;
  return [
    ...(typeof code === 'string' ? [code] : []),
    ...(Array.isArray(errors) ? errors.flatMap(codesOf) : []),
    ...codesOf(cause),
  ];
}

function symptom(codes: readonly string[]): string {
  const system = codes.find((code) => /^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_'));
  if (system !== undefined) return system;
  return codes.includes('PLT_KFK_TIMEOUT') ? 'timed out' : 'connection closed';
}

function advice(codes: readonly string[]): string {
  if (codes.includes('ENOTFOUND') || codes.includes('EAI_AGAIN')) return 'check the host name.';
  if (codes.includes('ECONNREFUSED')) return 'check the address and that the broker runs.';
  return 'check the address, the network, and that the port expects this protocol (TLS, SASL or neither).';
}
