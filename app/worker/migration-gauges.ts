import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricMeter } from '@temporalio/common';
import { metrics, type Metric } from '../../src/migration/metrics.js';
import { isStrategy, stepKinds } from '../../src/migration/strategies.js';
import { stateWords } from '../../src/migration/status.js';
import type { Listed } from '../connections/listing.js';

/** How often Temporal is asked, ms; where the answer takes long, a twentieth of the time at most is spent asking. */
const everyMs = 30_000;
const pause = 19;
/** Longest wait for an answer, ms: what hangs is asked again, and found out to be unknown, as soon as what refuses. */
const answerMs = everyMs / 2;
/** What was told is not taken for true any more after so long without an answer, ms. */
const trueForMs = 3 * everyMs;

/** States in which a migration gets on only when a person does something. */
const waits = ['waiting', 'blocked', 'paused'] as const;

/**
 * How many migrations there are, by what Temporal lists: a workflow cannot tell it, as it is known to a worker only while
 * it is in its cache, and what it told there last would stay when it goes on elsewhere. So every worker tells the same of
 * its whole queue, and how old that is.
 */
export class MigrationGauges {
  /** Label sets that were told, by their own text. */
  readonly #told = new Map<string, Record<string, string>>();
  /** Since when this worker knows of a state whose beginning is not told. */
  #firstSeen = new Map<string, number>();
  #readAt: number | undefined;

  constructor(private readonly meter: MetricMeter) {}

  /** @param now ms since 1970 */
  read(migrations: readonly Listed[], now: number): void {
    this.#readAt = now;
    const counts = new Map<string, number>([...this.#told.keys()].map((key) => [key, 0]));
    const oldest = new Map<string, number>(waits.map((state) => [state, 0]));
    const seen = new Map<string, number>();
    for (const one of migrations) {
      const labels = labelsOf(one);
      const key = Object.values(labels).join(' ');
      this.#told.set(key, labels);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const known = `${one.workflowId} ${labels.state} ${labels.step}`;
      const since = one.since === undefined ? (this.#firstSeen.get(known) ?? now) : Date.parse(one.since);
      if (one.since === undefined) seen.set(known, since);
      const longest = oldest.get(labels.state);
      // What its fleet holds goes on with that. Clocks of two machines.
      if (longest !== undefined && !one.held) oldest.set(labels.state, Math.max(longest, now - since));
    }
    this.#firstSeen = seen;
    for (const [key, labels] of this.#told) this.#set(metrics.migrations, counts.get(key) ?? 0, labels);
    for (const [state, ms] of oldest) this.#set(metrics.oldestWait, ms / 1000, { state });
    this.#set(metrics.read, now / 1000);
  }

  /** Temporal did not answer. What it said last holds for a while, and is not known from then on. */
  notRead(now: number): void {
    if (this.#readAt !== undefined && now - this.#readAt < trueForMs) return;
    for (const labels of this.#told.values()) this.#set(metrics.migrations, NaN, labels);
    for (const state of waits) this.#set(metrics.oldestWait, NaN, { state });
  }

  #set({ name, means }: Metric, value: number, labels: Record<string, string> = {}): void {
    this.meter.createGauge(name, 'float', undefined, means).set(value, labels);
  }
}

/** A memo is written by whoever starts a workflow: what is no word of ours would be a label of its own. */
function labelsOf({ strategy, state, step, unread }: Listed): {
  strategy: string;
  state: string;
  step: string;
} {
  return {
    strategy: isStrategy(strategy) ? strategy : 'other',
    state: unread ? 'unknown' : stateWords.some((word) => word === state) ? state : 'other',
    step: step === null ? '' : Object.hasOwn(stepKinds, step) ? step : 'other',
  };
}

/**
 * Keeps the gauges until `signal`; whatever Temporal answers, nothing else of the worker is held up by it. What is under
 * way then is not waited for, and tells nothing any more.
 *
 * @param list throws when it has no answer by the deadline (ms since 1970)
 */
export async function keepMigrationGauges(
  gauges: MigrationGauges,
  list: (deadline: number) => Promise<readonly Listed[]>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    let pauseMs = everyMs;
    try {
      const listed = await list(Date.now() + answerMs);
      if (signal.aborted) return;
      pauseMs = Math.max(everyMs, pause * (performance.now() - began));
      gauges.read(listed, Date.now());
    } catch {
      if (!signal.aborted) gauges.notRead(Date.now());
    }
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
