import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, GroupFacts, Rows } from '../../src/kafka/cluster.js';
import { rowAt } from '../kit/rows.js';
import { isOpaque } from './membership.js';

/** A rebalance of a healthy group takes seconds; one that waits for a member that is gone, its `max.poll.interval.ms`. */
const rebalanceForMs = 30_000;
const lookAgainMs = 500;

/**
 * Groups with their members, once none of them rebalances: a coordinator does not say until then what the members of a
 * classic group read. Those that rebalance for longer are answered as they are.
 */
export async function settledGroups(
  cluster: Pick<Cluster, 'describeGroups'>,
  groups: readonly string[],
  { withinMs = rebalanceForMs, signal }: { withinMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<Rows<string, GroupFacts>> {
  const described = new Map(await cluster.describeGroups(groups));
  const deadline = performance.now() + withinMs;
  for (;;) {
    const moving = groups.filter((group) => isRebalancing(rowAt(described, group).value));
    if (moving.length === 0 || performance.now() >= deadline) return described;
    await sleep(lookAgainMs, undefined, { signal });
    for (const [group, row] of await cluster.describeGroups(moving)) described.set(group, row);
  }
}

export function isRebalancing(facts: GroupFacts | undefined): boolean {
  return facts?.state === 'rebalancing' && facts.members.some(isOpaque);
}
