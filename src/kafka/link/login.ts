import { AuthenticationError, saslScramSha } from '@platformatic/kafka';
import type { ClusterConnection } from './cluster-connection.js';
import { type Exchange, Disconnected } from '../wire/exchange.js';
import { saslAuthenticateV2, type SaslAuthenticateResponse } from '../wire/sasl-authenticate-v2.js';
import { saslHandshakeV1 } from '../wire/sasl-handshake-v1.js';

type Sasl = NonNullable<ClusterConnection['sasl']>;

const mechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/**
 * Proves who the ferry is, on a connection that is new or was authenticated before (KIP-368).
 *
 * @returns after how many ms the broker wants the proof again; 0: never.
 * @throws AuthenticationError when the broker refuses it, or cannot prove itself; Disconnected
 */
export async function login(exchange: Exchange, { mechanism, username, password }: Sasl): Promise<number> {
  const name = mechanisms[mechanism];
  const { code } = await exchange.ask(saslHandshakeV1, name);
  if (code !== 0) throw new AuthenticationError(`the broker does not offer ${name}`);
  const authenticate = async (bytes: Buffer): Promise<SaslAuthenticateResponse> => {
    const response = await exchange.ask(saslAuthenticateV2, bytes);
    if (response.code !== 0) throw new AuthenticationError(`the broker refuses ${name}`);
    return response;
  };
  const last =
    mechanism === 'plain'
      ? (await authenticate(Buffer.from(`\0${username}\0${password}`))).sessionLifetimeMs
      : await scram(authenticate, mechanism === 'scram-sha-256' ? 'SHA-256' : 'SHA-512', username, password);
  return Number(last);
}

type Scram = typeof saslScramSha.authenticate;

/** RFC 5802, which proves each side to the other; the client's module asks through a function of its own library's shape. */
async function scram(
  authenticate: (bytes: Buffer) => Promise<SaslAuthenticateResponse>,
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
