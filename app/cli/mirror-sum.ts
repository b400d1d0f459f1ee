import { z } from 'zod';
import { sayPace } from '../../activities/mirror/mirror-pace.js';
import { digits } from '../../activities/kit/wording.js';
import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { Live, MirrorSum } from './live.js';

/** What a heartbeat of a mirror's share carries. */
export const mirrorNumbers: z.ZodType<MirrorHeartbeat['mirror']> = z.object({
  share: z.number(),
  records: z.number(),
  bytes: z.number(),
  recordsPerSecond: z.number(),
  bytesPerSecond: z.number(),
  lag: z.number(),
  behindMs: z.number().optional(),
  lagging: z.record(z.string(), z.number()),
  failing: z.string().optional(),
});

const mostShown = 5;

/** One line for all shares: sums, and the partitions that lag most. As old as the oldest of them. */
export function mirrorLive(shares: readonly (MirrorHeartbeat['mirror'] & { at: string })[]): Live {
  const sum = (of: 'records' | 'bytes' | 'recordsPerSecond' | 'bytesPerSecond' | 'lag') =>
    shares.reduce((all, share) => all + share[of], 0);
  const lagging = Object.fromEntries(
    shares
      .flatMap((share) => Object.entries(share.lagging))
      .sort(([, a], [, b]) => b - a)
      .slice(0, mostShown),
  );
  const mirror: MirrorSum = {
    shares: shares.length,
    records: sum('records'),
    bytes: sum('bytes'),
    recordsPerSecond: sum('recordsPerSecond'),
    bytesPerSecond: sum('bytesPerSecond'),
    lag: sum('lag'),
    lagging,
  };
  const failing = shares.find((share) => share.failing !== undefined)?.failing;
  const behind = Object.entries(lagging).map(([partition, left]) => `${partition} by ${digits(left)}`);
  return {
    says: `${failing === undefined ? '' : `${failing.replace(/\.$/, '')}; `}the mirror has ${sayPace(mirror)}${behind.length > 0 ? `; behind: ${behind.join(', ')}` : ''}`,
    at: shares.map(({ at }) => at).sort()[0] ?? '',
    ...(mirror.records + mirror.lag > 0 && {
      progress: {
        what: 'Copying',
        done: mirror.records,
        all: mirror.records + mirror.lag,
        perSecond: mirror.recordsPerSecond,
      },
    }),
    mirror,
  };
}
