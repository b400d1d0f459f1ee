import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Lab } from '../lab.js';

const ferry = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** A real worker, `ferry worker`, in a process of its own, so that it can be killed as a crash would. */
export class WorkerProcess {
  #child: ChildProcess | undefined;
  kills = 0;

  constructor(private readonly lab: Lab) {}

  /** Where it logs; several starts append. */
  get log(): string {
    return join(this.lab.folder, 'worker.log');
  }

  start(): void {
    const log = openSync(this.log, 'a');
    this.#child = spawn(
      process.execPath,
      ['--import', tsx, ferry, 'worker', '--config', this.lab.ferryYaml],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.kills += 1;
    await this.#end('SIGKILL');
  }

  /** SIGTERM, as a deployment would. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
