import { patched, setCurrentDetails, upsertMemo } from '@temporalio/workflow';
import { rateOf } from '../../src/migration/throttling.js';
import { detailsOf } from '../../src/migration/details.js';
import { targetGroup, targetName } from '../../src/migration/file.js';
import { isHeldByFleet } from '../../src/migration/membership.js';
import { currentStep, type MigrationState } from '../../src/migration/state.js';
import { statusOf } from '../../src/migration/status.js';
import { Attributes } from './attributes.js';
import { ToldToFleet } from './told-to-fleet.js';
import { atTheEndOfTheMoment } from './at-the-end-of-the-moment.js';

/** What is shown of a migration to those who look: its details in the web UI, and the memo that lists are made of. */
export class Shown {
  #memo = '';
  #detailsDue = false;
  readonly #fleet: ToldToFleet;
  readonly #attributes: Attributes;

  constructor(readonly state: MigrationState) {
    this.#fleet = new ToldToFleet(state);
    this.#attributes = new Attributes(state);
  }

  /** Resolves when the fleet has been told what there is to tell. */
  told(): Promise<void> {
    return this.#fleet.told();
  }

  /** The fleet may know nothing of what it was told. */
  toldAnew(): void {
    this.#fleet.anew();
  }

  /** After every change of the state. */
  changed(): void {
    this.#details();
    this.#fleet.changed();
    const { state, source, target } = statusOf(this.state);
    const { migration, startedAt } = this.state;
    const step = currentStep(this.state)?.id ?? null;
    // `null` where a person or the fleet has said that there is no limit any more.
    const rate = this.state.throttle && (rateOf(this.state) ?? null);
    const { fleet } = this.state;
    const held = isHeldByFleet(state, this.state.paused) && patched('held-waits-for-nobody');
    const shown = {
      source,
      target,
      topics: migration.topics.flatMap((topic) => [...new Set([topic.name, targetName(topic)])]),
      groups: migration.consumers.flatMap((consumer) => [
        ...new Set([consumer.group, targetGroup(consumer)]),
      ]),
      state,
      step,
      since: this.#since(state, step),
      startedAt,
      ...(rate !== undefined && { rate }),
      ...(held && { held }),
      ...(fleet && patched('names-its-fleet') && { fleet: fleet.id }),
    };
    this.#attributes.changed(held);
    // Each change of the memo is an event of history, so it is written only when it says something new.
    const memo = JSON.stringify(shown);
    if (memo === this.#memo) return;
    this.#memo = memo;
    upsertMemo({ migration: shown });
  }

  /** Also in a new run, and while the rest of what is shown changes. */
  #since(state: string, step: string | null): string {
    const { since } = this.state;
    if (since?.state === state && since.step === step) return since.at;
    const at = new Date().toISOString();
    this.state.since = { state, step, at };
    return at;
  }

  /** Once for all that happens at one moment: a thousand approvals may come at once. */
  #details(): void {
    if (this.#detailsDue) return;
    this.#detailsDue = true;
    atTheEndOfTheMoment(() => {
      this.#detailsDue = false;
      setCurrentDetails(detailsOf(this.state));
    });
  }
}
