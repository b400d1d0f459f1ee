import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import { sharesOf } from '../../src/migration/shares.js';
import type { MigrationState } from '../../src/migration/state.js';
import type { Work } from '../../src/migration/work.js';
import { mirroring, mirrorSliceMs } from './activities.js';
import { Blocked } from './turns.js';

/**
 * The copy that goes on in the background while the runbook is read on: one activity for each share of the partitions.
 * It copies from `start` to `stop`, but not while the migration is paused, aborted or about to go on in a new run. What
 * ends a share for good stops all of them, and is the `failure` of whatever step is under way.
 */
export class Mirror {
  #failure: Blocked | null = null;
  #copying: Promise<void> | null = null;
  #failed = false;
  #halted = false;

  constructor(
    private readonly state: MigrationState,
    private readonly work: () => Work,
  ) {}

  /** Why it does not copy although it should, until somebody has been told. */
  get failure(): Blocked | null {
    return this.#failure;
  }

  /** It is to copy from now on. */
  start(): void {
    if (this.state.facts.mirror) this.state.facts.mirror.runs = true;
    this.goOn();
  }

  /** Copies if it is to copy: after a failure that a person has mended, in a new run, after a pause. */
  goOn(): void {
    this.#failed = this.#failure !== null;
    if (this.#copying || !this.#meant()) return;
    this.#copying = this.#keepCopying().finally(() => {
      this.#copying = null;
    });
  }

  /** Nothing is written to the target when this has ended. @throws Blocked what went wrong on the last stretch. */
  async stop(): Promise<void> {
    await this.end();
    const failure = this.told();
    if (failure) throw failure;
  }

  /** The same, whatever went wrong. */
  async end(): Promise<void> {
    if (this.state.facts.mirror) this.state.facts.mirror.runs = false;
    await this.#ended();
  }

  /** Stops for a new run, where it goes on. */
  async halt(): Promise<void> {
    this.#halted = true;
    await this.#ended();
  }

  /** The failure, now that a person is told of it. */
  told(): Blocked | null {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }

  async #ended(): Promise<void> {
    await condition(() => this.#copying === null);
  }

  #meant(): boolean {
    const { facts, abort } = this.state;
    return facts.mirror?.runs === true && !abort && !this.#halted && !this.#failed;
  }

  #wanted(): boolean {
    return this.#meant() && this.state.paused === null;
  }

  async #keepCopying(): Promise<void> {
    while (this.#meant()) {
      await condition(() => this.state.paused === null || !this.#meant());
      if (this.#wanted()) await this.#copy();
    }
  }

  /** Until it is no longer wanted, and every share has stopped. */
  async #copy(): Promise<void> {
    const scope = new CancellationScope();
    const bell = new CancellationScope();
    const listening = bell.run(async () => {
      await condition(() => !this.#wanted());
      scope.cancel();
    });
    const partitions = this.state.facts.mirror?.partitions ?? {};
    const { shares, busy } = sharesOf(this.state.migration, partitions);
    const sliceMs = mirrorSliceMs(shares);
    await scope.run(() =>
      Promise.all(
        busy.map(async (share) => {
          try {
            while (this.#wanted())
              await mirroring(sliceMs).mirror({ ...this.work(), sliceMs, share, shares, partitions });
          } catch (error) {
            this.#fail(error);
          }
        }),
      ),
    );
    bell.cancel();
    await listening.catch(() => undefined);
  }

  /** A share that was told to stop may be lost with its worker on the way there, which is as good. */
  #fail(error: unknown): void {
    if (isCancellation(error)) return;
    if (!(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    if (!(cause instanceof ApplicationFailure) && !this.#wanted()) return;
    this.#failed = true;
    this.#failure ??=
      cause instanceof ApplicationFailure
        ? new Blocked(cause.message, [], cause.type ?? 'Unexpected')
        : new Blocked(
            'No worker finished its share of the mirror in time: see that one is running, then retry.',
            [],
            'Unreachable',
          );
  }
}
