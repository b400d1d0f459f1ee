import { tlsTrouble } from '../../http/tls-trouble.js';
import { FerryError } from '../../migration/errors.js';
import { addressOf, type AivenConnection } from './connection.js';
import { madeOnce, type Asked } from './refusal.js';

/** A request to which nobody gave an answer, or none to its end. */
export interface Unanswered {
  /** Node's name for why, or a word of `symptoms`. */
  readonly code: string;
  /** It may have arrived, so that what was asked for may be done. */
  readonly perhapsArrived: boolean;
}

/** By undici's own codes and by names of errors without one: Node's code for the same. */
const codes: Readonly<Record<string, string>> = {
  TimeoutError: 'ETIMEDOUT',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_BODY_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_SOCKET: 'ECONNRESET',
  SyntaxError: 'EBADMSG',
};

/** Where no connection came about, nothing was sent. */
const before = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** @param error of `fetch`, or of reading its answer */
export function unansweredBy(error: unknown): Unanswered {
  const found = namesOf(error);
  const code = found.find((name) => before.test(name) || tlsTrouble(name) !== undefined);
  if (code !== undefined) return { code, perhapsArrived: false };
  const known = found.find((name) => Object.hasOwn(codes, name));
  const other = found.find((name) => /^E[A-Z]+$/.test(name));
  return { code: (known && codes[known]) ?? other ?? 'ECONNRESET', perhapsArrived: true };
}

interface Caused {
  code?: unknown;
  name?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** The codes and names of an error and of everything that caused it, outermost first. */
function namesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return [];
  const { code, name, cause, errors }: Caused = error;
  return [
    ...[code, name].filter((one) => typeof one === 'string'),
    ...(Array.isArray(errors) ? errors.flatMap(namesOf) : []),
    ...namesOf(cause),
  ];
}

/** Nobody can mend it by asking again. */
export const isLasting = ({ code }: Unanswered): boolean => tlsTrouble(code) !== undefined;

/** What it means that nobody answered, in a sentence without a word of what came. */
export function unanswered(
  cluster: string,
  connection: Pick<AivenConnection, 'url'>,
  { changes }: Asked,
  { code }: Unanswered,
): FerryError {
  const { host } = new URL(addressOf(connection));
  const trouble = tlsTrouble(code);
  if (trouble !== undefined)
    return new FerryError(
      'Unauthenticated',
      `Aiven's API at ${host}, asked about cluster "${cluster}", ${trouble}; url under provision in ferry.yaml says where it is, and NODE_EXTRA_CA_CERTS which CA is trusted beside those of Node.`,
    );
  return new FerryError(
    'Unreachable',
    `Aiven's API at ${host} did not answer about cluster "${cluster}" (${symptoms[code] ?? code}): check ${advice(code)}${changes ? madeOnce : ''}.`,
  );
}

const symptoms: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'timed out',
  UND_ERR_CONNECT_TIMEOUT: 'timed out',
  ECONNRESET: 'connection closed',
  EBADMSG: 'no JSON',
  EMSGSIZE: 'an answer too long',
};

function advice(code: string): string {
  const url = 'url under provision in ferry.yaml';
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name in ${url}, and that this machine can resolve names of the internet`;
    case 'EBADMSG':
    case 'EMSGSIZE':
      return `${url}: something else answers there`;
    default:
      return `${url}, and that the network lets this machine reach it`;
  }
}
