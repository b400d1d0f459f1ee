import { stringify } from 'yaml';
import type { LabConnect } from './connect/connect.js';
import type { LabCluster } from './kafka/cluster.js';
import { FERRY } from './principals.js';

/** The worker's configuration for this lab, in the form that `ferry worker` reads; secrets are files. */
export function ferryConfig(
  temporal: { address: string; namespace: string; ui: string },
  clusters: readonly (Pick<LabCluster, 'name' | 'bootstrap' | 'clients' | 'ferryLogin'> & {
    provision?: object;
  })[],
  connect?: Pick<LabConnect, 'url' | 'clientProperties'>,
  registries: Readonly<Record<string, { url: string }>> = {},
): string {
  const entries = clusters.map(({ name, bootstrap, clients, ferryLogin, provision }) => {
    if (ferryLogin) return [name, ferryLogin];
    const { sasl, tls } = clients[FERRY] ?? {};
    return [
      name,
      {
        bootstrap,
        ...(sasl && {
          sasl: { mechanism: sasl.mechanism, username: sasl.username, passwordFile: sasl.passwordFile },
        }),
        ...(tls && { tls }),
        ...(provision && { provision }),
      },
    ];
  });
  return stringify({
    temporal: { address: temporal.address, namespace: temporal.namespace, ui: temporal.ui },
    clusters: Object.fromEntries(entries) as object,
    ...(Object.keys(registries).length > 0 && { registries }),
    ...(connect && {
      connect: {
        lab: {
          url: connect.url,
          sourceClient: connect.clientProperties.source,
          targetClient: connect.clientProperties.target,
        },
      },
    }),
  });
}
