import {
  CancellationScope,
  condition,
  inWorkflowContext,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import type { MigrationState } from '../../src/migration/state.js';
import { isTold, isUntold, nextReminder, toTell, type Telling } from '../../src/migration/telling.js';
import { outside } from './activities.js';
import { notHeard } from './not-heard.js';
import { atTheEndOfTheMoment, isIn } from './at-the-end-of-the-moment.js';

/** Where somebody does not answer, what comes after is told beside it, so that the others hear of it in time. */
const mostAtOnce = 4;

/**
 * Tells people outside what has newly to be told, beside the steps: none of them waits for it. The workflow does not know
 * whether anybody is to be told; the activity does. What is told stands in the state, so that no later run tells it again.
 */
export class Teller {
  #due = false;
  #halted = false;
  /** What is being told now, by activities that have not answered. */
  readonly #underWay = new Set<readonly Telling[]>();
  /** The timer of the next reminder, and when it rings. */
  #reminder: { at: number; scope: CancellationScope } | null = null;

  constructor(readonly state: MigrationState) {}

  /** After every change of the state: once for all that happens at one moment, as what is shown. */
  changed(): void {
    if (this.#due) return;
    this.#due = true;
    atTheEndOfTheMoment(() => {
      this.#due = false;
      this.#look();
    });
  }

  /**
   * Before a new run: until everything is told or given up, five minutes at most. Who has been told already is known to the
   * activity alone, so the new run could only tell everybody again.
   */
  async halt(): Promise<void> {
    this.#halted = true;
    this.#forget();
    await condition(() => this.#underWay.size === 0);
  }

  /** The same in histories of before: what is not told after a minute, the new run tells, to everybody. */
  async haltSoon(): Promise<void> {
    this.#halted = true;
    this.#forget();
    if (this.#underWay.size > 0)
      await condition(() => this.#underWay.size === 0, '1 minute', { summary: 'people are told' });
    for (const telling of [...this.#underWay].flat()) isUntold(this.state, telling);
  }

  /** The migration has ended: until that is told, or given up. The end waits for nobody who hangs. */
  async ended(): Promise<void> {
    this.#look(Infinity);
    await condition(() => this.#underWay.size === 0);
    this.#forget();
  }

  #look(most = mostAtOnce): void {
    if (this.#halted) return;
    const now = new Date().toISOString();
    const due = this.#underWay.size < most ? toTell(this.state, now, patched) : [];
    // Migrations that began before there was anybody to tell go on without, until there is something new.
    if (due.length > 0 && patched('tells')) {
      // First, because the activity may run longer than what it tells stands.
      for (const telling of due) isTold(this.state, telling, now);
      // Apart from whatever scope has led here, which may be cancelled with a watch.
      void CancellationScope.nonCancellable(() => this.#tell(due));
    }
    // Where there is no room now, it is looked at again when there is.
    const full = this.#underWay.size >= mostAtOnce;
    this.#remindAt(this.state.outcome || full ? undefined : nextReminder(this.state, now, patched));
  }

  async #tell(tellings: readonly Telling[]): Promise<void> {
    this.#underWay.add(tellings);
    try {
      const { failed } = await outside().tell({ migration: this.state.migration, tellings });
      for (const why of failed) notHeard(this.state, why);
    } catch (error) {
      const why = notHeard(this.state, error);
      if (inWorkflowContext()) log.warn(why);
    } finally {
      this.#underWay.delete(tellings);
      this.changed();
    }
  }

  /** One timer for the reminder that is due first; one that is there already is not set anew. */
  #remindAt(at: number | undefined): void {
    if (this.#reminder?.at === at) return;
    this.#forget();
    if (at === undefined) return;
    const { runId } = workflowInfo();
    void CancellationScope.nonCancellable(async () => {
      const scope = new CancellationScope();
      this.#reminder = { at, scope };
      try {
        await scope.run(() =>
          condition(() => false, Math.max(1, at - Date.now()), { summary: 'reminds people' }),
        );
      } catch {
        return;
      }
      this.#reminder = null;
      if (isIn(runId)) this.#look();
    });
  }

  #forget(): void {
    this.#reminder?.scope.cancel();
    this.#reminder = null;
  }
}
