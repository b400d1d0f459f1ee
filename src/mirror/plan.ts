import type { MirroredIds } from './schema-ids.js';

export interface MirroredPartition {
  readonly topic: string;
  /** The topic's name on the target. */
  readonly targetTopic: string;
  readonly partition: number;
}

export interface MirrorPlan {
  /** The migration's name: names the transactional id and the map topic on the target. */
  readonly migration: string;
  /**
   * Which share of the migration's partitions this is: one single writer at a time holds it. A partition belongs to the same
   * share for as long as the migration lasts, else an attempt of the other share would not be shut out.
   */
  readonly share: number;
  readonly partitions: readonly MirroredPartition[];
  /** How many partitions each topic of the source has, those of other shares among them; unless told nobody looks. */
  readonly counts?: Readonly<Record<string, number>>;
}

export interface MirrorOptions {
  signal: AbortSignal;
  /** Called about every second, and at the end. */
  progress?: (progress: MirrorProgress) => void;
  /** Bytes a second, all partitions together; a function where that changes while it copies. */
  throttle?: number | (() => number | undefined);
  /** Bytes of batches held at once, 64 MiB unless told; one Fetch may exceed it by one batch. */
  memory?: number;
  /**
   * How long a cluster may not answer, a partition not be led or not take writes, or a log not be given although it goes
   * on, ms; two minutes unless told. When it was told, waiting in vain is for a person (`lasting`).
   */
  patienceMs?: number | undefined;
  /** What is waited for, since when and by whose word; `undefined` when it is over. */
  failing?: ((says: string | undefined) => void) | undefined;
  /** Keys of findings that a person has accepted. */
  accepted?: readonly string[] | undefined;
  /** Puts other ids of schemas into records; without, they are copied as they are. */
  ids?: MirroredIds | undefined;
}

export interface MirrorProgress {
  partitions: readonly {
    topic: string;
    partition: number;
    /** Everything on the source below this is on the target. */
    sourceNext: bigint;
    /** The last stable offset, as far as was seen. */
    sourceEnd: bigint;
    targetNext: bigint;
  }[];
  /** Copied by all attempts. */
  copied: number;
  /** Copied by this attempt. */
  records: bigint;
  bytes: bigint;
  /** Batches passed through with their records untouched, and batches made anew. */
  whole: bigint;
  anew: bigint;
}
