import type { Finding } from '../findings.js';
import type { SourceOffsets, TargetOffsets } from '../offsets.js';
import type { Packed } from '../packed.js';
import type { PackedAcls } from '../packed-acls.js';
import type { MadeAcl } from './acls.js';
import type { Doubled } from './drain.js';
import type { MadeOffsets, TranslatedGroup } from './offsets.js';
import type { Copies } from './parity.js';
import type { PlanReport } from './plan.js';
import type { MadeTopic } from './topics.js';
import type { Watch, Watched, Work } from './work.js';

/** The end of the source, or of what the migration made. Topics are named as on the source unless a comment says otherwise. */
export interface RetireActivities {
  /** Everything that must hold at the moment of deletion, read afresh; `manifest` is what will be deleted. */
  finalCheck(
    input: Work & Proved,
  ): Promise<{ findings: Finding[]; sentence: string; manifest: SourceManifest[] }>;

  /**
   * Deletes the source topics by id, then their ACLs (of those in `acls`, where it is given) and the groups' offsets on
   * them; answers the ACLs that it deleted. What is gone already counts as
   * deleted. Findings that stand mean that it has deleted nothing now, because the source has grown beyond `ends`;
   * `begun`: some of it was deleted before. From `closesAt` on, ms since the epoch, it deletes nothing any more, and
   * answers `closed`: hours may lie between the request and this, when no worker runs.
   */
  deleteSource(
    input: Work & { ends?: SourceOffsets; acls?: PlanReport['acls']; closesAt?: number },
  ): Promise<{
    sentence: string;
    findings?: Finding[];
    begun?: boolean;
    closed?: boolean;
    acls?: PlanReport['acls'];
  }>;

  /** Watches until the topic ids are gone; `recreated` names topics that are there again under another id (promises, 9). */
  watchDeleted(input: Watch): Promise<Watched<'gone', { recreated: string[] }>>;

  /**
   * Takes back what the migration made, newest kind first; what is no longer as the ferry made it is left and named. A
   * topic with records goes only if they are the mirror's: its map, or `mirrored`, says up to where they are. Offsets of
   * groups are those in `made` and in `translated`.
   */
  undo(
    input: Work & { made: Made; mirrored?: TargetOffsets; translated?: readonly TranslatedGroup[] },
  ): Promise<{ undone: string[]; left: string[] }>;
}

/** What the steps before the deletion have proved: everything else on the source is asked about. */
export interface Proved {
  ends: SourceOffsets;
  /** A person took `ends` for the end although the source was not seen quiet: what came since is asked about. */
  unproved?: boolean;
  /** Every group has read the source up to here. */
  drained?: SourceOffsets;
  /** Up to here groups had to read, where producers write both after that. */
  marks?: SourceOffsets;
  doubled?: Doubled;
  /** Up to where the target holds copies, and how they were when they were compared. */
  mirrored?: TargetOffsets;
  copies?: Copies;
}

export interface SourceManifest {
  topic: string;
  topicId: string | null;
  partitions: number;
  /** Of its first partition; runs of before did not keep it. */
  replicationFactor?: number;
  /** Where each partition ended. */
  highWatermarks: Packed;
  config: Record<string, string>;
  /** The ACLs for exactly this topic, as in a `PlanReport`. */
  acls?: string[];
}

/** Everything the migration has created on the target: what `abort` may take back. */
export interface Made {
  topics: MadeTopic[];
  acls: (MadeAcl | PackedAcls)[];
  offsets: MadeOffsets[];
}
