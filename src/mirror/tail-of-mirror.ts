import { partitionKey, type Cluster } from '../kafka/cluster.js';
import type { FerryError } from '../migration/errors.js';
import { isFerryError } from '../migration/errors.js';
import type { MirrorPosition } from './map-topic.js';
import type { MirroredPartition, MirrorOptions } from './plan.js';
import { catchUp, compacted, compareIds, onTarget, topicIdsOf } from './takeover.js';

/**
 * Whether what the target holds behind a stored position is the mirror's: an attempt that runs, or that was killed, has
 * written more than it has stored. Nothing is sealed, so it may be asked beside a mirror at work.
 *
 * @param ends where the target's partitions ended after the positions were read, by `partitionKey` there
 * @returns by `partitionKey` of the target why it is not, or why nobody can tell; nothing of one that is
 */
export async function notTheMirrors(
  source: Cluster,
  target: Cluster,
  partitions: readonly { partition: MirroredPartition; position: MirrorPosition; targetEnd: number }[],
  { signal, ids, patienceMs }: Partial<Pick<MirrorOptions, 'signal' | 'ids' | 'patienceMs'>> = {},
): Promise<Map<string, FerryError>> {
  const strange = new Map<string, FerryError>();
  if (partitions.length === 0) return strange;
  const plan = { partitions: partitions.map(({ partition }) => partition) };
  const [topicIds, lossy, edges] = await Promise.all([
    topicIdsOf(source, target, plan),
    compacted(source, plan),
    source.watermarks(plan.partitions),
  ]);
  for (const { partition, position, targetEnd } of partitions)
    try {
      compareIds(target, partition.targetTopic, position.stored.targetTopicId, topicIds.target);
      compareIds(source, partition.topic, position.stored.sourceTopicId, topicIds.source);
      const edge = edges.get(partitionKey(partition));
      if (!edge || edge.error) throw edge?.error ?? new Error(`no row for ${partitionKey(partition)}`);
      await catchUp({
        ...{ source, target, partition, position, targetEnd, ids, patienceMs },
        attempts: Infinity,
        watermarks: edge.value,
        sourceLosesRecords: lossy.has(partition.topic),
        signal: signal ?? new AbortController().signal,
      });
    } catch (error) {
      if (!isFerryError(error) || (error.type !== 'Conflict' && error.type !== 'Changed')) throw error;
      strange.set(partitionKey(onTarget(partition)), error);
    }
  return strange;
}
