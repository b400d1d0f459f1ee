import { partitionKey, type Cluster, type TopicFacts } from '../../src/kafka/cluster.js';
import { batchesIn } from '../../src/kafka/records/batch.js';
import { wholeBatches } from '../../src/kafka/records/whole-batches.js';
import { encodeBatch, type BatchHeader, type NewRecord } from '../../src/kafka/records/encode.js';
import type { ComparisonOptions } from '../../src/parity/options.js';
import { Comparison } from '../../src/parity/comparison.js';

/** One batch of a log; offsets between it and the one before are left to nothing. */
export interface Written extends Omit<BatchHeader, 'baseOffset'> {
  records: readonly NewRecord[];
  /** Offsets that nothing holds before it. */
  gap?: number;
}

/** The log of one partition, which begins at `logStart`. */
export class Log {
  private readonly batches: Buffer[] = [];
  end: bigint;
  aborted: { producerId: bigint; firstOffset: bigint }[] = [];

  constructor(
    written: readonly Written[],
    public logStart = 0n,
  ) {
    this.end = logStart;
    for (const one of written) this.append(one);
  }

  append({ records, gap = 0, ...header }: Written): bigint {
    const baseOffset = this.end + BigInt(gap);
    const bytes = encodeBatch(records, { ...header, baseOffset });
    this.batches.push(bytes);
    const delta = bytes.readInt32BE(23);
    this.end = baseOffset + BigInt(delta) + 1n;
    return baseOffset;
  }

  /**
   * Where this log and the one that was read up to the offset part, if they do, as a broker tells by the leader epoch of the
   * batch before the offset.
   */
  diverging(offset: bigint, lastEpoch: number): { epoch: number; endOffset: bigint } | undefined {
    if (lastEpoch < 0) return undefined;
    const all = this.batches.flatMap((bytes) =>
      [...batchesIn(bytes)].flatMap((batch) => (batch.kind === 'batch' ? [batch] : [])),
    );
    const epochOf = (batch: (typeof all)[number]) => batch.partitionLeaderEpoch;
    const later = all.find((batch) => epochOf(batch) > lastEpoch);
    const endOffset = later?.baseOffset ?? this.end;
    const epoch = Math.max(-1, ...all.map(epochOf).filter((one) => one <= lastEpoch));
    return epoch < lastEpoch || endOffset < offset ? { epoch, endOffset } : undefined;
  }

  /** As a broker does: whole batches from the one that holds the offset on. */
  read(offset: bigint, maxBytes: number): Buffer {
    const from: Buffer[] = [];
    let size = 0;
    for (const bytes of this.batches) {
      const [batch] = batchesIn(bytes);
      if (!batch || batch.lastOffset < offset || (size > 0 && size + bytes.length > maxBytes)) continue;
      from.push(bytes);
      size += bytes.length;
    }
    return Buffer.concat(from);
  }
}

export const topic = 'orders';

const factsOf = (name: string, logs: readonly Log[]): TopicFacts => ({
  ...{ name, topicId: `id-of-${name}`, internal: false },
  partitions: logs.map((_, partition) => ({ partition, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] })),
});

/** A cluster of one topic, held in memory. */
export function clusterOf(logs: readonly Log[]): Cluster {
  const watermarksOf = ({ logStart, end }: Log) => ({ logStart, highWatermark: end, lastStable: end });
  const rows = <T>(
    at: readonly { topic: string; partition: number }[],
    value: (log: Log, index: number) => T,
  ) => new Map(at.map((one, index) => [partitionKey(one), { value: value(logs[one.partition]!, index) }]));
  const part: Pick<
    Cluster,
    'name' | 'topics' | 'committedOffsets' | 'watermarks' | 'fetch' | 'leaders' | 'closeMirror'
  > = {
    name: 'memory',
    topics: async (names = [topic]) => new Map(names.map((name) => [name, { value: factsOf(name, logs) }])),
    committedOffsets: async () => new Map(),
    closeMirror: async () => undefined,
    watermarks: async (at) => rows(at, watermarksOf),
    leaders: async (at) => rows(at, () => 1),
    fetch: async (positions, { maxBytes, maxBytesPerPartition = maxBytes }) =>
      rows(positions, (log, index) => {
        const { topic, partition, offset, until, lastEpoch = -1 } = positions[index]!;
        const diverging = log.diverging(offset, lastEpoch);
        const there = log.read(offset, maxBytesPerPartition);
        const place = `${partitionKey({ topic, partition })} on cluster "memory"`;
        const batches = wholeBatches(there, { from: offset, until, place });
        return {
          watermarks: watermarksOf(log),
          batches,
          aborted: log.aborted,
          untilReached: batches.length < there.length,
          place,
          ...(diverging && { diverging, batches: Buffer.alloc(0) }),
        };
      }),
  };
  return part as Cluster;
}

type Options = Partial<ComparisonOptions> & { compacted?: boolean };

export async function compared(
  source: readonly Log[],
  target: readonly Log[],
  options: Options = {},
): Promise<Comparison> {
  const comparison = comparing(source, target, options);
  await comparison.run();
  return comparison;
}

/** Not begun yet. */
export function comparing(source: readonly Log[], target: readonly Log[], options: Options = {}): Comparison {
  return new Comparison({
    source: clusterOf(source),
    target: clusterOf(target),
    patienceMs: 1000,
    pairs: source.map((log, partition) => ({
      topic,
      targetTopic: topic,
      partition,
      sourceEnd: log.end,
      targetEnd: target[partition]!.end,
      compacted: options.compacted ?? false,
    })),
    ...options,
  });
}
