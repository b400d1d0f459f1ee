import { partitionKey } from '../../src/kafka/cluster.js';
import { formatBytes } from '../../src/migration/bytes.js';
import { formatDuration } from '../../src/migration/duration.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { MirrorProgress } from '../../src/mirror/plan.js';
import { digits } from '../kit/wording.js';
import { LagClock } from './lag-clock.js';

/** Rates are taken over this long, ms: long enough to be calm, short enough to show a stop. */
const windowMs = 5_000;
const mostLagging = 5;

/** Turns the progress of one share into what its heartbeats say. */
export class MirrorPace {
  private readonly samples: { at: number; records: number; bytes: number }[] = [];
  private readonly clock = new LagClock();

  constructor(private readonly share: number) {}

  heartbeat(progress: MirrorProgress, now = Date.now()): MirrorHeartbeat {
    const records = progress.copied;
    const bytes = Number(progress.bytes);
    this.samples.push({ at: now, records, bytes });
    while ((this.samples[1]?.at ?? now) <= now - windowMs) this.samples.shift();
    const [first] = this.samples;
    const seconds = first ? (now - first.at) / 1000 : 0;
    const perSecond = (amount: number) => (seconds > 0 ? Math.max(0, Math.round(amount / seconds)) : 0);
    const behind = progress.partitions
      .map((at) => ({ at, lag: Number(at.sourceEnd - at.sourceNext) }))
      .filter(({ lag }) => lag > 0)
      .sort((a, b) => b.lag - a.lag);
    const lag = behind.reduce((sum, one) => sum + one.lag, 0);
    const behindMs = this.clock.saw(
      progress.partitions.map((at) => ({ key: partitionKey(at), next: at.sourceNext, end: at.sourceEnd })),
      now,
    );
    const recordsPerSecond = perSecond(records - (first?.records ?? 0));
    const bytesPerSecond = perSecond(bytes - (first?.bytes ?? 0));
    return {
      says: sayPace({ records, recordsPerSecond, bytesPerSecond, lag }),
      at: new Date(now).toISOString(),
      carry: null,
      mirror: {
        ...{ share: this.share, records, bytes, recordsPerSecond, bytesPerSecond, lag, behindMs },
        lagging: Object.fromEntries(
          behind.slice(0, mostLagging).map(({ at, lag: left }) => [partitionKey(at), left]),
        ),
      },
    };
  }
}

type Numbers = Pick<MirrorHeartbeat['mirror'], 'records' | 'recordsPerSecond' | 'bytesPerSecond' | 'lag'>;

/** For example `copied 1,200,000 records, 85,000 a second (80 MB/s), up to 300,000 left, about 3.5s`. */
export function sayPace({ records, recordsPerSecond, bytesPerSecond, lag }: Numbers): string {
  const copied = `copied ${digits(records)} ${records === 1 ? 'record' : 'records'}`;
  if (lag === 0) return `${copied}, nothing left for now`;
  const rate =
    recordsPerSecond > 0
      ? `, ${digits(recordsPerSecond)} a second${bytesPerSecond > 0 ? ` (${formatBytes(bytesPerSecond)}/s)` : ''}`
      : '';
  const left = recordsPerSecond > 0 ? `, about ${formatDuration((lag / recordsPerSecond) * 1000)}` : '';
  return `${copied}${rate}, up to ${digits(lag)} left${left}`;
}
