import { type Cluster, partitionKey } from '../src/kafka/cluster.js';
import { openCluster } from '../src/kafka/open.js';
import { batchesIn } from '../src/kafka/records/batch.js';
import { hold, letGo } from '../src/kafka/wire/slabs.js';
import type { Compared } from './parity-peer.js';
import type { OurComparing } from './parity-ours.js';

const bytesPerPartition = 1 << 20;

/** What no comparison can be faster than on this machine: all bytes of both sides arrive, and nobody looks at them. */
async function readBoth({ source, target, topic, ends }: OurComparing): Promise<Compared> {
  const begun = performance.now();
  const before = process.cpuUsage();
  const sides = [openCluster('source', source), openCluster('target', target)];
  const partitions = (ends[topic] ?? []).map((end, partition) => ({ topic, partition, end: BigInt(end) }));
  await Promise.all(sides.map((side) => readAll(side, partitions)));
  await Promise.all(sides.map((side) => side.close()));
  const { user, system } = process.cpuUsage(before);
  return {
    equal: true,
    seconds: (performance.now() - begun) / 1000,
    cpuSeconds: (user + system) / 1e6,
  };
}

async function readAll(
  cluster: Cluster,
  partitions: readonly { topic: string; partition: number; end: bigint }[],
): Promise<void> {
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
      hold(batches);
      for (const batch of batchesIn(batches)) one.offset = batch.lastOffset + 1n;
      letGo(batches);
    }
    left = left.filter(({ offset, end }) => offset < end);
  }
}

process.once('message', (comparing: OurComparing) => {
  void readBoth(comparing).then((result) => process.send?.(result, () => process.disconnect()));
});
