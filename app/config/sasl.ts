import type { ClusterConnection, TicketLogin } from '../../src/kafka/link/cluster-connection.js';
import type { TokenEndpoint } from '../../src/kafka/tokens/token-origin.js';
import type { SaslSection, TokenEndpointSection } from './schema.js';
import { tlsTexts } from './tls.js';
import type { Files } from './values.js';

export function saslLogin(
  section: SaslSection,
  path: string,
  files: Files,
): NonNullable<ClusterConnection['sasl']> {
  if (section.mechanism === 'aws-msk-iam') {
    const { region, profile, role } = section;
    const token = { region, ...(profile !== undefined && { profile }), ...(role !== undefined && { role }) };
    return { mechanism: 'oauthbearer', token: { from: 'msk', ...token } };
  }
  if (section.mechanism === 'gssapi') return ticketLogin(section, files);
  if (section.mechanism !== 'oauthbearer') {
    const { mechanism, username, password, passwordFile } = section;
    return {
      mechanism,
      username,
      password: password ?? files.secret(passwordFile ?? '', `${path}.passwordFile`),
    };
  }
  const { mechanism, tokenEndpoint, tokenFile, extensions } = section;
  return {
    mechanism,
    token: tokenEndpoint
      ? tokenEndpointOf(tokenEndpoint, `${path}.tokenEndpoint`, files)
      : { from: 'file', path: files.path(tokenFile ?? '') },
    ...(extensions && { extensions }),
  };
}

function ticketLogin(
  { keytab, cache = '', principal, service, krb5Conf }: Extract<SaslSection, { mechanism: 'gssapi' }>,
  files: Files,
): TicketLogin {
  const conf = krb5Conf !== undefined && { krb5Conf: files.path(krb5Conf) };
  if (keytab !== undefined && principal !== undefined)
    return {
      mechanism: 'gssapi',
      service,
      tickets: { from: 'keytab', path: files.path(keytab), principal, ...conf },
    };
  // A cache of a kind (`KCM:`, `KEYRING:…`) is named by more than a path.
  const [, prefix, path] = /^(FILE:|DIR:)?(.*)$/s.exec(cache) ?? [];
  const name = /^[A-Z]{2,}:/.test(path ?? '') ? cache : `${prefix ?? 'FILE:'}${files.path(path ?? '')}`;
  return {
    mechanism: 'gssapi',
    service,
    tickets: { from: 'cache', name, ...(principal !== undefined && { principal }), ...conf },
  };
}

function tokenEndpointOf(
  { clientSecret, clientSecretFile, tls, scope, audience, ...section }: TokenEndpointSection,
  path: string,
  files: Files,
): TokenEndpoint {
  return {
    from: 'endpoint',
    ...section,
    clientSecret: clientSecret ?? files.secret(clientSecretFile ?? '', `${path}.clientSecretFile`),
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
    ...(tls && { tls: tlsTexts(tls, `${path}.tls`, files) }),
  };
}
