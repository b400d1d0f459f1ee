import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './host/failure.js';
import { exists, labFolder, labsFolder } from './host/folders.js';
import { identify, isAlive } from './host/processes.js';
import { killIn } from './host/remembered.js';
import { readState } from './state.js';

/**
 * Ends every process of a lab and removes every file of it, whatever state a crash has left it in. A process is
 * killed only if it is the very one that the lab started.
 * @returns false when there was nothing.
 */
export async function takeDown(name: string): Promise<boolean> {
  const folder = labFolder(name);
  if (!(await exists(folder))) return false;
  const state = await readState(folder);
  if (state?.phase === 'starting' && state.starter.pid !== process.pid && isAlive(state.starter))
    throw new LabError(
      `The lab ${name} is being started by process ${state.starter.pid}: wait for it or end it.`,
    );
  // Data and history go away with the lab, so nothing has to end in good order.
  await Promise.all((await serverFolders(folder)).map(killIn));
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  return true;
}

/** Copies the servers' logs to a folder that outlives the lab, and answers its path. */
export async function keepLogs(name: string): Promise<string | undefined> {
  const folder = labFolder(name);
  if (!(await exists(folder))) return undefined;
  const kept = join(labsFolder(), `failed-${new Date().toISOString().replace(/[:.]/g, '-')}`);
  const servers = (await serverFolders(folder)).map((server) => ({
    log: join(server, 'server.log'),
    as: `${server.slice(folder.length + 1)}.log`,
  }));
  const others = (await readdir(folder)).filter((file) => file.endsWith('.log'));
  for (const { log, as } of [...servers, ...others.map((file) => ({ log: join(folder, file), as: file }))]) {
    if (!(await exists(log))) continue;
    await mkdir(kept, { recursive: true, mode: 0o700 });
    await cp(log, join(kept, as));
  }
  return kept;
}

/** The identity of this process, for the state of a lab that it starts. */
export function thisProcess() {
  const identity = identify(process.pid);
  if (!identity)
    throw new LabError('This system tells no start time of a process (neither /proc nor ps works).');
  return identity;
}

async function serverFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}
