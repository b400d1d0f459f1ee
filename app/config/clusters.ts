import { z } from 'zod';
import { isApiToken } from '../../src/provision/aiven/connection.js';
import type { ProvisionedConnection } from '../../src/provision/provision.js';
import { declarationOf, type Declaration } from './declaring.js';
import { discreet } from './discreet.js';
import { saslLogin } from './sasl.js';
import type { ClusterSection, ConfigFile, ProvisionSection } from './schema.js';
import { eachOf } from './tables.js';
import { tlsTexts } from './tls.js';
import type { Files } from './values.js';

export const clusterConnections = (
  sections: ConfigFile['clusters'],
  files: Files,
): Record<string, ProvisionedConnection> =>
  eachOf(sections, 'clusters', (section, path) => clusterConnection(section, path, files));

/** Of the clusters whose topics and grants others make from files, and of no others. */
export function declarationsOf(sections: ConfigFile['clusters'], files: Files): Record<string, Declaration> {
  return Object.fromEntries(
    Object.entries(sections).flatMap(([name, { provision }]) => {
      const declaration = provision && declarationOf(provision, files);
      return declaration ? [[name, declaration]] : [];
    }),
  );
}

function clusterConnection(
  { bootstrap, sasl, tls, provision }: ClusterSection,
  path: string,
  files: Files,
): ProvisionedConnection {
  return discreet({
    bootstrap,
    ...(sasl && { sasl: saslLogin(sasl, `${path}.sasl`, files) }),
    ...(tls && { tls: tlsTexts(tls, `${path}.tls`, files) }),
    ...provisionOf(provision, `${path}.provision`, files),
  });
}

const oneToken = z.string().refine(isApiToken, { error: 'expected one token on one line' });

/** Where others make topics and rights, from files, nothing is provisioned: see `declarationOf`. */
function provisionOf(
  section: ProvisionSection | undefined,
  path: string,
  files: Files,
): Pick<ProvisionedConnection, 'provision'> {
  if (section?.kind !== 'aiven') return {};
  const { token, tokenFile, url, ...service } = section;
  if (token !== undefined) files.insist(token, `${path}.token`, oneToken);
  const apiToken = token ?? files.secret(tokenFile ?? '', `${path}.tokenFile`, oneToken);
  return {
    provision: {
      ...service,
      apiToken,
      ...(url !== undefined && { url: url.replace(/\/+$/, '') }),
    },
  };
}
