import { allHandlersFinished, condition, log, patched, workflowInfo } from '@temporalio/workflow';
import { inColumns } from '../../src/migration/columns.js';
import { bytesOf, mostBytes, tooLarge } from '../../src/migration/size.js';
import type { MigrationState } from '../../src/migration/state.js';
import { goOnWithNewestBuild } from './newest-build.js';

/** Temporal takes 2,000 updates of one run, and not every server says in time that they are many. */
const mostAnswers = 1_000;

/** A migration lasts weeks: before its history grows large it goes on in a new run, with the same state. */
export class NewRun {
  /** Updates that this run has taken. */
  #answers = 0;
  /** The state of this run would not fit into the input of another. */
  #tooLarge = false;

  constructor(
    private readonly state: MigrationState,
    /** Ends, or waits for, what this run does beside its steps. */
    private readonly halt: () => Promise<void>,
  ) {}

  answered(): void {
    this.#answers += 1;
  }

  /** Between two slices of a wait. */
  isDue(): boolean {
    return (this.#isSuggested() && this.#fits()) || this.isOverdue();
  }

  /**
   * Whether the history has to end in the middle of a wait: each message makes it longer, however still the migration is.
   * Asked by the conditions of waits, so the patch is asked for only when it is.
   */
  isOverdue(): boolean {
    const long = this.#isSuggested() || this.#answers >= mostAnswers;
    return long && this.#fits() && patched('fresh-in-every-wait');
  }

  /** With the same state; what people say meanwhile is in it, and what they say later is kept for the new run. */
  async begin(): Promise<never> {
    await this.halt();
    await condition(allHandlersFinished);
    const { migration, ...state } = this.state;
    return goOnWithNewestBuild(migration, inColumns(state));
  }

  #isSuggested(): boolean {
    const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged: newer } = workflowInfo();
    return continueAsNewSuggested || newer === true;
  }

  /** Temporal would end the run otherwise. A history may grow ten times as long as it suggests, so it goes on in this one. */
  #fits(): boolean {
    if (this.#tooLarge) return false;
    const { migration, ...state } = this.state;
    if (bytesOf([migration, state]) <= mostBytes) return true;
    const bytes = bytesOf([migration, inColumns(state)]);
    if (bytes <= mostBytes) return true;
    this.#tooLarge = true;
    log.warn(tooLarge('The state that goes on in a new run', bytes));
    return false;
  }
}
