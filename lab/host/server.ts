import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './failure.js';
import { type ProcessIdentity, isAlive, signalProcess, waitUntilGone } from './processes.js';
import { killIn, runningIn, spawnRemembered } from './remembered.js';
import { lastLines } from './tool.js';

const READY_WITHIN_MS = 90_000;
const READY_POLL_MS = 50;
const STOP_WITHIN_MS = 30_000;

export interface ServerOptions {
  /** For people: `source Kafka 3.9.1`. */
  title: string;
  /** Its own folder: holds the log, the identity of the process and whatever the server keeps. */
  folder: string;
  /** Asked for only when the server is started: finding a tool takes time. */
  commandLine: () => Promise<{ command: string; args: readonly string[] }>;
  /** Throws until the server answers as its users need it to. */
  ready: () => Promise<void>;
}

/**
 * One server process that outlives the process that started it. Its identity is in `<folder>/process.json`, so any
 * other process can stop it, kill it and start it again; nothing about it is kept in memory.
 */
export class Server {
  constructor(private readonly options: ServerOptions) {}

  get log(): string {
    return join(this.options.folder, 'server.log');
  }

  isRunning(): boolean {
    return runningIn(this.options.folder) !== undefined;
  }

  /** Starts it if it does not run, and resolves when it answers. */
  async start(): Promise<void> {
    const process = runningIn(this.options.folder) ?? (await this.launch());
    await this.untilReady(process);
  }

  /** Asks it to end, and insists after 30 s. */
  async stop(): Promise<void> {
    const process = runningIn(this.options.folder);
    if (!process) return;
    signalProcess(process, 'SIGTERM');
    if (!(await waitUntilGone(process, STOP_WITHIN_MS))) await killIn(this.options.folder);
  }

  /** SIGKILL: what a crash looks like to everybody else. */
  kill(): Promise<void> {
    return killIn(this.options.folder);
  }

  private async launch(): Promise<ProcessIdentity> {
    const { folder } = this.options;
    const { command, args } = await this.options.commandLine();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const log = openSync(this.log, 'a', 0o600);
    try {
      const options = { output: log, cwd: folder, detached: true };
      const { child, identity } = await spawnRemembered(folder, command, args, options);
      child.unref();
      return identity;
    } catch (error) {
      throw new LabError(`${this.options.title} could not be started: ${(error as Error).message}`);
    } finally {
      closeSync(log);
    }
  }

  private async untilReady(process: ProcessIdentity): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const problem = await this.options.ready().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (problem === undefined) return;
      if (!isAlive(process))
        throw new LabError(
          `${this.options.title} ended while starting. Its log, ${this.log}, ends with:\n${await this.tail()}`,
        );
      if (Date.now() > deadline)
        throw new LabError(
          `${this.options.title} did not answer within ${READY_WITHIN_MS / 1000} s (${problem}); see ${this.log}.`,
        );
      await sleep(READY_POLL_MS);
    }
  }

  private async tail(): Promise<string> {
    return lastLines(await readFile(this.log, 'utf8').catch(() => ''), 8);
  }
}
