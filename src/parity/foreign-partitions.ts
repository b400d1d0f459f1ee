import { partitionKey, type Cluster } from '../kafka/cluster.js';
import { DeliverableScan } from '../kafka/records/deliverable.js';
import { fetchStretch } from '../kafka/stretch.js';
import { FerryError } from '../migration/errors.js';
import { targetName, type Migration } from '../migration/file.js';
import { partitionCounts, type SourceOffsets } from '../migration/offsets.js';
import type { ParityDifference } from '../migration/work/parity.js';
import type { ComparisonOptions } from './options.js';

/** One record is enough. */
const maxBytes = 64 * 1024;

/**
 * Records in partitions of the target that the source does not have, the first of each: no mirror wrote them.
 *
 * @param ends of the source, by source topic: a row for each partition
 */
export async function foreignRecords(
  { topics }: Migration,
  target: Cluster,
  ends: SourceOffsets,
  { patienceMs, signal }: Pick<ComparisonOptions, 'patienceMs' | 'signal'>,
): Promise<ParityDifference[]> {
  const counts = partitionCounts(ends);
  const rows = await target.topics(topics.map(targetName));
  const beyond = topics.flatMap((move) => {
    const topic = targetName(move);
    const row = rows.get(topic);
    if (row?.error) throw row.error;
    const known = counts.get(move.name) ?? 0;
    return (row?.value?.partitions ?? []).flatMap(({ partition }) =>
      partition >= known ? [{ topic, partition, onSource: move.name }] : [],
    );
  });
  if (beyond.length === 0) return [];
  const marks = await target.watermarks(beyond);
  const found: ParityDifference[] = [];
  for (const at of beyond) {
    const row = marks.get(partitionKey(at));
    if (!row || row.error)
      throw row?.error ?? new FerryError('Unexpected', `No answer came for ${partitionKey(at)}: report it.`);
    const { logStart: from, highWatermark: until } = row.value;
    const scan = new DeliverableScan(from, 'read_uncommitted');
    for await (const fetched of fetchStretch(
      target,
      { ...at, from, until },
      { isolation: 'uncommitted', maxBytes, patienceMs, signal },
    )) {
      const seen = scan.feed(fetched);
      if (seen.kind !== 'record') continue;
      found.push({
        ...{ topic: at.onSource, partition: at.partition },
        source: null,
        target: String(seen.offset),
        what: 'the source has no such partition, so somebody else wrote it',
      });
      break;
    }
  }
  return found;
}
