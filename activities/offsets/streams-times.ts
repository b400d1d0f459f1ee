import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import {
  targetGroup,
  targetName,
  topicsOf,
  type ConsumerMove,
  type Migration,
} from '../../src/migration/file.js';
import { isPending, readCommitted } from '../groups/group-reading.js';
import { rowAt } from '../kit/rows.js';
import { readMetadata } from './commit-metadata.js';

/**
 * How far the time of each partition has come on the source for the groups that are applications of Kafka Streams: the
 * metadata of their commits, by group on the target and `partitionKey` on the target. A group whose commit is pending
 * tells its time at a later call.
 */
export async function streamsTimes(
  source: Cluster,
  migration: Migration,
  moves: readonly ConsumerMove[],
  partitions: readonly TopicPartition[],
): Promise<Map<string, Map<string, string>>> {
  const wanted = new Map(
    moves.map((move) => {
      const names = new Map(topicsOf(migration, move).map((topic) => [targetName(topic), topic.name]));
      return [
        move.group,
        partitions.flatMap(({ topic, partition }) => {
          const name = names.get(topic);
          return name === undefined ? [] : [{ topic: name, partition, onTarget: topic }];
        }),
      ] as const;
    }),
  );
  const committed = await readCommitted(source, [...wanted.keys()], wanted);
  return new Map(
    moves.map((move) => {
      const row = rowAt(committed, move.group);
      if (row.error && !isPending(row) && row.error.type !== 'NotFound') throw row.error;
      const times = (wanted.get(move.group) ?? []).flatMap((at): [string, string][] => {
        const metadata = row.value?.get(partitionKey(at))?.metadata ?? '';
        return readMetadata(metadata).kind === 'streams-time'
          ? [[partitionKey({ topic: at.onTarget, partition: at.partition }), metadata]]
          : [];
      });
      return [targetGroup(move), new Map(times)];
    }),
  );
}
