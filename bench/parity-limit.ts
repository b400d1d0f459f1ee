import { type Cluster, partitionKey } from '../src/kafka/cluster.js';
import { openCluster } from '../src/kafka/open.js';
import { batchesIn } from '../src/kafka/records/batch.js';
import { hold, letGo } from '../src/kafka/wire/slabs.js';
import { whenTold } from './comparing.js';
import type { OurComparing } from './parity-ours.js';
import { partitionsOf } from '../src/migration/offsets.js';

const bytesPerPartition = 1 << 20;

/** Reading alone: all bytes of both sides arrive, and nobody looks at more than where each batch ends. */
async function readBoth({ source, target, topic, ends }: OurComparing): Promise<boolean> {
  const sides = [openCluster('source', source), openCluster('target', target)];
  const partitions = partitionsOf(ends)
    .filter((at) => at.topic === topic)
    .map(({ offset, ...at }) => ({ ...at, end: offset }));
  const [one, other] = await Promise.all(sides.map((side) => readAll(side, partitions)));
  await Promise.all(sides.map((side) => side.close()));
  return one === other;
}

/** @returns how many bytes came. */
async function readAll(
  cluster: Cluster,
  partitions: readonly { topic: string; partition: number; end: bigint }[],
): Promise<number> {
  let bytes = 0;
  let left = partitions.map((one) => ({ ...one, offset: 0n }));
  while (left.length > 0) {
    const rows = await cluster.fetch(left, {
      isolation: 'committed',
      maxBytes: bytesPerPartition * left.length,
      maxBytesPerPartition: bytesPerPartition,
      maxWaitMs: 100,
    });
    for (const one of left) {
      const row = rows.get(partitionKey(one));
      if (row?.error) throw row.error;
      const batches = row?.value.batches;
      if (!batches) continue;
      bytes += batches.length;
      hold(batches);
      for (const batch of batchesIn(batches)) one.offset = batch.lastOffset + 1n;
      letGo(batches);
    }
    left = left.filter(({ offset, end }) => offset < end);
  }
  return bytes;
}

whenTold(readBoth);
