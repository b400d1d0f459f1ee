import { X509Certificate } from 'node:crypto';
import type { ClusterConnection } from './cluster-connection.js';

/**
 * Who a broker takes the ferry for, as its ACLs write it, where nothing maps it to another name
 * (`ssl.principal.mapping.rules`): the user of SASL, else the subject of the client certificate as Java's
 * `X500Principal.getName()` writes it (RFC 2253, the most specific first). `undefined`: the login does not tell.
 */
export function principalOf({ sasl, tls }: ClusterConnection): string | undefined {
  // Of a bearer token the broker takes the claim that it is set up for.
  if (sasl) return sasl.mechanism === 'oauthbearer' ? undefined : `User:${sasl.username}`;
  if (!tls?.certificate) return undefined;
  try {
    const { subject } = new X509Certificate(tls.certificate);
    return `User:${subject.split('\n').filter(Boolean).reverse().join(',')}`;
  } catch {
    // What is no certificate is told when the connection is opened.
    return undefined;
  }
}
