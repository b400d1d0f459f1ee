import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './failure.js';
import { type ProcessIdentity, identify, isAlive, signalProcess, waitUntilGone } from './processes.js';

const DEAD_WITHIN_MS = 30_000;

// The shell waits for a line before it becomes the program, and ends when its input does.
const GATE = 'read -r _ && exec "$@" </dev/null';

/** What a program ends with that is not there (POSIX, the shell's exit status). */
export const COMMAND_NOT_FOUND = 127;

export interface RememberedOptions {
  /** Where both streams of it go: an open file, or to the caller. */
  output: number | 'pipe';
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  detached?: boolean;
}

/**
 * Spawns a program of a folder and writes its identity to `<folder>/process.json`. It does its first step only when
 * that is written: a starter that is killed at any moment leaves no process that nobody knows of. A program that is not
 * there ends with what the shell says, and `COMMAND_NOT_FOUND`.
 * @throws Error when there is no process, or it cannot be told from others
 */
export async function spawnRemembered(
  folder: string,
  command: string,
  args: readonly string[],
  { output, ...options }: RememberedOptions,
): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const child = spawn('sh', ['-c', GATE, 'sh', command, ...args], {
    ...options,
    stdio: ['pipe', output, output],
  });
  await once(child, 'spawn');
  const identity = identify(child.pid ?? 0);
  if (!identity) {
    child.kill('SIGKILL');
    throw new Error('its process ended at once, or this system tells no start time of a process');
  }
  writeFileSync(identityFile(folder), JSON.stringify(identity), { mode: 0o600 });
  // An error means that it was killed meanwhile: whoever waits for it sees that by itself.
  child.stdin?.on('error', () => undefined).end('\n');
  return { child, identity };
}

/** The process that was started in this folder, if it is still that one. */
export function runningIn(folder: string): ProcessIdentity | undefined {
  try {
    const identity = JSON.parse(readFileSync(identityFile(folder), 'utf8')) as ProcessIdentity;
    return isAlive(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
}

/** SIGKILLs the process that was started in this folder, if it still runs, and forgets it. */
export async function killIn(folder: string): Promise<void> {
  const process = runningIn(folder);
  if (process) {
    signalProcess(process, 'SIGKILL');
    if (!(await waitUntilGone(process, DEAD_WITHIN_MS)))
      throw new LabError(`Process ${process.pid} of ${folder} does not die; end it by hand.`);
  }
  rmSync(identityFile(folder), { force: true });
}

function identityFile(folder: string): string {
  return join(folder, 'process.json');
}
