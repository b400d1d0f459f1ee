import { FerryError } from '../migration/errors.js';
import { partitionKey, type TopicPartition, type Watermarks } from './cluster.js';

/**
 * Why these are not the offsets of a log that can be read, if they are not. Offsets are counted as doubles wherever
 * there are many, exact up to 2^53; Kafka's reach further, no log has ever done so. −1 stands for what a broker does not
 * know (Fetch).
 */
export function uncountable(
  cluster: string,
  partition: TopicPartition,
  { logStart, highWatermark, lastStable }: Watermarks,
): FerryError | undefined {
  const wrong = [logStart, highWatermark, lastStable].find(
    (offset) => offset < -1n || offset >= BigInt(Number.MAX_SAFE_INTEGER),
  );
  if (wrong === undefined) return undefined;
  return new FerryError(
    'Unexpected',
    `Partition ${partitionKey(partition)} on cluster "${cluster}" is said to have the offset ${wrong}, which no log reaches and the ferry cannot count: check its log with kafka-dump-log.`,
  );
}
