import { readFile } from 'node:fs/promises';
import { type LabCluster, LabError } from '../lab/lab.js';
import { ADMIN } from '../lab/principals.js';
import type { ClusterConnection } from '../src/kafka/open.js';

/** How the ferry's own client reaches a cluster of the lab as its administrator. */
export async function adminConnection({ bootstrap, clients }: LabCluster): Promise<ClusterConnection> {
  const admin = clients[ADMIN];
  if (!admin) throw new LabError('The lab has no administrator.');
  const { sasl, tls } = admin;
  return {
    bootstrap,
    ...(sasl && { sasl }),
    ...(tls && {
      tls: {
        ca: await readFile(tls.ca, 'utf8'),
        certificate: await readFile(tls.certificate, 'utf8'),
        key: await readFile(tls.key, 'utf8'),
      },
    }),
  };
}
