import { eventually } from '../eventually.js';
import type { Lab, LabCluster } from '../../lab/lab.js';
import { partitionKey, type Cluster, type TopicPartition } from '../../src/kafka/cluster.js';
import { openCluster } from '../../src/kafka/open.js';
import { encodeBatch, type NewRecord } from '../../src/kafka/records/encode.js';
import type { KafkaRecord } from '../../src/kafka/records/records.js';
import { readLog } from '../../src/mirror/log-reader.js';
import { prepareMap, readPositions, type MirrorPosition } from '../../src/mirror/map-topic.js';
import type { MirrorOptions, MirrorPlan, MirrorProgress } from '../../src/mirror/plan.js';
import { runMirror } from '../../src/mirror/mirror.js';
import { connectionOf } from './kafka-cluster.js';

/** Both clusters of a lab, as the ferry and as somebody who may do all. */
export interface Mirroring {
  source: Cluster;
  target: Cluster;
  sourceAdmin: Cluster;
  targetAdmin: Cluster;
  /** Makes the topic on both sides and the map of a migration of that name. */
  topic(name: string, settings?: TopicSettings): Promise<MirrorPlan>;
  close(): Promise<void>;
}

interface TopicSettings {
  partitions?: number;
  /** Of each record, on both sides. */
  copies?: number;
  source?: Record<string, string>;
  target?: Record<string, string>;
}

export function openMirroring({ source, target }: Pick<Lab, 'source' | 'target'>): Mirroring {
  const open = (cluster: LabCluster, user: string) => openCluster(cluster.name, connectionOf(cluster, user));
  const clusters = {
    source: open(source, 'ferry'),
    target: open(target, 'ferry'),
    sourceAdmin: open(source, 'admin'),
    targetAdmin: open(target, 'admin'),
  };
  return {
    ...clusters,
    topic: async (name, { partitions = 1, copies = 1, source = {}, target = {} } = {}) => {
      for (const [cluster, config] of [
        [clusters.sourceAdmin, source],
        [clusters.target, target],
      ] as const)
        await made(
          cluster.createTopics([
            // Many records of these tests claim to be of long ago, and retention goes by that.
            { name, partitions, replicationFactor: copies, config: { 'retention.ms': '-1', ...config } },
          ]),
        );
      await prepareMap(clusters.target, name);
      return {
        migration: name,
        share: 0,
        partitions: Array.from({ length: partitions }, (_, partition) => ({
          topic: name,
          targetTopic: name,
          partition,
        })),
      };
    },
    close: async () => {
      for (const cluster of Object.values(clusters)) await cluster.close();
    },
  };
}

async function made(creation: ReturnType<Cluster['createTopics']>): Promise<void> {
  for (const row of (await creation).values()) if (row.error) throw row.error;
}

/**
 * Writes whole batches as they are, in order; answers the offset after the last. A broker that has just begun may not know
 * its partitions yet, and has stored nothing then.
 */
export async function writeBatches(
  cluster: Cluster,
  partition: TopicPartition,
  batches: readonly Buffer[],
): Promise<number> {
  let end = 0;
  for (const bytes of batches) {
    const outcome = await eventually(
      () => cluster.produce('test', { ...partition, parts: [bytes] }),
      (answer) => answer.kind !== 'again' || answer.error.type !== 'NotFound',
    );
    if (outcome.kind !== 'written')
      throw new Error(`not written: ${outcome.kind}`, {
        cause: 'error' in outcome ? outcome.error : outcome,
      });
    end = Number(outcome.baseOffset) + bytes.readInt32BE(23) + 1;
  }
  return end;
}

/** Plain records whose value is their number, in batches of that many. */
export function numbered(from: number, count: number, perBatch: number): Buffer[] {
  const batches: Buffer[] = [];
  for (let first = from; first < from + count; first += perBatch)
    batches.push(
      encodeBatch(
        Array.from({ length: Math.min(perBatch, from + count - first) }, (_, i) => record(first + i)),
      ),
    );
  return batches;
}

function record(number: number): NewRecord {
  return {
    timestamp: BigInt(Date.now()),
    key: Buffer.from(`key-${number % 7}`),
    value: Buffer.from(String(number)),
    headers: [],
  };
}

/** Mirrors until everything that is on the source now is on the target. */
export async function mirrorToEnd(
  { source, target }: Pick<Mirroring, 'source' | 'target'>,
  plan: MirrorPlan,
  options: Omit<MirrorOptions, 'signal'> = {},
): Promise<MirrorProgress> {
  const rows = await source.watermarks(plan.partitions);
  const done = new AbortController();
  let last: MirrorProgress | undefined;
  await runMirror(source, target, plan, {
    ...options,
    signal: done.signal,
    progress: (progress) => {
      last = progress;
      options.progress?.(progress);
      const reached = progress.partitions.every(
        (partition) => partition.sourceNext >= (rows.get(partitionKey(partition))?.value?.lastStable ?? 0n),
      );
      if (reached) done.abort();
    },
  });
  if (!last) throw new Error('the mirror ended without a word');
  return last;
}

/** All records that a committed reader is given, from `from` on. */
export async function recordsOf(
  cluster: Cluster,
  partition: TopicPartition,
  from?: bigint,
): Promise<KafkaRecord[]> {
  const key = partitionKey(partition);
  const edges = (await cluster.watermarks([partition])).get(key);
  if (!edges?.value) throw edges?.error ?? new Error(`no row for ${key}`);
  const { logStart, lastStable } = edges.value;
  const records: KafkaRecord[] = [];
  for await (const record of readLog(cluster, partition, Number(from ?? logStart), Number(lastStable)))
    records.push(record);
  return records;
}

export async function positionOf(target: Cluster, plan: MirrorPlan, partition = 0): Promise<MirrorPosition> {
  const positions = await readPositions(target, plan.migration);
  const position = positions.get(`${plan.partitions[0]!.topic}/${partition}`);
  if (!position) throw new Error('nothing is stored');
  return position;
}

/** Values as text, which is all that the numbered records differ by. */
export const values = (records: readonly KafkaRecord[]): string[] =>
  records.map(({ value }) => value?.toString() ?? 'null');

/** The values of that many numbered records. */
export const upTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

export const zero = (topic: string): TopicPartition => ({ topic, partition: 0 });
