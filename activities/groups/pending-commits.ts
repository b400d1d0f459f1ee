import type { Cluster } from '../../src/kafka/cluster.js';
import { isFerryError } from '../../src/migration/errors.js';
import { formatDuration } from '../../src/migration/duration.js';
import { nameOf } from '../drain/open-transactions.js';
import { lastingAt } from '../kit/rows.js';
import { listed } from '../kit/wording.js';

/** Where the coordinator keeps the commits of groups; one that is part of a transaction is written there. */
const offsetsTopic = '__consumer_offsets';

/**
 * Who holds the pending commit of each group back, in one sentence each: transactions by their ids, as far as the brokers
 * tell (ListTransactions, DescribeTransactions; KIP-664).
 */
export async function namePendingCommits(
  cluster: Cluster,
  groups: readonly string[],
): Promise<Map<string, string>> {
  const open = await openOnOffsets(cluster);
  return new Map(
    groups.map((group) => {
      const partition = open && offsetsPartition(group, open.partitions);
      const holding = open?.transactions.filter(({ partitions }) =>
        partitions.some((at) => at.topic === offsetsTopic && at.partition === partition),
      );
      const [first] = holding ?? [];
      return [
        group,
        `A commit of group "${group}" on cluster "${cluster.name}" is pending, so that nobody knows yet where the group is: ${
          first
            ? `${holding?.length === 1 ? '' : 'one of '}${listed((holding ?? []).map(nameOf))} is open; let its producer end it, or wait for its timeout of ${formatDuration(first.timeoutMs)}.`
            : `a transaction is open, and the brokers do not tell which (they do from Kafka 3.0 on, to a principal that has DESCRIBE on the topic ${offsetsTopic} and on the transactional id); let its producer end it, or wait for its timeout.`
        }`,
      ];
    }),
  );
}

/** `undefined`: the brokers do not tell. */
async function openOnOffsets(cluster: Cluster) {
  try {
    const [topics, transactions] = await Promise.all([
      cluster.topics([offsetsTopic]),
      cluster.openTransactions([offsetsTopic]),
    ]);
    const { value } = lastingAt(topics, offsetsTopic);
    return value && { partitions: value.partitions.length, transactions };
  } catch (error) {
    // What keeps the ferry from naming it must not hide that there is one.
    if (isFerryError(error)) return undefined;
    throw error;
  }
}

/**
 * `GroupMetadataManager.partitionFor`: `Utils.abs(groupId.hashCode()) % partitions`, with Java's hash of a string, and the
 * absolute value of it (0 for the one number that has none), not `Utils.toPositive`.
 */
export function offsetsPartition(group: string, partitions: number): number {
  let hash = 0;
  for (let at = 0; at < group.length; at++) hash = (Math.imul(hash, 31) + group.charCodeAt(at)) | 0;
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions;
}
