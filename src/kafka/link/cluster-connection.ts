import type { TicketOrigin } from '../kerberos/ticket-origin.js';
import type { TokenOrigin } from '../tokens/token-origin.js';

/** How to reach a cluster and who to be there. Only the worker's configuration knows this. */
export interface ClusterConnection {
  /** `host:port` of some brokers; the others are found through them. */
  readonly bootstrap: readonly string[];
  readonly sasl?: PasswordLogin | TokenLogin | TicketLogin;
  /** PEM texts. `{}`: TLS with the system's trusted authorities and no client certificate. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly keyPassword?: string;
  };
  readonly clientId?: string;
  /** How long one request may take, 30 s unless told. */
  readonly requestTimeoutMs?: number;
}

export interface PasswordLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** A bearer token that others give (SASL's OAUTHBEARER, RFC 7628 and KIP-255). */
export interface TokenLogin {
  readonly mechanism: 'oauthbearer';
  readonly token: TokenOrigin;
  /** Sent beside the token (KIP-342); names are letters. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** A ticket of Kerberos (SASL's GSSAPI, RFC 4752). */
export interface TicketLogin {
  readonly mechanism: 'gssapi';
  readonly tickets: TicketOrigin;
  /** Before the host in the brokers' principals: `kafka`. */
  readonly service: string;
}
