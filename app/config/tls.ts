import type { ClusterConnection } from '../../src/kafka/link/cluster-connection.js';
import type { TlsSection } from './schema.js';
import type { Files } from './values.js';

/** @returns what stands in the files (PEM); nothing where this machine is believed whom to trust */
export function tlsTexts(
  tls: Exclude<TlsSection, false>,
  path: string,
  files: Files,
): NonNullable<ClusterConnection['tls']> {
  if (tls === true) return {};
  const { ca, certificate, key, keyPassword } = tls;
  return {
    ...(ca !== undefined && { ca: files.pem(ca, 'certificate', `${path}.ca`) }),
    ...(certificate !== undefined && {
      certificate: files.pem(certificate, 'certificate', `${path}.certificate`),
    }),
    ...(key !== undefined && { key: files.pem(key, 'private key', `${path}.key`) }),
    ...(keyPassword !== undefined && { keyPassword }),
  };
}
