import type { Cluster, Row, TopicFacts, TopicPartition, Watermarks } from '../../src/kafka/cluster.js';
import { partitionKey } from '../../src/kafka/cluster.js';
import { scan } from '../../src/inventory/scan.js';

// A cluster as a scan asks it, without a server: whatever a test does not say answers, and has nothing to tell.

export const facts = (name: string, partitions = 1, change: Partial<TopicFacts> = {}): TopicFacts => ({
  ...{ name, topicId: null, internal: false },
  partitions: Array.from({ length: partitions }, (_, partition) => ({
    ...{ partition, leader: 1, leaderEpoch: 0 },
    ...{ replicas: [1], isr: [1] },
  })),
  ...change,
});

export const marks = (highWatermark: bigint, lastStable = highWatermark): Watermarks => ({
  logStart: 0n,
  highWatermark,
  lastStable,
});

/** @param ends of logs by `partitionKey`; those of all others are empty */
export function scannedCluster(
  topics: readonly TopicFacts[],
  ends: Readonly<Record<string, Watermarks>> = {},
  change: Partial<Cluster> = {},
): Cluster {
  const rows = <V>(keys: readonly string[], value: (key: string) => V) =>
    new Map(keys.map((key): [string, Row<V>] => [key, { value: value(key) }]));
  const ofPartitions = <V>(partitions: readonly TopicPartition[], value: (key: string) => V) =>
    rows(partitions.map(partitionKey), value);
  const cluster: Partial<Cluster> = {
    name: 'source',
    identity: async () => ({ clusterId: 'id', controllerId: 1, brokers: [] }),
    topics: async () => new Map(topics.map((one): [string, Row<TopicFacts>] => [one.name, { value: one }])),
    topicConfigs: async (names) => rows(names, () => []),
    watermarks: async (partitions) => ofPartitions(partitions, (key) => ends[key] ?? marks(0n)),
    offsetsAtTime: async (partitions) => ofPartitions(partitions, () => null),
    sizes: async () => new Map(),
    producers: async (partitions) => ofPartitions(partitions, () => []),
    openTransactions: async () => [],
    acls: async () => [],
    quotas: async () => [],
    groups: async () => [],
    describeGroups: async () => new Map(),
    committedOffsets: async () => new Map(),
    fetch: async () => new Map(),
    ...change,
  };
  return cluster as Cluster;
}

/** Both looks at once: nothing waits, and each look at the clock finds it a second later. */
export function scanOf(cluster: Cluster, glob?: string) {
  let at = Date.UTC(2026, 0, 1);
  return scan(cluster, {
    ...(glob !== undefined && { glob }),
    ...{ betweenMs: 0, pause: async () => undefined },
    now: () => new Date((at += 1_000)),
  });
}
