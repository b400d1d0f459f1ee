import { formatBytes } from './bytes.js';

const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 } as const;

/** Bytes a second of `200MB/s`, `1.5 GB/s` or a number; `null` when it is none of these, or less than a mirror can do. */
export function parseRate(text: unknown): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB)\/s$/.exec(String(text).trim());
  const bytes =
    typeof text === 'number' ? text : match ? Number(match[1]) * units[match[2] as keyof typeof units] : NaN;
  return Number.isFinite(bytes) && bytes >= leastRate && bytes <= Number.MAX_SAFE_INTEGER
    ? Math.floor(bytes)
    : null;
}

/** As a migration file has it. */
export const leastRate = 1_024;

export const formatRate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;
