import type { SourceOffsets } from '../offsets.js';
import type { Asks, Grew, Watch, Watched } from './work.js';

/** What the source still gets, and what has been read of it. Topics are named as on the source unless a comment says otherwise. */
export interface DrainActivities {
  /**
   * Watches the source until it has been quiet for `waits.quiet` (promises, 3). `ends` are the frozen end offsets.
   * With `not-quiet` accepted: answers `quiet` at once with the ends as they are, and says that they were not proved.
   */
  watchQuiet(input: Watch): Promise<Watched<'quiet', { ends: SourceOffsets }>>;

  /**
   * Watches both clusters until it is proved that what the source gets, the target gets (promises, 2). `marks` are
   * source ends. With `not-doubling` accepted: answers at once, and says that it was not proved.
   */
  watchDoubling(input: Watch): Promise<Watched<'doubling', { marks: SourceOffsets }>>;

  /**
   * Watches until every group has consumed the source up to `to` (promises, 4). With `frozen`, records beyond `to`
   * answer `grew`: the claim that producers have left is contradicted.
   */
  watchDrain(
    input: Watch & { to: SourceOffsets; frozen: boolean },
  ): Promise<Watched<'drained', { lag: DrainedGroup[] }> | Grew | Asks>;
}

/** How far one group got, in records: what a person wants to read beside "drained". */
export interface DrainedGroup {
  group: string;
  /** How many partitions ended in each verdict, for example `{ "drained": 11, "drained-control-only": 1 }`. */
  verdicts: Record<string, number>;
}
