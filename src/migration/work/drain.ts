import type { Finding } from '../findings.js';
import type { SourceOffsets, TargetOffsets } from '../offsets.js';
import type { CountedRange } from '../ranges.js';
import type { Copies } from './parity.js';
import type { Asks, Grew, Watch, Watched } from './work.js';

/** What the source still gets, and what has been read of it. Topics are named as on the source unless a comment says otherwise. */
export interface DrainActivities {
  /**
   * Watches the source until it has been quiet for `waits.quiet` (promises, 3). `ends` are the frozen end offsets.
   * With `not-quiet` accepted: answers `quiet` at once with the ends as they are, and says that they were not proved.
   */
  watchQuiet(input: Watch): Promise<Watched<'quiet', { ends: SourceOffsets }>>;

  /**
   * Watches both clusters until each record that came to the source in a window has its twin on the target (promises, 2).
   * `marks` are source ends; `since` is where the window began on both. With `not-doubling` accepted: answers at once, and
   * says that it was not proved.
   */
  watchDoubling(input: Watch): Promise<Watched<'doubling', { marks: SourceOffsets; since?: BothOffsets }>>;

  /**
   * Looks for a twin of each record of the source from `from` up to `to`, among all that came to both clusters `since`.
   * `alone` are those that have none, and those that had none before (`known`); `findings` ask about them, unless all
   * groups have read them on the source. `next`: where twins of what comes later may be; `copies`: how the target's logs were. A slice ends what it has begun,
   * which may take longer; with `not-compared` accepted, it answers `watching` when its time is over.
   */
  watchTwins(
    input: Watch & { since: BothOffsets; from: SourceOffsets; to: SourceOffsets; known?: AloneRange[] },
  ): Promise<
    Watched<'compared', { alone: AloneRange[]; findings: Finding[]; next: BothOffsets; copies?: Copies }>
  >;

  /**
   * Watches the source while it soaks: a record beyond `ends` answers `grew`, or asks where nothing can be done about it
   * any more. `watching` when the slice is over and nothing has come.
   */
  watchSoak(input: Watch & { ends: SourceOffsets }): Promise<Watched<never, unknown> | Grew | Asks>;

  /**
   * Watches until every group has consumed the source up to `to` (promises, 4). With `frozen`, records beyond `to`
   * answer `grew`: the claim that producers have left is contradicted.
   */
  watchDrain(
    input: Watch & { to: SourceOffsets; frozen: boolean },
  ): Promise<Watched<'drained', { lag: DrainedGroup[] }> | Grew | Asks>;
}

/** Records of the source without a twin on the target, as of when they were looked for, or for which nobody has looked. */
export interface AloneRange extends CountedRange {
  /** Who wrote them, by producer id; a few at most. */
  producers?: string[];
  /** Nobody has looked for their twins: so many offsets there are at most. */
  notCompared?: true;
  /** The target has lost records since twins were looked for. */
  since?: 'lost';
}

/** What `watchTwins` has shown of a source: each record below `to` has a twin, but for those in `alone`. */
export interface Doubled {
  to: SourceOffsets;
  /** Where to look for twins of what comes later; on the source from `to` on unless told. */
  next: Pick<BothOffsets, 'target'> & Partial<Pick<BothOffsets, 'source'>>;
  alone: AloneRange[];
  /** How the target was when they were first looked for, and from where on; runs of before did not keep it. */
  twins?: Copies & { from: TargetOffsets };
}

/** Offsets of both clusters at one moment. */
export interface BothOffsets {
  source: SourceOffsets;
  target: TargetOffsets;
}

/** How far one group got, in records: what a person wants to read beside "drained". */
export interface DrainedGroup {
  group: string;
  /** How many partitions ended in each verdict, for example `{ "drained": 11, "drained-control-only": 1 }`. */
  verdicts: Record<string, number>;
}
