import { X509Certificate } from 'node:crypto';
import type { ClusterConnection } from './cluster-connection.js';

/**
 * Who a broker takes the ferry for, as its ACLs write it, where nothing maps it to another name
 * (`ssl.principal.mapping.rules`, `sasl.kerberos.principal.to.local.rules`): the user of SASL, the first part of a
 * principal of Kerberos, else the subject of the client certificate as Java's `X500Principal.getName()` writes it (RFC 2253,
 * the most specific first). `undefined`: the login does not tell.
 */
export function principalOf({ sasl, tls }: ClusterConnection): string | undefined {
  if (sasl) return saslPrincipal(sasl);
  if (!tls?.certificate) return undefined;
  try {
    const { subject } = new X509Certificate(tls.certificate);
    return `User:${subject.split('\n').filter(Boolean).reverse().join(',')}`;
  } catch {
    // What is no certificate is told when the connection is opened.
    return undefined;
  }
}

function saslPrincipal(sasl: NonNullable<ClusterConnection['sasl']>): string | undefined {
  switch (sasl.mechanism) {
    case 'oauthbearer':
      // The broker takes the claim that it is set up for.
      return undefined;
    case 'gssapi':
      return sasl.tickets.principal === undefined ? undefined : userOf(sasl.tickets.principal);
    default:
      return `User:${sasl.username}`;
  }
}

/** `ferry/host@REALM` is the user `ferry`. */
const userOf = (principal: string): string => `User:${principal.split(/[/@]/)[0]}`;
