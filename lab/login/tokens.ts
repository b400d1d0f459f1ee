import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Server } from '../host/server.js';
import { portIsOpen } from '../kafka/ready.js';
import { FERRY } from '../principals.js';

/** What brokers expect in a token. */
export const ISSUER = 'kafka-ferry-lab';
export const AUDIENCE = 'kafka';
export const KEY_ID = 'lab';

/** Where the token server of a lab keeps its things. */
export function tokensFolder(labFolder: string): string {
  return join(labFolder, 'tokens');
}

export function tokenFiles(folder: string) {
  return {
    key: join(folder, 'signing.key'),
    /** The public key, as brokers read it (RFC 7517). */
    keys: join(folder, 'jwks.json'),
    secretOf: (client: string) => join(folder, `${client}.secret`),
  };
}

/** Makes the key that tokens are signed with, and the secret of the one client, which is the ferry. */
export async function issueTokens(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = tokenFiles(folder);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const mode = 0o600;
  await writeFile(files.key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' };
  await writeFile(files.keys, JSON.stringify({ keys: [key] }), { mode });
  await writeFile(files.secretOf(FERRY), randomBytes(18).toString('base64url'), { mode });
}

export const tokenUrl = (port: number): string => `http://127.0.0.1:${port}/token`;

/** Gives tokens to the ferry, and to whoever else has its secret. */
export function tokenServer(folder: string, port: number): Server {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const program = fileURLToPath(new URL('token-server.ts', import.meta.url));
  return new Server({
    title: 'the token server',
    folder,
    commandLine: async () => ({
      command: process.execPath,
      args: ['--import', tsx, program, folder, String(port)],
    }),
    ready: () => portIsOpen(port),
  });
}
