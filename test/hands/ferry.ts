import { spawn, type ChildProcess } from 'node:child_process';
import type { Lab } from '../../lab/lab.js';
import { runProgram, type Ended } from './program.js';

const ferryCommand = ['--import', 'tsx', 'app/cli/main.ts'];

/** What a verb is at, which it says on the error stream where a machine is busy. */
const progress = /^… .*\n/gm;

/** The ferry's command line, for this lab: on the error stream what it complains of. */
export async function ferry(lab: Lab, ...args: string[]): Promise<Ended> {
  const ended = await runProgram(process.execPath, [...ferryCommand, ...args], {
    FERRY_CONFIG: lab.ferryYaml,
  });
  return { ...ended, stderr: ended.stderr.replace(progress, '') };
}

/** `ferry worker` in a process of its own. */
export class WorkerProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly gone: Promise<void>,
  ) {}

  /**
   * Resolves when it takes work.
   * @throws Error with all that it printed, when it ends before that.
   */
  static async start(lab: Lab): Promise<WorkerProcess> {
    const child = spawn(process.execPath, [...ferryCommand, 'worker', '--config', lab.ferryYaml], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes('Takes work from queue')) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      void gone.then(() => reject(new Error(`The worker ended before it took work: ${printed}`)));
    });
    return new WorkerProcess(child, gone);
  }

  /** Ends it as a power failure does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /** Ends it in order; resolves when it is gone. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.gone;
  }
}
