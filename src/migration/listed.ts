/** `a`, `a and b`, `a, b and c`; of long lists the first few and how many more. */
export function listed(names: readonly string[], limit = 6): string {
  const shown =
    names.length > limit ? [...names.slice(0, limit - 1), `${names.length - limit + 1} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** All of them, as they stand in what was asked and answered; of very many the first and how many more. */
export function inFull(names: readonly string[], separator = ', ', most = 20): string {
  return names.length <= most
    ? names.join(separator)
    : `${names.slice(0, most).join(separator)} and ${names.length - most} more`;
}

/** The first of a list, and a word for how many more there are. */
export function firstOf(
  all: readonly string[],
  most: number,
  more: (count: number) => string = (count) => `… and ${count} more`,
): string[] {
  return all.length <= most ? [...all] : [...all.slice(0, most), more(all.length - most)];
}
