import type { Finding } from '../findings.js';
import type { SourceOffsets, TargetOffsets } from '../offsets.js';
import type { Grew, Watch, Watched } from './work.js';

/** Whether the copy is what the source holds. Topics are named as on the source unless a comment says otherwise. */
export interface ParityActivities {
  /**
   * Reads both clusters, the source up to `ends` and the target up to `mirrored`, and compares them record by record
   * (compacted topics by the latest value per key). `differs`: the report names the first records that differ.
   * `not-proved`: nothing differs, and something could not be compared.
   * Unless `producersWrite` to the target, what it holds in further partitions differs too. With `frozen`, records of the source behind `ends` answer `grew`. `findings` ask about what the source holds and could not be compared; `copies` is how the target's logs were.
   */
  watchParity(
    input: Watch & {
      ends: SourceOffsets;
      mirrored: TargetOffsets;
      frozen?: boolean;
      producersWrite?: boolean;
    },
  ): Promise<
    | Watched<'equal' | 'not-proved', { report: ParityReport; findings?: Finding[]; copies?: Copies }>
    | Grew
    | { state: 'differs'; sentence: string; report: ParityReport }
  >;
}

/** How the copies on the target were when they were compared, by target topic: what has gone since is seen by it. */
export interface Copies {
  logStarts: TargetOffsets;
  topicIds: Record<string, string | null>;
  /** Leader epochs of the last batches of the copies; a partition of which it is not known is a hole. */
  lastEpochs?: TargetOffsets;
}

/** What a comparison of both clusters found. Sizes and hashes, never contents. */
export interface ParityReport {
  /** Compared on both sides and equal. */
  records: string;
  bytes: string;
  /** Ranges of the source that could not be compared, for example because retention removed records on one side. */
  unverifiable: Unverifiable[];
  /** The first differences of each partition, at most ten in all. */
  differences: ParityDifference[];
}

export interface Unverifiable {
  topic: string;
  partition: number;
  from: string;
  to: string;
  why: string;
  /** The source still holds them and the target does not: so many records. */
  onSourceAlone?: number;
}

export interface ParityDifference {
  topic: string;
  partition: number;
  /** Offsets on both sides; `null`: no such record there. */
  source: string | null;
  target: string | null;
  what: string;
}
