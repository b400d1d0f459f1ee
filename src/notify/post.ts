import { Agent, request } from 'undici';
import { FerryError } from '../migration/errors.js';

/** Where something is sent to, as the operator has it in `ferry.yaml`: trusted, whatever address that is. */
export interface Address {
  /** Shown to people. The url is not: it may hold a secret. */
  name: string;
  url: string;
  /** PEM of an authority, where it is one of your own. */
  ca?: string;
}

/** All of it: to connect, to send and to be answered, ms. */
export const answerWithinMs = 10_000;

/**
 * Sends once. No redirect is followed: an answer must not choose where the next request goes, inside the network least of
 * all. Nothing of the answer but its status is looked at.
 *
 * @throws FerryError `Unreachable` for what may go better later, `Refused` for what will not; neither tells the url, or what
 * the other side said
 */
export async function post(
  { name, url, ca }: Address,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(answerWithinMs);
  const agent = new Agent({
    connectTimeout: answerWithinMs,
    maxResponseSize: 1024 * 1024,
    ...(ca !== undefined && { connect: { ca } }),
  });
  try {
    const answer = await request(url, {
      ...{ method: 'POST', body, headers: { 'user-agent': 'kafka-ferry', ...headers } },
      ...{ dispatcher: agent, signal: signal ? AbortSignal.any([late, signal]) : late },
    });
    answer.body.on('error', () => undefined).destroy();
    judge(name, answer.statusCode);
  } catch (error) {
    if (error instanceof FerryError) throw error;
    signal?.throwIfAborted();
    throw new FerryError('Unreachable', `${name} was not told: ${whyNot(late, error)}.`);
  } finally {
    void agent.destroy();
  }
}

function judge(name: string, status: number): void {
  if (status >= 200 && status < 300) return;
  if (status >= 300 && status < 400)
    throw new FerryError(
      'Refused',
      `${name} was not told: it redirects (${status}), and no redirect is followed; correct its address in ferry.yaml.`,
    );
  const later = status === 408 || status === 425 || status === 429 || status >= 500;
  throw new FerryError(later ? 'Unreachable' : 'Refused', `${name} was not told: it answered ${status}.`);
}

function whyNot(late: AbortSignal, error: unknown): string {
  if (late.aborted) return `it did not answer within ${answerWithinMs / 1000} s`;
  const code = codeOf(error);
  return code === undefined ? 'it could not be reached' : `it could not be reached (${code})`;
}

/** Node's own code of what went wrong, which may hold others: its message may quote the address. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string' && /^[A-Z_0-9]+$/.test(code)) return code;
  const inside = [cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])];
  return inside.map(codeOf).find((known) => known !== undefined);
}
