import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LabError } from '../lab/lab.js';
import type { Polling } from './polling-peer.js';

const program = fileURLToPath(new URL('polling-peer.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** The peer in a process of its own, loaded as the worker is. */
export class PeerProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when it has connected and begins to poll. */
  static async start(polling: Polling): Promise<PeerProcess> {
    const child = fork(program, {
      execArgv: ['--import', tsx],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const peer = new PeerProcess(child);
    child.send(polling);
    await peer.#answer();
    return peer;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** How many times it has asked for the lag of a group so far. */
  async polls(): Promise<number> {
    this.child.send('polls');
    return ((await this.#answer()) as { polls: number }).polls;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  async #answer(): Promise<unknown> {
    const ended = once(this.child, 'exit').then(() => {
      throw new LabError('The peer, a process that polls with kafkajs, ended before it was measured.');
    });
    const [answer] = (await Promise.race([once(this.child, 'message'), ended])) as unknown[];
    return answer;
  }
}
