import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { silent } from '../host/failure.js';
import { runTool } from '../host/tool.js';
import { LabError, type Lab } from '../lab.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const ferryFrom = {
  source: ['--import', tsx, at('app/cli/main.ts')],
  build: [at('dist/app/cli/main.js')],
} as const;

/** How the image bounds its memory. */
function memoryOfImage(): Record<string, string> {
  const [, settings] = /^ENV (NODE_OPTIONS=.*)$/m.exec(readFileSync(at('Dockerfile'), 'utf8')) ?? [];
  if (settings === undefined) throw new LabError('The Dockerfile does not say how Node is started.');
  return Object.fromEntries(
    [...settings.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = '', quoted, plain]) => [
      name,
      quoted ?? plain ?? '',
    ]),
  );
}

/** A real worker, `ferry worker`, in a process of its own, so that it can be killed as a crash would. */
export class WorkerProcess {
  #child: ChildProcess | undefined;
  kills = 0;

  /** @param output where it logs: to the file `log`, or to this process's terminal. */
  constructor(
    private readonly lab: Lab,
    private readonly output: 'file' | 'terminal' = 'file',
    private readonly from: keyof typeof ferryFrom = 'source',
  ) {}

  /** As it is deployed, built now from the checkout: it starts in a third of the time. */
  static async built(lab: Lab): Promise<WorkerProcess> {
    await runTool('npm', ['run', 'build'], {
      label: 'building the ferry',
      missing: 'There is no npm on PATH: install Node.js with it.',
      progress: silent,
      cwd: at('.'),
    });
    return new WorkerProcess(lab, 'file', 'build');
  }

  /** The file that it logs to; several starts append. */
  get log(): string {
    return join(this.lab.folder, 'worker.log');
  }

  /** Only while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const log = this.output === 'file' ? openSync(this.log, 'a') : undefined;
    this.#child = spawn(
      process.execPath,
      [...ferryFrom[this.from], 'worker', '--config', this.lab.ferryYaml],
      {
        stdio: ['ignore', log ?? 'inherit', log ?? 'inherit'],
        env: { ...process.env, ...(this.from === 'build' && memoryOfImage()) },
      },
    );
    if (log !== undefined) closeSync(log);
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
