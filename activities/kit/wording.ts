/** `1 partition`, `12 partitions`. */
export function count(amount: number | bigint, noun: string, plural = `${noun}s`): string {
  return `${amount} ${Number(amount) === 1 ? noun : plural}`;
}

/** `a`, `a and b`, `a, b and c`; of long lists the first few and how many more. */
export function listed(names: readonly string[], limit = 6): string {
  const shown =
    names.length > limit ? [...names.slice(0, limit - 1), `${names.length - limit + 1} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** `1,234,567`. */
export function digits(amount: number | bigint): string {
  return amount.toLocaleString('en-US');
}
