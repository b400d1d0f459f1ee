import type { SourceOffsets, TargetOffsets } from '../offsets.js';
import type { Watch, Watched } from './work.js';

/** Whether the copy is what the source holds. Topics are named as on the source unless a comment says otherwise. */
export interface ParityActivities {
  /**
   * Reads both clusters, the source up to `ends` and the target up to `mirrored`, and compares them record by record
   * (compacted topics by the latest value per key). `differs`: the report names the first records that differ.
   */
  watchParity(
    input: Watch & { ends: SourceOffsets; mirrored: TargetOffsets },
  ): Promise<
    Watched<'equal', { report: ParityReport }> | { state: 'differs'; sentence: string; report: ParityReport }
  >;
}

/** What a comparison of both clusters found. Sizes and hashes, never contents. */
export interface ParityReport {
  /** Compared on both sides and equal. */
  records: string;
  bytes: string;
  /** Ranges of the source that could not be compared, for example because retention removed records on one side. */
  unverifiable: { topic: string; partition: number; from: string; to: string; why: string }[];
  /** The first differences of each partition, at most ten in all. */
  differences: ParityDifference[];
}

export interface ParityDifference {
  topic: string;
  partition: number;
  /** Offsets on both sides; `null`: no such record there. */
  source: string | null;
  target: string | null;
  what: string;
}
