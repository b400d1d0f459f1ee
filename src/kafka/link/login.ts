import { AuthenticationError, saslScramSha } from '@platformatic/kafka';
import { GssRefusal, type SecurityContext } from '../kerberos/contexts.js';
import type { PasswordLogin } from './cluster-connection.js';
import { type Exchange, Disconnected } from '../wire/exchange.js';
import { saslAuthenticateV2, type SaslAuthenticateResponse } from '../wire/sasl-authenticate-v2.js';
import { saslHandshakeV1 } from '../wire/sasl-handshake-v1.js';

/** What is said to a broker. */
type Login =
  | PasswordLogin
  | {
      readonly mechanism: 'oauthbearer';
      readonly token: string;
      readonly extensions: Readonly<Record<string, string>>;
    }
  | { readonly mechanism: 'gssapi'; readonly context: SecurityContext };

const mechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
  oauthbearer: 'OAUTHBEARER',
  gssapi: 'GSSAPI',
} as const;

/** The port takes other logins, or none. */
export class MechanismNotOffered extends AuthenticationError {}

/** The broker takes no connection without a layer of SASL's own. */
export class LayerWanted extends AuthenticationError {}

/**
 * Proves who the ferry is, on a connection that is new or was authenticated before (KIP-368).
 *
 * @returns after how many ms the broker wants the proof again; 0: never.
 * @throws AuthenticationError when the broker refuses it, or cannot prove itself; Disconnected
 */
export async function login(exchange: Exchange, as: Login): Promise<number> {
  const name = mechanisms[as.mechanism];
  const { code } = await exchange.ask(saslHandshakeV1, name);
  if (code !== 0) throw new MechanismNotOffered(`the broker does not offer ${name}`);
  const authenticate = async (bytes: Buffer): Promise<SaslAuthenticateResponse> => {
    const response = await exchange.ask(saslAuthenticateV2, bytes);
    if (response.code !== 0) throw new AuthenticationError(`the broker refuses ${name}`);
    return response;
  };
  return Number(await sessionOf(as, authenticate));
}

type Authenticate = (bytes: Buffer) => Promise<SaslAuthenticateResponse>;

async function sessionOf(as: Login, authenticate: Authenticate): Promise<bigint> {
  switch (as.mechanism) {
    case 'plain':
      return (await authenticate(Buffer.from(`\0${as.username}\0${as.password}`))).sessionLifetimeMs;
    case 'oauthbearer':
      return bearer(authenticate, as.token, as.extensions);
    case 'gssapi':
      return gssapi(authenticate, as.context);
    case 'scram-sha-256':
      return scram(authenticate, 'SHA-256', as.username, as.password);
    case 'scram-sha-512':
      return scram(authenticate, 'SHA-512', as.username, as.password);
  }
}

/** RFC 7628, 3.1, with the extensions of KIP-342. No authorization id: the broker takes the principal from the token. */
async function bearer(
  authenticate: Authenticate,
  token: string,
  extensions: Readonly<Record<string, string>>,
): Promise<bigint> {
  const fields = Object.entries({ auth: `Bearer ${token}`, ...extensions });
  const pairs = fields.map(([key, value]) => `${key}=${value}\x01`).join('');
  const { bytes, sessionLifetimeMs } = await authenticate(Buffer.from(`n,,\x01${pairs}\x01`));
  if (bytes.length === 0) return sessionLifetimeMs;
  // A refusal is a message of the mechanism, and fails only when the client has acknowledged it (3.2.3).
  await authenticate(Buffer.from('\x01'));
  throw new AuthenticationError('the broker refuses OAUTHBEARER');
}

/** RFC 4752, 3.1: the context first, then what goes on inside it. No authorization id: it would be the same principal. */
async function gssapi(authenticate: Authenticate, context: SecurityContext): Promise<bigint> {
  try {
    let said = await authenticate(context.first);
    for (let steps = 0, complete = false; !complete; steps++) {
      if (steps === mostSteps) throw new GssRefusal('the conversation does not end');
      const next = await context.next(said.bytes);
      ({ complete } = next);
      said = await authenticate(next.token);
    }
    const offered = await context.unwrap(said.bytes);
    if (offered.length !== 4) throw new GssRefusal('the broker says nothing of layers');
    if (((offered[0] ?? 0) & noLayer) === 0) throw new LayerWanted('the broker wants a security layer');
    return (await authenticate(await context.wrap(Buffer.from([noLayer, 0, 0, 0])))).sessionLifetimeMs;
  } catch (error) {
    if (error instanceof GssRefusal) throw new AuthenticationError('the broker cannot prove itself');
    throw error;
  }
}

/** Of Kerberos one is enough; another mechanism may say so never. */
const mostSteps = 5;
/** Of the layers in RFC 4752, 3.1: neither integrity nor privacy. Kafka has none, TLS does that. */
const noLayer = 1;

type Scram = typeof saslScramSha.authenticate;

/** RFC 5802, which proves each side to the other; the client's module asks through a function of its own library's shape. */
async function scram(
  authenticate: Authenticate,
  algorithm: Parameters<Scram>[2],
  username: string,
  password: string,
): Promise<bigint> {
  let disconnected: Disconnected | undefined;
  const ask = (
    _connection: unknown,
    bytes: Buffer,
    callback: (error: Error | null, response?: { authBytes: Buffer; sessionLifetimeMs: bigint }) => void,
  ): void =>
    void authenticate(bytes).then(
      ({ bytes: authBytes, sessionLifetimeMs }) => callback(null, { authBytes, sessionLifetimeMs }),
      (error: Error) => {
        if (error instanceof Disconnected) disconnected = error;
        callback(error);
      },
    );
  try {
    const { sessionLifetimeMs } = await saslScramSha.authenticate(
      ask as unknown as Parameters<Scram>[0],
      // Handed on to the function above, which needs none.
      undefined as unknown as Parameters<Scram>[1],
      algorithm,
      username,
      password,
    );
    return sessionLifetimeMs;
  } catch (error) {
    // That a connection broke says nothing about the credentials.
    throw disconnected ?? error;
  }
}
