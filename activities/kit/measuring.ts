import { metrics, type Metric } from '../../src/migration/metrics.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { Progress } from '../../src/migration/work/work.js';
import { currentContext } from './current-context.js';

/** Adds to a counter of the worker; outside Temporal nobody counts. */
export function count(metric: Metric, labels: Record<string, string>, by = 1): void {
  const context = currentContext();
  context?.metricMeter
    .createCounter(metric.name, undefined, metric.means)
    .add(by, { ...labels, task_queue: context.info.taskQueue });
}

/**
 * Who told each series last. The watch of a step that begins again runs before the one before it has heard of its end, which
 * may not take away what is told by then.
 */
const tellers = new Map<string, Measuring>();

/**
 * What an activity sees now, for the worker's gauges. Temporal's exporter never forgets a series, so what is not seen any
 * more is set to NaN: the next attempt may run on another worker, and the last number of this one would be taken for true.
 */
export class Measuring {
  /** By name of the metric. */
  readonly #told = new Map<string, { value: number; series: Series }>();
  #bytes = 0;

  constructor(private readonly migration: string) {}

  saw({ mirror, progress }: { mirror?: MirrorHeartbeat['mirror']; progress?: Progress }): void {
    if (progress?.what === 'Draining')
      this.#gauge(metrics.drainLag, { migration: this.migration }, progress.all - progress.done);
    if (!mirror) return;
    const labels = { migration: this.migration, share: String(mirror.share) };
    this.#gauge(metrics.mirrorLag, labels, mirror.lag);
    this.#gauge(metrics.mirrorLagSeconds, labels, (mirror.behindMs ?? NaN) / 1000);
    // MirrorMaker counts records alone.
    const tellsBytes = mirror.bytes > 0 || mirror.records === 0;
    this.#gauge(metrics.mirrorRate, labels, tellsBytes ? mirror.bytesPerSecond : NaN);
    if (mirror.bytes > this.#bytes) count(metrics.mirrorBytes, labels, mirror.bytes - this.#bytes);
    this.#bytes = mirror.bytes;
  }

  /** Something does not answer, or the activity ends. */
  unknown(): void {
    for (const { series } of this.#told.values()) {
      if (tellers.get(series.id) !== this) continue;
      series.tell(NaN);
      tellers.delete(series.id);
    }
    this.#told.clear();
  }

  #gauge(metric: Metric, labels: Record<string, string>, value: number): void {
    const known = this.#told.get(metric.name);
    if (known && Object.is(known.value, value) && tellers.get(known.series.id) === this) return;
    const series = known?.series ?? seriesOf(metric, labels);
    this.#told.set(metric.name, { value, series });
    tellers.set(series.id, this);
    series.tell(value);
  }
}

interface Series {
  id: string;
  tell: (value: number) => void;
}

function seriesOf({ name, means }: Metric, labels: Record<string, string>): Series {
  const context = currentContext();
  // As Temporal's own metrics of workers have it; the meter itself calls it taskQueue.
  const told = { ...labels, task_queue: context?.info.taskQueue ?? '' };
  const gauge = context?.metricMeter.createGauge(name, 'float', undefined, means);
  return { id: JSON.stringify([name, told]), tell: (value) => gauge?.set(value, told) };
}
