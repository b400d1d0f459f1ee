import type { Inventory } from './inventory.js';
import type { Known } from './known.js';

type Hidden = NonNullable<Inventory['hidden']>;

/**
 * Which lists may lack something. ListGroups answers, without an error, those groups alone that its principal may describe, unless
 * it may describe the cluster. Two other requests of a scan need that right too, and say so where it is missing: when neither was
 * answered, nothing shows that it is there. ListTransactions answers only what may be described as well, and a principal without
 * rights on the cluster has its others one by one.
 */
export function hiddenBy(
  { acls, sizes }: Record<'acls' | 'sizes', Known<unknown>>,
  listed: Record<Hidden[number]['what'], Known<unknown>>,
): Hidden {
  const why = acls.unknown;
  if (why === undefined || sizes.unknown === undefined) return [];
  return (['groups', 'transactions'] as const)
    .filter((what) => listed[what].unknown === undefined)
    .map((what) => ({
      what,
      unknown: `Kafka lists only those ${what} that the ferry may describe, and whether it may describe all was not seen: ${why}`,
    }));
}

export const mayLackGroups = (hidden: Inventory['hidden']): boolean =>
  hidden?.some(({ what }) => what === 'groups') ?? false;
