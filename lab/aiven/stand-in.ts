import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Server } from '../host/server.js';
import { portIsOpen } from '../kafka/ready.js';
import { consumers, FERRY, producers } from '../principals.js';
import { aivenFiles, aivenFolder, PROJECT, SERVICE } from './layout.js';
import { Kept } from './state.js';

/** Makes the tokens, the users that the lab has certificates for, and the ACLs that docs/aiven.md gives the ferry. */
export async function prepareAiven(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = aivenFiles(folder);
  const mode = 0o600;
  for (const file of [files.token, files.readOnlyToken])
    await writeFile(file, randomBytes(18).toString('base64url'), { mode });
  const kept = Kept.of(folder);
  kept.change((state) => {
    state.users.push('avnadmin', FERRY, ...producers, ...consumers);
    for (const [username, topic] of [
      // As a new service has it.
      ['avnadmin', '*'],
      [FERRY, 'shop.*'],
      [FERRY, 'kafka-ferry.*'],
    ] as const)
      state.acl.push({ id: kept.newId('acl'), permission: 'admin', topic, username });
  });
}

/** Does to the lab's target what Aiven does to a service of its own, when its API is asked. */
export function aivenServer(labFolder: string, port: number, bootstrap: readonly string[]): Server {
  const folder = aivenFolder(labFolder);
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const program = fileURLToPath(new URL('server.ts', import.meta.url));
  return new Server({
    title: "the stand-in for Aiven's API",
    folder,
    commandLine: async () => ({
      command: process.execPath,
      args: ['--import', tsx, program, labFolder, String(port), bootstrap.join()],
    }),
    ready: () => portIsOpen(port),
  });
}

/** The target's `provision` in `ferry.yaml`. */
export function aivenProvision(labFolder: string, url: string) {
  return {
    kind: 'aiven',
    project: PROJECT,
    service: SERVICE,
    url,
    tokenFile: aivenFiles(aivenFolder(labFolder)).token,
  };
}
