import type { Cluster } from '../kafka/cluster.js';
import { targetName, type Migration } from '../migration/file.js';
import { offsetAt, partitionCounts, type SourceOffsets, type TargetOffsets } from '../migration/offsets.js';
import { FerryError } from '../migration/errors.js';
import type { PartitionPair } from './options.js';

/**
 * The partitions of a migration's topics, each up to its end on either cluster, in the order of the migration file.
 *
 * @param ends of the source, by source topic; `mirrored` of the target, by target topic
 * @throws FerryError `Changed` for a partition that the target's table lacks; the error of a topic whose configuration
 * cannot be read, but where it is not shown
 */
export async function partitionPairs(
  { topics }: Migration,
  { source, target }: { source: Cluster; target: Cluster },
  { ends, mirrored }: { ends: SourceOffsets; mirrored: TargetOffsets },
): Promise<PartitionPair[]> {
  const [onSource, onTarget] = await Promise.all([
    compactedTopics(
      source,
      topics.map(({ name }) => name),
    ),
    compactedTopics(target, topics.map(targetName)),
  ]);
  const counts = partitionCounts(ends);
  return topics.flatMap((topic) => {
    const { name } = topic;
    const targetTopic = targetName(topic);
    return Array.from({ length: counts.get(name) ?? 0 }, (_, partition): PartitionPair => {
      const targetEnd = offsetAt(mirrored, targetTopic, partition);
      if (targetEnd === undefined)
        throw new FerryError(
          'Changed',
          `The topic ${targetTopic} on ${target.name} has no partition ${partition}, which ${name} on ${source.name} has: give it as many partitions.`,
        );
      return {
        topic: name,
        targetTopic,
        partition,
        sourceEnd: offsetAt(ends, name, partition) ?? 0n,
        targetEnd,
        compacted: onSource.has(name) || onTarget.has(targetTopic),
      };
    });
  });
}

async function compactedTopics(cluster: Cluster, names: readonly string[]): Promise<Set<string>> {
  const rows = await cluster.topicConfigs(names);
  return new Set(
    names.filter((name) => {
      const row = rows.get(name);
      // A cluster that does not show it is compared record by record: where compaction took some, that is told.
      if (row?.error?.type === 'Unauthorized') return false;
      if (row?.error) throw row.error;
      const policy = row?.value?.find((entry) => entry.name === 'cleanup.policy')?.value ?? '';
      return policy.split(',').some((one) => one.trim() === 'compact');
    }),
  );
}
