import type { Finding } from '../findings.js';
import type { SourceOffsets, TargetOffsets } from '../offsets.js';
import type { Positions } from '../positions.js';
import type { Asks, Grew, Watch, Watched, Work } from './work.js';

/** Where groups go on on the target. Topics are named as on the source unless a comment says otherwise. */
export interface OffsetActivities {
  /**
   * Commits a starting offset on the target for every group and partition that has none (promises, 1): `start` when
   * given (by target topic name), else the target's end offsets now. Answers the table that holds from now on, and all
   * that this migration has made for these groups; `made` is what it had made before.
   */
  seedOffsets(
    input: Work & { start?: TargetOffsets; groups?: readonly string[]; made?: readonly MadeOffsets[] },
  ): Promise<{ start: TargetOffsets; made: MadeOffsets[]; findings: Finding[]; sentence: string }>;

  /**
   * Watches until each of the groups (source ids) cannot move any more on the source: it has no member there, or, with
   * `ends`, it has committed up to them; then commits its translated position on the target, unless a member is there
   * already. `translated` is what was committed before: a group whose position on the source has not moved keeps it, and
   * gets it again where it expired.
   *
   * `copied`: the mirror has stopped, and copied the source up to there. Records behind it answer `grew` when it was proved
   * that none comes any more (`frozen`); else a group that has read some of them goes on where the copy ends.
   */
  translateGroups(
    input: Watch & {
      groups: readonly string[];
      ends?: SourceOffsets;
      copied?: { to: SourceOffsets; frozen: boolean };
      translated: readonly TranslatedGroup[];
    },
  ): Promise<
    | Watched<'translated', { translated: TranslatedGroup[] }>
    /** `translated`: what was committed all the same, for some groups. */
    | (Asks & { translated?: TranslatedGroup[] })
    | Grew
  >;

  /**
   * Whether anything has been written to the target since the ferry prepared it (`start`, by target topic), other than by
   * the mirror: one sentence per topic that has records. `partitions`, how many of each source topic a mirror has copied
   * that is stopped for good now: what lies behind its stored position is compared with the source. `mirrored`: up to where
   * the records of the target are the mirror's.
   */
  targetWrites(
    input: Work & { start: TargetOffsets; partitions?: Record<string, number> },
  ): Promise<{ written: string[]; mirrored?: TargetOffsets }>;
}

/** What was committed for one group; `activities/offsets/made-commits.ts` reads and writes it. */
export interface MadeOffsets {
  /** The group on the target. */
  group: string;
  /** In the topics of the migration, by their name on the target. A hole in a topic that is there: not known. */
  positions?: Positions;
  /** Before there were `positions`: topics by their name on the target. */
  topics?: string[];
  /** Before there were `positions`, by topic on the target. Not there where each commit was marked in its metadata. */
  commits?: Record<string, string[]>;
}

/** Where one group goes on on the target; `translated.ts` reads and writes it, many of them together. */
export interface TranslatedGroup {
  /** The group on the source; empty: what the others are counted from. */
  group: string;
  /** In the topics of the migration, by their name on the source. */
  positions?: Positions;
  /** Before there were `positions`. */
  partitions?: TranslatedPosition[];
}

export interface TranslatedPosition {
  /** Topic on the source. */
  topic: string;
  partition: number;
  /** Its position on the source (committed offset) that was translated; `null`: it had none, and starts at the first record. */
  source: string | null;
  target: string;
  /** `exact`; with MirrorMaker also `at-least-once`: some records may be processed twice, none is left out. */
  certainty: 'exact' | 'at-least-once';
  /** The metadata of its commit on the source, as remembered, if it had any: it was committed on the target too. */
  metadata?: string;
  /** That metadata would not have meant the same on the target, so that it was left out. */
  without?: true;
}
