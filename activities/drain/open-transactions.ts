import {
  partitionKey,
  type Cluster,
  type OpenTransaction,
  type TopicPartition,
} from '../../src/kafka/cluster.js';
import { formatDuration } from '../../src/migration/duration.js';

/**
 * Names the transactions that keep a last stable offset back, in one clause each: by transactional id where a
 * coordinator knows it (ListTransactions, DescribeTransactions), else by producer id (DescribeProducers; KIP-664), with
 * what ends it. `stuckAt` is the last stable offset, said where the broker can tell no more.
 */
export async function nameOpenTransactions(
  cluster: Cluster,
  stuck: readonly (TopicPartition & { stuckAt: bigint })[],
): Promise<string[]> {
  const [producers, known] = await Promise.all([
    cluster.producers(stuck),
    cluster.openTransactions([...new Set(stuck.map(({ topic }) => topic))]),
  ]);
  return stuck.flatMap((partition) => {
    const at = partitionKey(partition);
    const open = (producers.get(at)?.value ?? []).flatMap(
      ({ producerId, lastTimestamp, openTransactionStart }) =>
        openTransactionStart === null ? [] : [{ producerId, lastTimestamp, openTransactionStart }],
    );
    if (open.length === 0)
      return [
        `a transaction is open on ${at} from offset ${partition.stuckAt}, and the broker does not say whose`,
      ];
    return open.map(({ producerId, lastTimestamp, openTransactionStart }) => {
      const transaction = known.find((candidate) => candidate.producerId === producerId);
      const begun = `on ${at} from offset ${openTransactionStart}`;
      const abort = `kafka-transactions.sh abort --topic ${partition.topic} --partition ${partition.partition} --start-offset ${openTransactionStart}`;
      return transaction
        ? `${nameOf(transaction)} is open ${begun}: let its producer end it, wait for its timeout of ${formatDuration(transaction.timeoutMs)}, or abort it with ${abort}`
        : `a transaction of producer id ${producerId} hangs ${begun} since ${isoTime(lastTimestamp)} and no coordinator knows it: abort it with ${abort}`;
    });
  });
}

/** For example `transaction billing-1 of producer id 4001, begun at 2026-03-01T09:14:02.113Z,`. */
export function nameOf({ transactionalId, producerId, startTimestamp }: OpenTransaction): string {
  return `transaction ${transactionalId} of producer id ${producerId}, begun at ${isoTime(startTimestamp)},`;
}

function isoTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString();
}
