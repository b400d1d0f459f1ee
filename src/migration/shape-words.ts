/** What the parts of a migration file say of a value that is not as expected. */
export const aDuration = { error: 'expected a duration such as 500ms, 150s, 10m, 24h or 7d' };

/** Keys that are not known are told one by one; this is for what is no object at all. */
export const anObject = (keys: string) => ({
  error: (issue: { code?: string | undefined }) =>
    issue.code === 'invalid_type' ? `expected an object with ${keys}` : undefined,
});

export function unique<T>(what: string, key: (item: T) => string) {
  return {
    check: (items: T[]) => new Set(items.map(key)).size === items.length,
    error: `expected each ${what} once`,
  };
}
