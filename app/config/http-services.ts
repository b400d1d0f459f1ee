import type { ConnectConnection } from '../../src/connect/connect-connection.js';
import type { HttpConnection } from '../../src/http/client.js';
import type { RegistryConnection } from '../../src/registry/registry-connection.js';
import { discreet } from './discreet.js';
import type { ConfigFile, RegistrySection } from './schema.js';
import { eachOf } from './tables.js';
import { tlsTexts } from './tls.js';
import type { Files } from './values.js';

export const registryConnections = (
  sections: ConfigFile['registries'],
  files: Files,
): Record<string, RegistryConnection> =>
  eachOf(sections, 'registries', (section, path) => discreet(httpConnection(section, path, files)));

export const connectConnections = (
  sections: ConfigFile['connect'],
  files: Files,
): Record<string, ConnectConnection> =>
  eachOf(sections, 'connect', (section, path) =>
    discreet({
      ...httpConnection(section, path, files),
      sourceClient: section.sourceClient,
      targetClient: section.targetClient,
    }),
  );

function httpConnection(
  { url, username, password, passwordFile, tls }: RegistrySection,
  path: string,
  files: Files,
): HttpConnection {
  return {
    url: url.replace(/\/+$/, ''),
    ...(username !== undefined && {
      login: { username, password: password ?? files.secret(passwordFile ?? '', `${path}.passwordFile`) },
    }),
    ...(tls && { tls: tlsTexts(tls, `${path}.tls`, files) }),
  };
}
