import { AuthenticationError } from '@platformatic/kafka';
import { FerryError, isFerryError } from '../../migration/errors.js';
import { GssapiProcess } from '../kerberos/gssapi-process.js';
import { openTokens } from '../tokens/open.js';
import { claimsOf, type Token } from '../tokens/token.js';
import type { Exchange } from '../wire/exchange.js';
import type { ClusterConnection, TicketLogin, TokenLogin } from './cluster-connection.js';
import { LayerWanted, login, MechanismNotOffered } from './login.js';

/**
 * Proves on one connection who the ferry is.
 *
 * @returns after how many ms the broker wants the proof again; 0: never.
 * @throws AuthenticationError, MechanismNotOffered, TokenRefused, TicketRefused, Disconnected
 */
export type Proof = (exchange: Exchange) => Promise<number>;

/** Who the ferry is on one cluster, for all connections to it. */
export interface Credentials {
  /**
   * Gets ready whatever takes time or may fail before that broker is asked.
   *
   * @param host the broker's, without its port
   * @throws NoProof
   */
  ready(host: string): Promise<Proof>;
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

/** A broker refuses a ticket, or cannot prove itself. Brokers do not tell why. */
export class TicketRefused extends Error {
  override readonly name = 'TicketRefused';

  constructor(readonly service: string) {
    super('the broker refuses a ticket');
  }
}

/** What proves who the ferry is cannot be had: no address of a broker is to blame for it. */
export class NoProof extends FerryError {}

export function credentialsOf(cluster: string, sasl: ClusterConnection['sasl']): Credentials | undefined {
  if (!sasl) return undefined;
  if (sasl.mechanism === 'oauthbearer') return tokenCredentials(cluster, sasl);
  if (sasl.mechanism === 'gssapi') return ticketCredentials(cluster, sasl);
  return { ready: async () => (exchange) => login(exchange, sasl), close: () => undefined };
}

function ticketCredentials(cluster: string, { tickets, service }: TicketLogin): Credentials {
  const contexts = new GssapiProcess(cluster, tickets);
  return {
    ready: async (host) => {
      const context = await contexts.begin(service, host).catch((error: unknown) => {
        throw noProof(error);
      });
      return async (exchange) => {
        try {
          return await login(exchange, { mechanism: 'gssapi', context });
        } catch (error) {
          const said = error instanceof MechanismNotOffered || error instanceof LayerWanted;
          if (said || !(error instanceof AuthenticationError)) throw error;
          throw new TicketRefused(`${service}/${host}`);
        } finally {
          context.end();
        }
      };
    },
    close: () => contexts.close(),
  };
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
        throw noProof(error);
      }
    },
    close: () => tokens.close(),
  };
}

const noProof = (error: unknown): unknown =>
  isFerryError(error) ? new NoProof(error.type, error.message, { cause: error }) : error;
