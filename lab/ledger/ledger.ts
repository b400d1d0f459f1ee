import { Application } from './application.js';
import type { ConsumerConfig, ConsumerStatus, Left, ProducerConfig, ProducerStatus } from './settings.js';

export type {
  Connection,
  ConsumerConfig,
  ConsumerStatus,
  Left,
  ProducerConfig,
  ProducerStatus,
  Side,
} from './settings.js';
export type { ValueFormat } from './values.js';
export { ledgerVerdict, settledVerdict } from './verdict.js';
export type { GroupVerdict, Verdict, VerdictOptions } from './verdict.js';

abstract class Driven<Status> {
  constructor(private readonly application: Application) {}

  get pid(): number {
    return this.application.pid;
  }

  /** What the process printed; empty unless it crashed. */
  get log(): string {
    return this.application.log;
  }

  /** At any time, also while another command is under way. */
  status(): Promise<Status> {
    return this.application.call('status');
  }

  /** Ends it in order and resolves when the process is gone; the answer is its last status. */
  async stop(): Promise<Status> {
    const last = await this.application.call<Status>('stop');
    await this.application.ended;
    return last;
  }

  /** SIGKILL. The application can be started again with the same configuration and goes on where its journal ends. */
  kill(): Promise<void> {
    return this.application.kill();
  }

  isRunning(): boolean {
    return this.application.isRunning();
  }

  protected call<Result>(command: string): Promise<Result> {
    return this.application.call(command);
  }
}

/** A producing application in a process of its own. Every method resolves when the application has done it. */
export class LedgerProducer extends Driven<ProducerStatus> {
  /** Finishes what is in flight, then writes only to the other cluster, each key's sequence going on. */
  switch(): Promise<void> {
    return this.call('switch');
  }

  /** Writes every message to both clusters, with the same id. */
  writeBoth(): Promise<void> {
    return this.call('writeBoth');
  }

  /** Writes to the target only. */
  stopOld(): Promise<void> {
    return this.call('stopOld');
  }
}

/** A consuming application in a process of its own. */
export class LedgerConsumer extends Driven<ConsumerStatus> {
  /** Commits and stops on one cluster, then starts on the other with the same group; resolves when it reads there. */
  switch(): Promise<Left> {
    return this.call('switch');
  }

  readBoth(): Promise<void> {
    return this.call('readBoth');
  }

  /** Commits and stops on the source; reads the target only. */
  stopOld(): Promise<Left> {
    return this.call('stopOld');
  }
}

/**
 * Starts a producer; resolves when it writes.
 * @throws Error one sentence when a cluster does not let it in; no process is left.
 */
export function startProducer(config: ProducerConfig): Promise<LedgerProducer> {
  return started(
    new Application('producer', `producer ${config.name}`, config.folder),
    config,
    LedgerProducer,
  );
}

/**
 * Starts a consumer; resolves when it has joined the group and knows its starting offsets.
 * @throws Error one sentence when it cannot read; no process is left.
 */
export function startConsumer(config: ConsumerConfig): Promise<LedgerConsumer> {
  const title = `consumer ${config.group} ${config.member ?? '1'}`;
  return started(new Application('consumer', title, config.folder), config, LedgerConsumer);
}

async function started<Handle>(
  application: Application,
  config: unknown,
  handle: new (application: Application) => Handle,
): Promise<Handle> {
  try {
    await application.call('start', config);
    return new handle(application);
  } catch (error) {
    await application.kill();
    throw error;
  }
}
