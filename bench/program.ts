import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LabError } from '../lab/lab.js';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

const beginning = 'begin';

/** For the program: says that it is ready, and resolves when it may begin. */
export async function untilBegun(): Promise<void> {
  const told = once(process, 'message');
  process.send?.('ready');
  await told;
}

/** A program of the benchmarks in a process of its own, loaded as the worker is, so that it can be measured alone. */
export class Program {
  private constructor(
    private readonly child: ChildProcess,
    private readonly what: string,
  ) {}

  /**
   * Resolves when it has said that it is ready.
   * @param file below `bench/`.
   * @param task over its channel and not on the command line, since it holds credentials.
   * @param what it is, for the sentence when it ends early.
   */
  static async start(file: string, task: object, what: string): Promise<Program> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      execArgv: ['--import', tsx],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const program = new Program(child, what);
    child.send(task);
    await program.answer();
    return program;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async ask(question: string): Promise<unknown> {
    this.child.send(question);
    return this.answer();
  }

  /** Lets a program go on that waits to be told, by `untilBegun`. */
  begin(): void {
    this.child.send(beginning);
  }

  async answer(): Promise<unknown> {
    const ended = once(this.child, 'exit').then(() => {
      throw new LabError(`${this.what} ended before it was measured.`);
    });
    const [answer] = (await Promise.race([once(this.child, 'message'), ended])) as unknown[];
    return answer;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
