import type { Polling } from './polling-peer.js';
import { Program } from './program.js';

/** The peer that polls, in a process of its own. */
export class PeerProcess {
  private constructor(private readonly program: Program) {}

  /** Resolves when it has connected and begins to poll. */
  static async start(polling: Polling): Promise<PeerProcess> {
    return new PeerProcess(
      await Program.start('polling-peer.ts', polling, 'The peer, a process that polls with kafkajs,'),
    );
  }

  get pid(): number {
    return this.program.pid;
  }

  /** How many times it has asked for the lag of a group so far. */
  async polls(): Promise<number> {
    return ((await this.program.ask('polls')) as { polls: number }).polls;
  }

  stop(): Promise<void> {
    return this.program.stop();
  }
}
