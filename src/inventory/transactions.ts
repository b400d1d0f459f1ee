import { partitionKey, type OpenTransaction, type Rows, type Watermarks } from '../kafka/cluster.js';
import { few } from '../migration/foreign-text.js';
import type { Inventory } from './inventory.js';
import { mapKnown, rowOf, type Known } from './known.js';

type Marks = Known<Rows<string, Watermarks>>;
type Transactions = Inventory['openTransactions'];
type Hidden = NonNullable<Inventory['hidden']>;

/**
 * Open transactions by what brokers name and by the last stable offsets, which every version has: brokers before Kafka 3.0 name
 * none, later ones those alone that the ferry may describe.
 *
 * @param later a second look at the ends
 * @returns `hidden`: on which partitions one is open beside those that are named
 */
export function openTransactionsOf(
  listed: Known<OpenTransaction[]>,
  marks: Marks,
  later: Marks,
): { openTransactions: Transactions; hidden: Hidden } {
  const named = new Set(listed.value?.flatMap(({ partitions }) => partitions.map(partitionKey)));
  const held = [...(marks.value ?? [])].filter(
    ([key, { value }]) => value && value.lastStable < value.highWatermark && !named.has(key),
  );
  const unnamed = (keys: readonly string[]) =>
    `a transaction is open on ${few(keys.toSorted())} that no broker names`;
  if (listed.value?.length === 0 && held.length > 0)
    return { openTransactions: { unknown: unnamed(held.map(([key]) => key)) }, hidden: [] };
  // Brokers that name some would have named this one, unless it ended between the look at the ends and that at transactions.
  const still = held
    .filter(([key, { value }]) => (rowOf(later, key).value ?? value)?.lastStable === value?.lastStable)
    .map(([key]) => key);
  return {
    openTransactions: mapKnown(listed, (open) =>
      open.map(({ transactionalId, startTimestamp, partitions }) => ({
        transactionalId,
        startedAt: startTimestamp,
        topics: [...new Set(partitions.map(({ topic }) => topic))],
      })),
    ),
    hidden:
      listed.value !== undefined && still.length > 0
        ? [{ what: 'transactions', unknown: unnamed(still) }]
        : [],
  };
}
