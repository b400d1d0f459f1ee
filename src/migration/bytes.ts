const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** For people, with two digits that count: `512 B`, `1.2 kB`, `80 MB`. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** unit;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
