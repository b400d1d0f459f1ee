import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from './failure.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Downloads and builds that outlive every lab and every checkout, one folder per user. */
export function cacheFolder(...parts: string[]): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kafka-ferry', ...parts);
}

/** Everything of one lab: data, secrets, logs, state. */
export function labFolder(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name))
    throw new LabError(`"${name}" is no name for a lab: use lower case letters, digits and hyphens.`, 2);
  return join(repository, '.lab', name);
}

export function labsFolder(): string {
  return join(repository, '.lab');
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a folder of the cache if it is not there. The folder appears whole or not at all, so that a build that was
 * interrupted is made again and two builds at once do no harm: the first to finish wins.
 */
export async function makeOnce(folder: string, make: (empty: string) => Promise<void>): Promise<string> {
  if (await exists(folder)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await make(partial);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
  return folder;
}
