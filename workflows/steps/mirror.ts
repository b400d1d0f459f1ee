import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import { rateOf } from '../../src/migration/throttling.js';
import { givenToShare, sharesOf } from '../../src/migration/shares.js';
import { bytesOf, sayMegabytes } from '../../src/migration/size.js';
import type { MigrationState } from '../../src/migration/state.js';
import type { Work } from '../../src/migration/work/work.js';
import { mirroring, mirrorSliceMs, sliceMs, watchThenChange } from './activities.js';
import { failureOf, isLost } from './failure.js';
import { mayImport } from './importing.js';
import { insist } from './insist.js';
import { Blocked } from './turns.js';

/**
 * What all shares may be given together, in bytes: they are asked for at once, and a server that is told more than 4 MB takes
 * none of it, for ever. Not met by a plan that was looked at, unless the file has been amended since.
 */
const mostAtOnce = 3_600_000;

/**
 * The copy that goes on in the background while the runbook is read on: one activity for each share of the partitions,
 * and one that lets schemas follow. It copies from `start` to `stop`, but not while the migration is paused (unless
 * groups live from the target already), aborted or about to go on in a new run. What ends a share for good stops all of
 * them, and is the `failure` of whatever step is under way.
 */
export class Mirror {
  #failure: Blocked | null = null;
  #copying: Promise<void> | null = null;
  #failed = false;
  #halted = false;

  constructor(
    readonly state: MigrationState,
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
    const { paused, facts } = this.state;
    const groupsLiveFromIt = (facts.translated ?? []).length > 0;
    return this.#meant() && (paused === null || groupsLiveFromIt);
  }

  async #keepCopying(): Promise<void> {
    while (this.#meant()) {
      await condition(() => this.#wanted() || !this.#meant());
      if (this.#wanted()) await this.#copy();
    }
  }

  /** Until it is no longer wanted, and every share has stopped. */
  async #copy(): Promise<void> {
    const { migration } = this.state;
    // A share copies by the file as it was when it began, so all begin again when that is amended.
    const wanted = (): boolean => this.#wanted() && this.state.migration === migration;
    const partitions = this.state.facts.mirror?.partitions ?? {};
    const scope = new CancellationScope();
    const bell = new CancellationScope();
    const listening = bell.run(async () => {
      await condition(() => !wanted());
      scope.cancel();
    });
    const { shares, busy } = sharesOf(migration, partitions);
    const shareMs = mirrorSliceMs(shares);
    const { targetIds } = this.state.facts.mirror ?? {};
    const mirrored = { partitions, ...(targetIds && { targetIds }) };
    const given = (share: number) => givenToShare(this.work(), mirrored, { share, shares, busy });
    const copy = async (share: number): Promise<void> => {
      let carry: unknown;
      while (wanted()) {
        const rate = rateOf(this.state);
        const slice = { ...given(share), sliceMs: shareMs, carry };
        ({ carry } = await mirroring(shareMs).mirror({ ...slice, ...(rate !== undefined && { rate }) }));
      }
    };
    const all = [
      ...busy.map((share) => () => copy(share)),
      ...(migration.schemas ? [() => this.#letSchemasFollow(wanted)] : []),
    ];
    await this.#orFail(async () => {
      insistThatTheyFit(busy.map(given));
      await this.#mayImport(() =>
        scope.run(async () => {
          await Promise.all(all.map((work) => this.#orFail(work)));
        }),
      );
    });
    bell.cancel();
    await listening.catch(() => undefined);
  }

  /** New versions on the source registry, while producers there may still make some. */
  async #letSchemasFollow(wanted: () => boolean): Promise<void> {
    let carry: unknown;
    while (wanted()) {
      const seen = await watchThenChange().watchSchemas({ ...this.work(), sliceMs, carry });
      if (seen.state === 'asks') {
        insist(this.work(), seen.findings);
        throw new Blocked('The check asked for nothing that is not accepted already; retry.');
      }
      carry = seen.carry;
    }
  }

  async #mayImport(work: () => Promise<void>): Promise<void> {
    const { migration, facts } = this.state;
    if (migration.schemas) await mayImport({ facts, work: this.work }, work);
    else await work();
  }

  async #orFail(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A share that was told to stop may be lost with its worker on the way there, which is as good. */
  #fail(error: unknown): void {
    if (isCancellation(error) || (isLost(error) && !this.#wanted())) return;
    const failure = failureOf(error);
    if (!failure) throw error;
    this.#failed = true;
    this.#failure ??=
      error instanceof Blocked ? error : new Blocked(failure.sentence, failure.findings, failure.type);
  }
}

function insistThatTheyFit(given: readonly unknown[]): void {
  const bytes = given.reduce((sum: number, one) => sum + bytesOf(one), 0);
  if (bytes > mostAtOnce && patched('shares-fit'))
    throw new Blocked(
      `The ${given.length} shares of the mirror would be given ${sayMegabytes(bytes)} together, more than Temporal takes at once: make the migration file shorter (amend), or abort and start anew with fewer copying.shares.`,
      [],
      'Refused',
    );
}
