import { formatDuration } from '../../src/migration/duration.js';

/** `3m ago`, in whole seconds; a clock that is behind makes nothing of the future. */
export function ago(iso: string, now: Date): string {
  const ms = msSince(iso, now);
  return ms === 0 ? 'just now' : `${formatDuration(ms)} ago`;
}

/** `for 3m`; empty for what is no time. */
export function lasting(iso: string, now: Date): string {
  const ms = msSince(iso, now);
  return Number.isNaN(ms) ? '' : `for ${formatDuration(ms)}`;
}

const msSince = (iso: string, now: Date): number =>
  Math.max(0, Math.round((now.getTime() - Date.parse(iso)) / 1000)) * 1000;
