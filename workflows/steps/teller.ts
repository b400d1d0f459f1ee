import { CancellationScope, condition, log, patched } from '@temporalio/workflow';
import type { MigrationState } from '../../src/migration/state.js';
import { isTold, isUntold, nextReminder, toTell, type Telling } from '../../src/migration/telling.js';
import type { Work } from '../../src/migration/work/work.js';
import { outside } from './activities.js';
import { notHeard } from './not-heard.js';

/**
 * Tells people outside what has newly to be told, beside the steps: none of them waits for it. The workflow does not know
 * whether anybody is to be told; the activity does. What is told stands in the state, so that no later run tells it again.
 */
export class Teller {
  #due = false;
  #telling: Promise<void> | null = null;
  #inFlight: Telling[] = [];
  #halted = false;
  /** The timer of a reminder, and when it rings. */
  #reminder: { at: number; scope: CancellationScope } | null = null;

  constructor(
    readonly state: MigrationState,
    private readonly work: () => Work,
  ) {}

  /** After every change of the state: once for all that happens at one moment, as what is shown. */
  changed(): void {
    if (this.#due) return;
    this.#due = true;
    void Promise.resolve().then(() => {
      this.#due = false;
      this.#look();
    });
  }

  /** Before a new run: what is being told is waited for a little; what is not told by then, the new run tells. */
  async halt(): Promise<void> {
    this.#halted = true;
    this.#forget();
    if (this.#telling)
      await condition(() => this.#telling === null, '1 minute', { summary: 'people are told' });
    for (const telling of this.#inFlight) isUntold(this.state, telling);
  }

  /** The migration has ended: until that is told, or given up. */
  async ended(): Promise<void> {
    // What was being told may have come before the end.
    for (let turns = 2; turns > 0; turns--) {
      this.#look();
      await condition(() => this.#telling === null);
    }
    this.#forget();
  }

  #look(): void {
    if (this.#halted) return;
    const now = new Date().toISOString();
    if (!this.#telling) {
      const due = toTell(this.state, now);
      // Migrations that began before there was anybody to tell go on without, until there is something new.
      if (due.length > 0 && patched('tells')) {
        this.#telling = CancellationScope.nonCancellable(() => this.#tell(due, now)).finally(() => {
          this.#telling = null;
          this.changed();
        });
      }
    }
    this.#remindAt(this.state.outcome ? undefined : nextReminder(this.state, now));
  }

  async #tell(tellings: Telling[], now: string): Promise<void> {
    // First, because this may run longer than what it tells stands.
    for (const telling of tellings) isTold(this.state, telling, now);
    this.#inFlight = tellings;
    try {
      const { failed } = await outside().tell({ ...this.work(), tellings });
      for (const why of failed) notHeard(this.state, why);
    } catch (error) {
      log.warn(notHeard(this.state, error));
    } finally {
      this.#inFlight = [];
    }
  }

  /** One timer for the reminder that is due first; none that is there already is set anew. */
  #remindAt(at: number | undefined): void {
    if (this.#reminder?.at === at) return;
    this.#forget();
    if (at === undefined || this.#telling) return;
    // Apart from whatever scope has led here, which may be cancelled with a watch.
    void CancellationScope.nonCancellable(async () => {
      const scope = new CancellationScope();
      const reminder = { at, scope };
      this.#reminder = reminder;
      try {
        await scope.run(() =>
          condition(() => false, Math.max(1, at - Date.now()), { summary: 'reminds people' }),
        );
      } catch {
        return;
      }
      this.#reminder = null;
      this.#look();
    });
  }

  #forget(): void {
    this.#reminder?.scope.cancel();
    this.#reminder = null;
  }
}
