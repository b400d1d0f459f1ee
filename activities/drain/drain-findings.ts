import { partitionKey } from '../../src/kafka/cluster.js';
import type { GroupIsolation } from '../../src/kafka/records/deliverable.js';
import { topicsOf, type Migration } from '../../src/migration/file.js';
import type { Finding } from '../../src/migration/findings.js';
import { offsetsIn, type SourceOffsets } from '../../src/migration/offsets.js';
import { sayRanges, type CountedRange } from '../../src/migration/ranges.js';
import type { VerdictName } from '../../src/migration/verdicts.js';
import { findingKey, type DrainReading, type PartitionReading } from './drain-probe.js';
import { asking, blocking } from '../kit/weights.js';
import { count } from '../kit/wording.js';

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

/**
 * A topic that nobody is known to read is not drained by that (promises, 5).
 * @param ends of the source, up to which a group would have to read: the key then holds how much that is.
 */
export function topicsWithoutGroup(migration: Migration, ends?: SourceOffsets): Finding[] {
  const read = new Set(readersOf(migration).flatMap(({ topics }) => topics));
  return migration.topics
    .filter(({ name }) => !read.has(name))
    .map(({ name }) => {
      const end = ends ? offsetsIn(ends, name) : 0n;
      const [suffix, amount] = ends ? [`+${end}`, ` (up to ${records(end)})`] : ['', ''];
      return asking(
        `no-group:${name}${suffix}`,
        `No group of the migration reads ${name}, so nothing shows that its records${amount} have been consumed: accept that nobody needs them, or add the group that does to the file.`,
      );
    });
}

/** Whom nobody waits for any more. */
export interface Absent {
  /** Whether a group may yet commit for the first time on a partition. */
  expectsCommit: (group: string, partition: PartitionReading) => boolean;
  /** Whether a group may yet read what it has left. */
  expectsReading: (group: string) => boolean;
}

/** What waiting will not mend. */
export function drainFindings(
  { groups }: DrainReading,
  cluster: string,
  { expectsCommit, expectsReading }: Absent,
): Finding[] {
  return groups.flatMap(({ group, partitions }) => {
    const of = (verdict: VerdictName) => partitions.filter((one) => one.verdict.verdict === verdict);
    return [
      ...withoutCommit(
        group,
        of('no-commit').filter((one) => !expectsCommit(group, one)),
      ),
      ...(expectsReading(group) ? [] : unread(group, cluster, of('lagging'))),
      ...partitions.flatMap((one) => partitionFinding(group, one)),
    ];
  });
}

function withoutCommit(group: string, partitions: readonly PartitionReading[]): Finding[] {
  return byKey(group, partitions).map(([key, ofTopic]) =>
    asking(
      key,
      `${group} has committed nothing on ${sayRanges(ofTopic.map(rangeLeft))}: accept it if the group keeps its offsets elsewhere or does not need them, else let it read them on the source.`,
    ),
  );
}

/** Records that a group has left on a cluster where it does not read any more: one question for each topic. */
function unread(group: string, cluster: string, partitions: readonly PartitionReading[]): Finding[] {
  return byKey(group, partitions).map(([key, ofTopic]) =>
    asking(
      key,
      `${group} has not read ${sayRanges(ofTopic.map(rangeLeft))}, and has no member on ${cluster}: they are on ${cluster} alone, and it will not get them once the topic is deleted. Let it read them there, have them written to the target, or accept that they are deleted.`,
    ),
  );
}

function byKey(group: string, partitions: readonly PartitionReading[]): [string, PartitionReading[]][] {
  const found = new Map<string, PartitionReading[]>();
  for (const one of partitions) {
    const key = findingKey(group, one);
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return [...found];
}

function rangeLeft({ topic, partition, to, verdict: { count: left } }: PartitionReading): CountedRange {
  return { topic, partition, from: String(to - left), to: String(to), records: Number(left) };
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
