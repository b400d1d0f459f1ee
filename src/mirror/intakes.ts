import { setTimeout as sleep } from 'node:timers/promises';
import { partitionKey, type Cluster } from '../kafka/cluster.js';
import { isFerryError, type FerryError } from '../migration/errors.js';
import { Intake, type Flow, type IntakeShared } from './intake.js';

const pauseMs = 250;

/**
 * One intake for each broker of the source that leads something, whoever that is at the moment. A partition that its broker
 * does not give waits apart from all others until one leads it, then goes on in that one's intake.
 */
export class Intakes {
  private readonly perBroker = new Map<number, Intake>();
  private readonly running = new Set<Promise<void>>();
  private lost: Set<Flow>;
  private readonly failingSince = new Map<Flow, number>();
  private wake = () => {};

  constructor(
    private readonly shared: IntakeShared,
    flows: readonly Flow[],
    private readonly fail: (error: unknown) => void,
  ) {
    this.lost = new Set(flows);
  }

  /** Goes on until the signal comes; what a person must mend is told to `fail`. */
  async run(): Promise<void> {
    const { signal } = this.shared;
    const wake = () => this.wake();
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      if (this.lost.size === 0) await new Promise<void>((resolve) => (this.wake = resolve));
      else
        try {
          await this.place();
        } catch (error) {
          this.fail(error);
        }
      if (this.lost.size > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    signal.removeEventListener('abort', wake);
    await Promise.all(this.running);
  }

  /** Looks up who leads what nobody gives. */
  private async place(): Promise<void> {
    const { source } = this.shared;
    const lost = [...this.lost];
    let leaders: Awaited<ReturnType<Cluster['leaders']>> | undefined;
    try {
      leaders = await source.leaders(lost.map(({ partition }) => partition));
    } catch (error) {
      if (!isFerryError(error) || error.type !== 'Unreachable') throw error;
      for (const flow of lost) this.lose(flow, error);
    }
    for (const flow of leaders ? lost : []) {
      const row = leaders?.get(partitionKey(flow.partition));
      if (!row) throw new Error(`no row for ${partitionKey(flow.partition)}`);
      if (row.error) {
        if (row.error.type !== 'Unreachable') throw row.error;
        this.lose(flow, row.error);
      } else {
        this.lost.delete(flow);
        this.intakeOf(row.value).add(flow);
      }
    }
  }

  private intakeOf(broker: number): Intake {
    const there = this.perBroker.get(broker);
    if (there) return there;
    const intake = new Intake(this.shared, broker, {
      served: (flow) => this.served(flow),
      lost: (flow, error) => this.lose(flow, error),
      ended: () => this.perBroker.delete(broker),
    });
    this.perBroker.set(broker, intake);
    const running = intake
      .run()
      .catch((error: unknown) => this.fail(error))
      .finally(() => this.running.delete(running));
    this.running.add(running);
    return intake;
  }

  private served(flow: Flow): void {
    if (this.failingSince.delete(flow)) this.shared.trouble.over(onSource(flow));
  }

  private lose(flow: Flow, error: FerryError): void {
    const since = this.failingSince.get(flow) ?? Date.now();
    this.failingSince.set(flow, since);
    this.lost.add(flow);
    const { trouble } = this.shared;
    trouble.with(onSource(flow), error);
    if (Date.now() - since > trouble.patienceMs) this.fail(trouble.inVain(error));
    this.wake();
  }
}

const onSource = ({ partition }: Flow): string => `source ${partitionKey(partition)}`;
