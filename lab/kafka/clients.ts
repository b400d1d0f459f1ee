import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import kafkajs, { type KafkaConfig } from 'kafkajs';
import { type ClusterName, principalOf, users } from '../principals.js';
import type { ClusterSecurity, SaslCredentials, TlsFiles } from './security.js';
import { propertiesFile } from './settings.js';
import { sourceSecurity } from './source-security.js';
import { targetSecurity } from './target-security.js';

/** One principal of a cluster and everything a client needs to be it. */
export interface LabClient {
  /** As ACLs name it: `User:billing` on the source, `User:CN=billing` on the target. */
  principal: string;
  username: string;
  sasl?: SaslCredentials;
  tls?: TlsFiles;
  /** Paths of ready client settings: `--command-config` of Kafka's tools, `-F` of kcat. */
  files: { java: string; librdkafka: string };
}

export const security: Record<ClusterName, ClusterSecurity> = {
  source: sourceSecurity,
  target: targetSecurity,
};

/** Every user's client of a cluster whose credentials are in `folder`. */
export async function clientsOf(name: ClusterName, folder: string): Promise<Record<string, LabClient>> {
  const clients = users.map(async (user) => {
    const client: LabClient = {
      principal: principalOf(name, user),
      username: user,
      ...(await security[name].credentials(folder, user)),
      files: clientFiles(folder, user),
    };
    return [user, client] as const;
  });
  return Object.fromEntries(await Promise.all(clients));
}

/** Makes the credentials of a new cluster and a settings file for every user and kind of client. */
export async function issueClients(name: ClusterName, folder: string, bootstrap: string): Promise<void> {
  await security[name].issue(folder);
  const server = { 'bootstrap.servers': bootstrap };
  const mode = 0o600;
  for (const user of users) {
    const { java, librdkafka } = clientFiles(folder, user);
    const [javaClient, librdkafkaClient] = await Promise.all([
      security[name].javaClient(folder, user),
      security[name].librdkafkaClient(folder, user),
    ]);
    await writeFile(java, propertiesFile({ ...server, ...javaClient }), { mode });
    await writeFile(librdkafka, propertiesFile({ ...server, ...librdkafkaClient }), { mode });
  }
}

/** How kafkajs connects as this client. */
export async function connectionOf(brokers: string[], { sasl, tls }: LabClient): Promise<KafkaConfig> {
  return {
    brokers,
    logLevel: kafkajs.logLevel.NOTHING,
    ...(sasl && { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password } }),
    ...(tls && {
      ssl: {
        ca: await readFile(tls.ca, 'utf8'),
        cert: await readFile(tls.certificate, 'utf8'),
        key: await readFile(tls.key, 'utf8'),
      },
    }),
  };
}

function clientFiles(folder: string, user: string): LabClient['files'] {
  return {
    java: join(folder, `${user}.java.properties`),
    librdkafka: join(folder, `${user}.librdkafka.properties`),
  };
}
