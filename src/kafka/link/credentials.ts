import { AuthenticationError } from '@platformatic/kafka';
import { FerryError, isFerryError } from '../../migration/errors.js';
import { openTokens } from '../tokens/open.js';
import { claimsOf, type Token } from '../tokens/token.js';
import type { Exchange } from '../wire/exchange.js';
import type { ClusterConnection, TokenLogin } from './cluster-connection.js';
import { login, MechanismNotOffered } from './login.js';

/**
 * Proves on one connection who the ferry is.
 *
 * @returns after how many ms the broker wants the proof again; 0: never.
 * @throws AuthenticationError, MechanismNotOffered, TokenRefused, Disconnected
 */
export type Proof = (exchange: Exchange) => Promise<number>;

/** Who the ferry is on one cluster, for all connections to it. */
export interface Credentials {
  /** Gets ready whatever takes time or may fail before a broker is asked. @throws NoProof */
  ready(): Promise<Proof>;
  close(): void;
}

/** A broker refuses a token. Brokers do not tell why, so it goes with what the token says of itself. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';

  constructor(
    readonly origin: string,
    readonly audience: readonly string[] | undefined,
  ) {
    super('the broker refuses a token');
  }
}

/** What proves who the ferry is cannot be had: no address of a broker is to blame for it. */
export class NoProof extends FerryError {}

export function credentialsOf(cluster: string, sasl: ClusterConnection['sasl']): Credentials | undefined {
  if (!sasl) return undefined;
  if (sasl.mechanism === 'oauthbearer') return tokenCredentials(cluster, sasl);
  return { ready: async () => (exchange) => login(exchange, sasl), close: () => undefined };
}

function tokenCredentials(cluster: string, { token: origin, extensions = {} }: TokenLogin): Credentials {
  const tokens = openTokens(cluster, origin);
  const proofOf =
    (token: Token): Proof =>
    async (exchange) => {
      try {
        return await login(exchange, { mechanism: 'oauthbearer', token: token.value, extensions });
      } catch (error) {
        if (!(error instanceof AuthenticationError) || error instanceof MechanismNotOffered) throw error;
        tokens.refused(token);
        throw new TokenRefused(tokens.origin, claimsOf(token.value)?.audience);
      }
    };
  return {
    ready: async () => {
      try {
        return proofOf(await tokens.current());
      } catch (error) {
        throw isFerryError(error) ? new NoProof(error.type, error.message, { cause: error }) : error;
      }
    },
    close: () => tokens.close(),
  };
}
