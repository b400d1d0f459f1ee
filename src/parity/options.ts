import type { Cluster } from '../kafka/cluster.js';
import type { ParityDifference } from '../migration/work/parity.js';
import type { RecordBatch } from '../kafka/records/batch.js';

/** One partition of a topic on both clusters, each up to an offset that stays the same. */
export interface PartitionPair {
  topic: string;
  targetTopic: string;
  partition: number;
  sourceEnd: bigint;
  targetEnd: bigint;
  /** The topic is compacted on one of the clusters: the latest record of each key is compared. */
  compacted: boolean;
}

export interface ComparisonOptions {
  source: Cluster;
  target: Cluster;
  /** Always in the same order: what was compared already is known by the place here. */
  pairs: readonly PartitionPair[];
  sourceGoesOn?: boolean;
  targetGoesOn?: boolean;
  /** What is not copied yet does not keep the rest from being equal. */
  pendingIsEqual?: boolean;
  /** What the target holds where the source has no partition. */
  foreign?: readonly ParityDifference[];
  /** Only what retention has removed at the beginning of the logs is looked for; compacted topics are compared all the same. */
  startsOnly?: boolean;
  /** A batch of that topic of the source as a copy has to hold it, where that is not as it is. */
  asCopied?: ((topic: string) => (batch: RecordBatch) => RecordBatch) | undefined;
  /** What `Comparison.carry` gave, of this process or of one before. */
  carry?: unknown;
  patienceMs: number;
  /** Ends the comparison; what was compared is in `carry`. */
  signal?: AbortSignal;
}
