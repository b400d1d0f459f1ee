import { digits } from '../../activities/kit/wording.js';
import { formatDuration } from '../../src/migration/duration.js';
import type { Progress } from '../../src/migration/work/work.js';

const cells = 20;

/** For example `Copying    [#########-----------]  45 %  1,200,000 of 2,600,000, 85,000/s, about 16s, until 12:05 UTC`. */
export function bar({ what, done, all, perSecond }: Progress, now: Date): string {
  const share = all > 0 ? Math.min(1, done / all) : 1;
  // What is nearly done is not done.
  const percent = Math.floor(100 * share);
  const full = Math.floor(cells * share);
  const left = Math.max(0, all - done);
  const ms = perSecond > 0 ? (left / perSecond) * 1000 : undefined;
  return [
    `${what.padEnd(9)} [${'#'.repeat(full)}${'-'.repeat(cells - full)}] ${String(percent).padStart(3)} %  ${digits(done)} of ${digits(all)}`,
    ...(perSecond > 0 && left > 0 ? [`${digits(Math.round(perSecond))}/s`] : []),
    ...(ms !== undefined && left > 0
      ? [`about ${formatDuration(ms)}, until ${new Date(now.getTime() + ms).toISOString().slice(11, 16)} UTC`]
      : []),
  ].join(', ');
}
