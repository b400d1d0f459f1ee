import { inWorkflowContext, log, patched } from '@temporalio/workflow';
import { askingNow, isTold, whomToTell } from '../../src/fleet/asking.js';
import type { FleetTelling } from '../../src/migration/fleet-telling.js';
import { outside } from '../steps/activities.js';
import { notHeard } from '../steps/not-heard.js';
import type { Running } from './running.js';

/** Each is some hundred bytes, and has to be told in time to whoever answers slowly. */
const mostTogether = 20;

/**
 * Tells people outside which waves ask for their approval, beside all that the fleet does: nothing waits for it. What comes
 * to ask while somebody does not answer is told after that, some minutes later at most. What is told stands in the state, so
 * that no later run tells it again.
 */
export class WaveTeller {
  #tells = false;

  constructor(private readonly run: Running) {}

  /** Whether somebody is being told now. Who has been is known to the activity alone, so no new run is to begin meanwhile. */
  get tells(): boolean {
    return this.#tells;
  }

  /** Tells what is to be told now. @returns when to look again though nothing changes, ms since the epoch */
  look(): number {
    const { fleet, state } = this.run;
    const { due, againAt } = askingNow(fleet, state, Date.now());
    const nothing = due.length === 0 && againAt === undefined;
    // Fleets that began before there was anybody to tell go on without, until there is something new.
    if (nothing || !patched('tells-of-waves')) return Infinity;
    if (due.length > 0 && !this.#tells) {
      const tellings = due.slice(0, mostTogether);
      // First, because the activity may run longer than what it tells stands.
      for (const telling of tellings) isTold(state, telling, this.run.now());
      void this.#tell(tellings);
    }
    return againAt ?? Infinity;
  }

  async #tell(tellings: readonly FleetTelling[]): Promise<void> {
    this.#tells = true;
    try {
      const { failed } = await outside().tellOfFleet({ fleet: whomToTell(this.run.fleet), tellings });
      for (const why of failed) notHeard(this.run.state, why);
    } catch (error) {
      const why = notHeard(this.run.state, error);
      if (inWorkflowContext()) log.warn(why);
    } finally {
      this.#tells = false;
      // What has come to ask meanwhile, and when to remind of this.
      this.run.changes();
    }
  }
}
