import {
  partitionKey,
  type Cluster,
  type Committed,
  type TopicPartition,
  type Watermarks,
} from '../../src/kafka/cluster.js';
import type { Finding } from '../../src/migration/findings.js';
import { insistThere } from '../topics/still-there.js';
import { valueOf } from '../kit/rows.js';
import { upTo } from '../kit/up-to.js';
import { asking } from '../kit/weights.js';
import { count, listed } from '../kit/wording.js';

/** Where the log of one partition begins and ends. */
export interface Ends extends TopicPartition, Watermarks {}

/**
 * Reads many partitions, all in one call; a partition that cannot be read is thrown.
 *
 * @param going whether their topics, which were there just now, may be being deleted: see `insistThere`
 */
export async function readEnds(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  { going = false } = {},
): Promise<Ends[]> {
  if (partitions.length === 0) return [];
  const marks = await cluster.watermarks(partitions);
  if (going) insistThere(cluster, marks);
  return partitions.map((partition) => ({ ...partition, ...valueOf(marks, partitionKey(partition)) }));
}

/** Commits on the target, by group and by partition. */
export type CommitsThere = ReadonlyMap<string, ReadonlyMap<string, Committed>>;

/**
 * Topics on the target that hold records before any producer was moved: what becomes of them is for a person to say. A group
 * that has committed an offset among them gets them: producers may have moved before, in a migration that was aborted.
 */
export function recordsThere(ends: readonly Ends[], target: string, commits: CommitsThere): Finding[] {
  const held = new Map<string, bigint>();
  for (const { topic, logStart, highWatermark } of ends)
    held.set(topic, (held.get(topic) ?? 0n) + highWatermark - logStart);
  return [...held]
    .filter(([, records]) => records > 0n)
    .map(([topic, records]) => {
      const readers = [...commits].flatMap(([group, offsets]) => {
        const before = ends.find((one) => {
          const offset = one.topic === topic ? offsets.get(partitionKey(one))?.offset : undefined;
          return offset !== undefined && offset < one.highWatermark;
        });
        return before ? [`${group} (at offset ${offsets.get(partitionKey(before))?.offset})`] : [];
      });
      const says = `${topic} on ${target} holds ${count(records, 'record')} already`;
      return asking(
        `records-on-target:${topic}+${upTo(records)}`,
        readers.length === 0
          ? `${says}, which no group of the migration will get when it starts after them: accept that (it counts for up to ${upTo(records)}), or empty the topic.`
          : `${says}, and ${listed(readers)} has committed an offset among them and goes on from it; a group without a commit starts after them. They may be on no other cluster, so do not empty the topic before you know whose they are: accept that they stay (it counts for up to ${upTo(records)}), or look at them first.`,
      );
    });
}
