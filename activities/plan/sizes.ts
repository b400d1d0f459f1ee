import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { formatBytes } from '../../src/migration/bytes.js';
import { formatDuration } from '../../src/migration/duration.js';
import { isFerryError } from '../../src/migration/errors.js';
import { mirrorKind, type Migration } from '../../src/migration/file.js';
import { expectedRate } from '../../src/migration/mirror-rate.js';

/**
 * How much there is to copy and how long that may take, as the end of a sentence: ` (1.2 GB on the disks of source, about
 * 24s at 50 MB/s)`. What lies in remote storage alone is not counted, as brokers do not tell.
 */
export async function sayCopy(
  source: Cluster,
  migration: Migration,
  partitions: readonly TopicPartition[],
): Promise<string> {
  let sizes: ReadonlyMap<string, bigint>;
  try {
    sizes = await source.sizes(partitions);
  } catch (error) {
    if (!isFerryError(error)) throw error;
    return ` (its size is not known: ${error.message.replace(/\.$/, '')})`;
  }
  const unknown = partitions.filter((at) => !sizes.has(partitionKey(at))).length;
  const bytes = Number([...sizes.values()].reduce((sum, one) => sum + one, 0n));
  const limit = migration.copying.bytesPerSecond;
  const rate =
    mirrorKind(migration) === 'engine' && limit !== undefined ? limit : expectedRate[mirrorKind(migration)];
  const least = unknown > 0 ? 'at least ' : '';
  const seconds = Math.max(1, Math.round(bytes / rate));
  const by = rate === limit ? 'copying.bytesPerSecond' : 'if nothing holds it back';
  return ` (${least}${formatBytes(bytes)} on the disks of ${source.name}; ${least}${formatDuration(seconds * 1_000)} at ${formatBytes(rate)} a second, ${by})`;
}
