import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADMIN, principalOf, users } from '../principals.js';
import type { ClusterSecurity, SaslCredentials } from './security.js';
import { authorizer, type Settings } from './settings.js';

const SCRAM_LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule required';
const PLAIN_LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required';

/**
 * SASL_PLAINTEXT with SCRAM-SHA-512: many on-prem clusters are just so, and the two sides of a migration should
 * differ. TLS is what the target shows; here it would only take processor time from the tests.
 */
export const sourceSecurity: ClusterSecurity = {
  async issue(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const user of users)
      await writeFile(passwordFile(folder, user), randomBytes(18).toString('base64url'), { mode: 0o600 });
  },

  async settings(folder, metadata) {
    const { username, password } = await scram(folder, ADMIN);
    const login = `username="${username}" password="${password}"`;
    return {
      'listener.security.protocol.map':
        'CLIENT:SASL_PLAINTEXT,NETWORK:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
      'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
      ...scramListener('client', login),
      ...scramListener('network', login),
      ...(metadata === 'controller' && {
        // SCRAM credentials live in the metadata log, which the broker gets from the controller: it logs in there
        // with PLAIN.
        'sasl.mechanism.controller.protocol': 'PLAIN',
        'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.controller.plain.sasl.jaas.config': `${PLAIN_LOGIN} ${login} user_${username}="${password}";`,
      }),
      ...authorizer(metadata, [principalOf('source', ADMIN)]),
    };
  },

  async formatArguments(folder) {
    const all = await Promise.all(users.map((user) => scram(folder, user)));
    return all.flatMap(({ username, password }) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${username},password=${password}]`,
    ]);
  },

  async credentials(folder, user) {
    return { sasl: await scram(folder, user) };
  },

  async javaClient(folder, user) {
    const { username, password } = await scram(folder, user);
    return {
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': `${SCRAM_LOGIN} username="${username}" password="${password}";`,
    };
  },

  async librdkafkaClient(folder, user) {
    const { username, password } = await scram(folder, user);
    return {
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanisms': 'SCRAM-SHA-512',
      'sasl.username': username,
      'sasl.password': password,
    };
  },
};

function scramListener(name: string, login: string): Settings {
  return {
    [`listener.name.${name}.sasl.enabled.mechanisms`]: 'SCRAM-SHA-512',
    [`listener.name.${name}.scram-sha-512.sasl.jaas.config`]: `${SCRAM_LOGIN} ${login};`,
  };
}

async function scram(folder: string, user: string): Promise<SaslCredentials> {
  const file = passwordFile(folder, user);
  const password = await readFile(file, 'utf8');
  return { mechanism: 'scram-sha-512', username: user, password, passwordFile: file };
}

function passwordFile(folder: string, user: string): string {
  return join(folder, `${user}.password`);
}
