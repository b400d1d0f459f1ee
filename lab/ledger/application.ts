import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Reply, Request } from './child.js';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** An application in a process of its own, driven over its IPC channel. It ends when this process does. */
export class Application {
  /** Resolves when the process has ended, to what ended it: `exit 0`, `SIGKILL`. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  private lastId = 0;
  private end: string | undefined;

  /**
   * @param kind the file to run.
   * @param title for people: `producer orders-web`.
   */
  constructor(
    kind: 'producer' | 'consumer',
    private readonly title: string,
    folder: string,
  ) {
    mkdirSync(folder, { recursive: true });
    this.log = join(folder, `${encodeURIComponent(title).replaceAll('%20', '-')}.log`);
    const log = openSync(this.log, 'a');
    // kafkajs has other retry times under NODE_ENV=test; an application is the same wherever it is started from.
    const { NODE_ENV: _, ...env } = process.env;
    this.child = fork(fileURLToPath(new URL(`./${kind}.ts`, import.meta.url)), {
      execArgv: ['--import', tsx],
      env,
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.child.on('message', (reply: Reply) => this.settle(reply));
    this.ended = new Promise((resolve) => {
      const ends = (end: string) => {
        this.end = end;
        for (const { reject } of this.waiting.values()) reject(this.gone());
        this.waiting.clear();
        resolve(end);
      };
      this.child.once('exit', (code, signal) => ends(signal ?? `exit ${code}`));
      this.child.once('error', (error) => ends(error.message));
    });
  }

  readonly log: string;

  get pid(): number {
    return this.child.pid ?? -1;
  }

  isRunning(): boolean {
    return this.end === undefined;
  }

  /** @throws Error with the sentence of the application, or one that says that it has ended. */
  call<Result>(command: string, config?: unknown): Promise<Result> {
    if (this.end !== undefined) return Promise.reject(this.gone());
    const request: Request = { id: ++this.lastId, command, ...(config !== undefined && { config }) };
    return new Promise<Result>((resolve, reject) => {
      this.waiting.set(request.id, { resolve: (result) => resolve(result as Result), reject });
      this.child.send(request, (error) => {
        if (error && this.waiting.delete(request.id)) reject(this.gone());
      });
    });
  }

  /** What a crash looks like to everybody else; resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private settle(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('problem' in reply) waiting?.reject(new Error(reply.problem));
    else waiting?.resolve(reply.result);
  }

  private gone(): Error {
    return new Error(
      `The ${this.title} has ended (${this.end ?? 'channel closed'}); its log is ${this.log}.`,
    );
  }
}
