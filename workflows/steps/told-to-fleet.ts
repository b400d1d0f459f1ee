import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  patched,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { reportOf, type FleetReport } from '../../src/migration/fleet-report.js';
import { reportSignal } from '../../src/migration/membership.js';
import type { MigrationState } from '../../src/migration/state.js';
import { atTheEndOfTheMoment } from './at-the-end-of-the-moment.js';

/** How many reports may follow each other as fast as things change; then one an hour, since each costs five events. */
const atOnce = 30;
const everyMs = 60 * 60_000;

/**
 * Tells the fleet, if there is one, what has changed of this migration: one report at a time, and the newest only. That it
 * has ended is told in any case.
 */
export class ToldToFleet {
  #last = '';
  /** The fleet has said what it is: it may be another of the same name, which has heard nothing. */
  #asked = false;
  #sending: Promise<void> | null = null;
  #due = false;
  #waits = false;
  #left = atOnce;
  #leftAt = Date.now();

  constructor(private readonly state: MigrationState) {}

  changed(): void {
    if (!this.state.fleet || this.#due) return;
    this.#due = true;
    // Once for all that happens at one moment.
    atTheEndOfTheMoment(() => {
      this.#due = false;
      this.#send();
    });
  }

  /** What has been told already is told once more. */
  anew(): void {
    this.#asked = true;
  }

  /** Resolves when what is to be told now has been told. */
  async told(): Promise<void> {
    if (!this.state.fleet) return;
    await condition(() => !this.#due && this.#sending === null);
  }

  #send(): void {
    const { fleet, outcome } = this.state;
    if (!fleet || this.#sending) return;
    const report = reportOf(this.state, new Date().toISOString(), patched);
    const told = `${fleet.id} ${asTold(report)}`;
    if (told === this.#last && !(this.#asked && patched('tells-fleet-anew'))) return;
    if (!this.#may(outcome !== null)) return this.#waitForMore();
    this.#last = told;
    this.#asked = false;
    this.#sending = getExternalWorkflowHandle(fleet.id)
      .signal(reportSignal, report)
      // A fleet may have ended before its migrations.
      .catch(() => undefined)
      .then(() => {
        this.#sending = null;
        this.#send();
      });
  }

  /** Nothing else need change until it may be told. */
  #waitForMore(): void {
    if (this.#waits || !patched('tells-fleet-later')) return;
    this.#waits = true;
    const ms = Math.max(1, this.#leftAt + everyMs - Date.now());
    void CancellationScope.nonCancellable(() => sleep(ms, { summary: 'until the fleet is told more' })).then(
      () => {
        this.#waits = false;
        this.#send();
      },
    );
  }

  #may(ended: boolean): boolean {
    const now = Date.now();
    const more = Math.floor((now - this.#leftAt) / everyMs);
    if (more > 0) {
      this.#left = Math.min(atOnce, this.#left + more);
      this.#leftAt += more * everyMs;
    }
    if (this.#left <= 0 && !ended) return false;
    this.#left -= 1;
    return true;
  }
}

/** What makes a report worth telling; the time since when is not. */
const asTold = ({ state, step, says, done, copying }: FleetReport): string =>
  JSON.stringify([workflowInfo().firstExecutionRunId, state, step, says, done, copying]);
