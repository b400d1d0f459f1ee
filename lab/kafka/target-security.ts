import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADMIN, BROKER, principalOf, users } from '../principals.js';
import { CertificateAuthority, type Issued } from './certificates.js';
import type { ClusterSecurity, TlsFiles } from './security.js';
import { authorizer, type Settings } from './settings.js';

/** TLS with client certificates, as managed clusters have it: who presents none is not let in. */
export const targetSecurity: ClusterSecurity = {
  async issue(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const authority = await CertificateAuthority.create('kafka-ferry lab');
    await writeFile(join(folder, 'ca.pem'), authority.certificate, { mode: 0o600 });
    await Promise.all([
      ...users.map(async (user) => keep(folder, user, await authority.issueClient(user))),
      authority.issueServer(BROKER, ['localhost', 'target']).then((issued) => keep(folder, BROKER, issued)),
    ]);
  },

  async settings(folder, metadata) {
    return {
      'listener.security.protocol.map': 'CLIENT:SSL,NETWORK:SSL,CONTROLLER:SSL',
      'ssl.client.auth': 'required',
      ...pemStores(folder, BROKER),
      ...authorizer(metadata, [principalOf('target', ADMIN), principalOf('target', BROKER)]),
    };
  },

  async formatArguments() {
    return [];
  },

  async credentials(folder, user) {
    return { tls: tlsFiles(folder, user) };
  },

  async javaClient(folder, user) {
    return { 'security.protocol': 'SSL', ...pemStores(folder, user) };
  },

  async librdkafkaClient(folder, user) {
    const { ca, certificate, key } = tlsFiles(folder, user);
    return {
      'security.protocol': 'ssl',
      'ssl.ca.location': ca,
      'ssl.certificate.location': certificate,
      'ssl.key.location': key,
    };
  },
};

function tlsFiles(folder: string, user: string): TlsFiles {
  return {
    ca: join(folder, 'ca.pem'),
    certificate: join(folder, `${user}.pem`),
    key: join(folder, `${user}.key`),
  };
}

// Kafka's PEM key store is one file with key and certificate.
function pemStores(folder: string, user: string): Settings {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, `${user}.keystore.pem`),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': tlsFiles(folder, user).ca,
  };
}

async function keep(folder: string, user: string, issued: Issued): Promise<void> {
  const files = tlsFiles(folder, user);
  const mode = 0o600;
  await writeFile(files.certificate, issued.certificate, { mode });
  await writeFile(files.key, issued.key, { mode });
  await writeFile(join(folder, `${user}.keystore.pem`), issued.key + issued.certificate, { mode });
}
