import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Committed, GroupFacts, Row, TopicPartition } from '../../src/kafka/cluster.js';
import { CommitPending } from '../../src/kafka/commit-pending.js';
import { reads } from './membership.js';
import { namePendingCommits } from './pending-commits.js';

const PENDING_WITHIN_MS = 10_000;

/**
 * Committed offsets of many groups. A group whose commit is part of an open transaction is read again for some
 * seconds, since a transactional consumer has one open most of the time; then its row says whose transaction it is.
 */
export async function readCommitted(
  cluster: Cluster,
  groups: readonly string[],
  partitions?: readonly TopicPartition[] | ReadonlyMap<string, readonly TopicPartition[]>,
): Promise<Map<string, Row<Map<string, Committed>>>> {
  const rows = new Map<string, Row<Map<string, Committed>>>();
  const deadline = Date.now() + PENDING_WITHIN_MS;
  let pending = [...new Set(groups)];
  while (pending.length > 0) {
    for (const [group, row] of await cluster.committedOffsets(pending, partitions)) rows.set(group, row);
    pending = pending.filter((group) => rows.get(group)?.error?.type === 'Unreachable');
    if (Date.now() > deadline) break;
    if (pending.length > 0) await sleep(200);
  }
  const held = pending.filter((group) => isPending(rows.get(group)));
  if (held.length > 0)
    for (const [group, sentence] of await namePendingCommits(cluster, held))
      rows.set(group, { error: new CommitPending(sentence) });
  return rows;
}

/** Whether all that is wrong with a group is that a transaction has yet to decide about a commit. */
export function isPending(row: Row<unknown> | undefined): boolean {
  return row?.error instanceof CommitPending;
}

/** Topics (of those given) that members are seen to have or want. */
export function topicsOfMembers(group: GroupFacts, topics: ReadonlySet<string>): Set<string> {
  const telling = group.members.filter(
    ({ subscribed, subscribedPattern, assigned }) =>
      subscribed.length > 0 || subscribedPattern !== undefined || assigned.length > 0,
  );
  return new Set([...topics].filter((topic) => telling.some((member) => reads(member, new Set([topic])))));
}
