import {
  CancellationScope,
  condition,
  patched,
  proxyLocalActivities,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import {
  defineSearchAttributeKey,
  TemporalFailure,
  type SearchAttributeUpdatePair,
} from '@temporalio/common';
import { attributesOf, type AttributeName } from '../../src/migration/attributes.js';
import type { MigrationState } from '../../src/migration/state.js';
import type { FleetActivities } from '../../src/migration/work/fleet.js';

/** Each question is some events of history, so the pause doubles: where nothing is ever answered, that costs about one an hour. */
const firstPauseMs = 5_000;
const longestPauseMs = 6 * 60 * 60_000;

/**
 * The search attributes by which Temporal's own lists are filtered. One that is not registered would fail the workflow for
 * as long as it is not, so the worker is asked in each run which there are. Where that failed, what the run before has written
 * stands on the server, so it is asked again.
 */
export class Attributes {
  #known: ReadonlySet<string> = new Set();
  #shown = '';
  #held = false;

  constructor(private readonly state: MigrationState) {
    if (patched('attributes')) void this.#learn();
  }

  /** After every change of the state. @param held whether its fleet holds it */
  changed(held: boolean): void {
    this.#held = held;
    this.#write();
  }

  #write(): void {
    if (this.#known.size === 0) return;
    const all = attributesOf(this.state, new Date().toISOString(), this.#held);
    const pairs = Object.entries(all).flatMap(([name, value]): SearchAttributeUpdatePair[] => {
      if (!this.#known.has(name)) return [];
      return name === 'FerrySince'
        ? [
            {
              key: defineSearchAttributeKey(name, 'DATETIME'),
              value: value === null ? null : new Date(value),
            },
          ]
        : [{ key: defineSearchAttributeKey(name as AttributeName, 'KEYWORD'), value }];
    });
    // Each change is an event of history, so they are written only when they say something new.
    const shown = JSON.stringify(pairs);
    if (shown === this.#shown || pairs.length === 0) return;
    this.#shown = shown;
    upsertSearchAttributes(pairs);
  }

  async #learn(): Promise<void> {
    const { knownAttributes } = proxyLocalActivities<FleetActivities>({
      startToCloseTimeout: '5 seconds',
      retry: { maximumAttempts: 1 },
    });
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        const { names } = await knownAttributes();
        this.#known = new Set(names);
        return this.#write();
      } catch (error) {
        // Else this worker has no such activity, which the workflow is not told in a replay.
        if (!(error instanceof TemporalFailure) || !patched('attributes-asked-again')) return;
      }
      // Also when the run is asked to cancel, which takes things back for as long as that lasts.
      await CancellationScope.nonCancellable(() =>
        condition(() => false, pauseMs, { summary: 'until search attributes are asked for again' }),
      );
    }
  }
}
