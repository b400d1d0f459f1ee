import { partitionKey, type Cluster, type TopicPartition, type Watermarks } from '../kafka/cluster.js';
import { FerryError } from '../migration/errors.js';

const anew =
  'decide whether the target may do without them; to copy what is there, remove the mirror and start it anew';

/** Why the source cannot give what comes next, with the count of what is missing; `undefined` when it can. */
export function lossOf(
  source: Cluster,
  partition: TopicPartition,
  next: number,
  { logStart, highWatermark }: Watermarks,
): FerryError | undefined {
  const start = Number(logStart);
  const end = Number(highWatermark);
  if (start > next) return expired(source, partition, next, start);
  if (end < next) return truncated(source, partition, next, end);
  return undefined;
}

function expired(source: Cluster, partition: TopicPartition, next: number, start: number): FerryError {
  return new FerryError(
    'Changed',
    `Partition ${partitionKey(partition)} of cluster "${source.name}" begins at offset ${start} and the mirror has copied up to ${next}: ${start - next} offsets expired before they were copied; ${anew}.`,
  );
}

/** The source's log was cut back below what is mirrored, or is another one. */
export function truncated(source: Cluster, partition: TopicPartition, next: number, end: number): FerryError {
  return new FerryError(
    'Changed',
    `Partition ${partitionKey(partition)} of cluster "${source.name}" parts at offset ${end} from the log that the mirror has copied up to ${next}: ${next - end} records on the target are missing on the source; ${anew}.`,
  );
}

/** A topic of that name was deleted and made again. */
export function recreated(cluster: Cluster, topic: string, then: string, now: string): FerryError {
  return new FerryError(
    'Changed',
    `Topic "${topic}" of cluster "${cluster.name}" has been re-created since the mirror began (id ${then}, now ${now}): remove the mirror and start it anew.`,
  );
}

/** Partitions were added: the target has none for them. */
export function repartitioned(cluster: Cluster, topic: string, then: number, now: number): FerryError {
  return new FerryError(
    'Changed',
    `The topic ${topic} on ${cluster.name} had ${then} partitions and has ${now} now: the target was prepared for ${then}. Abort the migration and start it anew, so that the target gets as many.`,
  );
}
