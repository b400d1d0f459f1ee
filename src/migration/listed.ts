/** `a`, `a and b`, `a, b and c`; of long lists the first few and how many more. */
export function listed(names: readonly string[], limit = 6): string {
  const shown =
    names.length > limit ? [...names.slice(0, limit - 1), `${names.length - limit + 1} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
