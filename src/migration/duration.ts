const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof units;

/** Milliseconds of `500ms`, `150s`, `10m`, `24h`, `7d` or `2w`; `null` when it is none of these. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(text.trim());
  return match ? Math.round(Number(match[1]) * units[match[2] as Unit]) : null;
}

/** For people, in at most two units, what is smaller left off: `2m30s`, `24h`, `1.5s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))}s`;
  const [big, small]: [Unit, Unit] = ms < units.h ? ['m', 's'] : ms < 3 * units.d ? ['h', 'm'] : ['d', 'h'];
  const whole = Math.floor(ms / units[big]);
  const rest = Math.floor((ms % units[big]) / units[small]);
  return rest > 0 ? `${whole}${big}${rest}${small}` : `${whole}${big}`;
}
