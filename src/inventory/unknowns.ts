/** Each reason once, with how often it stands in the inventory. */
export function unknownsIn(inventory: unknown): string[] {
  const reasons = new Map<string, number>();
  const walk = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if ('unknown' in part && typeof part.unknown === 'string')
      reasons.set(part.unknown, (reasons.get(part.unknown) ?? 0) + 1);
    else for (const inner of Object.values(part)) walk(inner);
  };
  walk(inventory);
  return [...reasons].map(([why, times]) => (times > 1 ? `${why} (${times} times)` : why));
}
