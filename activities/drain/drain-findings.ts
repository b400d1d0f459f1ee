import { partitionKey } from '../../src/kafka/cluster.js';
import type { GroupIsolation } from '../../src/kafka/records/deliverable.js';
import { topicsOf, type Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { findingKey, type DrainReading, type PartitionReading } from './drain-probe.js';
import { asking, blocking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

export interface Reader {
  group: string;
  topics: string[];
  isolation: GroupIsolation;
}

/** The groups of the migration and what each of them must have read of the source. */
export function readersOf(migration: Migration): Reader[] {
  return migration.consumers.map((consumer) => ({
    group: consumer.group,
    topics: topicsOf(migration, consumer).map(({ name }) => name),
    isolation: consumer.isolation,
  }));
}

/** A topic that nobody is known to read is not drained by that (promises, 5). */
export function topicsWithoutGroup(migration: Migration): Finding[] {
  const read = new Set(readersOf(migration).flatMap(({ topics }) => topics));
  return migration.topics
    .filter(({ name }) => !read.has(name))
    .map(({ name }) =>
      asking(
        `no-group:${name}`,
        `No group of the migration reads ${name}, so nothing shows that its records have been consumed: accept that nobody needs them, or add the group that does to the file.`,
      ),
    );
}

/**
 * What waiting will not mend. `expectsCommit` says whether a group may yet commit for the first time on a partition.
 */
export function drainFindings(
  { groups }: DrainReading,
  expectsCommit: (group: string, partition: PartitionReading) => boolean,
): Finding[] {
  return groups.flatMap(({ group, partitions }) => [
    ...withoutCommit(
      group,
      partitions.filter((one) => one.verdict.verdict === 'no-commit' && !expectsCommit(group, one)),
    ),
    ...partitions.flatMap((one) => partitionFinding(group, one)),
  ]);
}

function withoutCommit(group: string, partitions: readonly PartitionReading[]): Finding[] {
  const byKey = new Map<string, PartitionReading[]>();
  for (const one of partitions) {
    const key = findingKey(group, one);
    byKey.set(key, [...(byKey.get(key) ?? []), one]);
  }
  return [...byKey].map(([key, ofTopic]) => {
    const left = ofTopic.reduce((sum, { verdict }) => sum + verdict.count, 0n);
    return asking(
      key,
      `${group} has committed nothing on ${listed(ofTopic.map(partitionKey))}, where ${records(left)} can be read: accept it if the group keeps its offsets elsewhere or does not need them, else let it read them on the source.`,
    );
  });
}

function partitionFinding(group: string, reading: PartitionReading): Finding[] {
  const { verdict } = reading;
  const at = partitionKey(reading);
  const key = findingKey(group, reading);
  switch (verdict.verdict) {
    case 'expired-unread':
      return [
        asking(
          key,
          `${group} lost ${records(verdict.count)} of ${at}: ${verdict.reason}. They are on no cluster any more; accept the loss, or restore them from elsewhere first.`,
        ),
      ];
    case 'beyond-end':
      return [
        blocking(
          key,
          `${group} on ${at}: ${verdict.reason}. Find out which; then stop the group, set its offset to one in the log (kafka-consumer-groups.sh --reset-offsets), and retry.`,
        ),
      ];
    case 'truncated':
      return [
        blocking(
          key,
          `${at}: ${verdict.reason}. Offsets noted before mean other records now: abort the migration and start it anew.`,
        ),
      ];
    default:
      return [];
  }
}

/** `1 record`, `1,234 records`; offsets are taken for records, of which there may be fewer. */
export function records(amount: bigint): string {
  return amount === 1n ? count(1, 'record') : `${amount.toLocaleString('en-US')} records`;
}
