import { under } from '../migration/by-name.js';

/** What migrations share, as a fleet file or a folder's `defaults.yaml` has it: any key of a migration file but its own. */
export type Defaults = Readonly<Record<string, unknown>>;

/**
 * A migration file with what it shares with others filled in: what it says itself goes before, objects are put together
 * key by key, and lists of what stays behind are joined.
 */
export function withDefaults(file: unknown, ...defaults: (Defaults | undefined)[]): unknown {
  if (!isObject(file)) return file;
  return defaults.reduce<Record<string, unknown>>((whole, shared) => {
    const { schemas, ...rest } = shared ?? {};
    // A strategy for topics without schemas refuses them; that others have some is no mistake of this one.
    const fits =
      whole['strategy'] === 'simpleMirroring' || schemas === undefined ? rest : { ...rest, schemas };
    return merged(fits, whole) as Record<string, unknown>;
  }, file);
}

function merged(shared: unknown, own: unknown): unknown {
  if (own === undefined) return shared;
  if (isObject(shared) && isObject(own))
    return Object.fromEntries(
      [...new Set([...Object.keys(shared), ...Object.keys(own)])].map((key) => [
        key,
        key === 'groups' || key === 'principals'
          ? joined(under(shared, key), under(own, key))
          : merged(under(shared, key), under(own, key)),
      ]),
    );
  return own;
}

function joined(shared: unknown, own: unknown): unknown {
  return Array.isArray(shared) && Array.isArray(own)
    ? [...new Set<unknown>([...(own as unknown[]), ...(shared as unknown[])])]
    : merged(shared, own);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
