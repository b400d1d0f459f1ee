import type { SourceOffsets } from '../offsets.js';
import type { Grew, Watch, Watched } from './work.js';

/** Where the members of groups are. Topics are named as on the source unless a comment says otherwise. */
export interface GroupActivities {
  /**
   * Watches the groups named (source group ids) until they do what is expected of them, in `waits.agreeing` probes.
   * With `to`, the source is checked again on the way: records beyond it answer `grew` when it is `frozen`, a group short
   * of it contradicts, unless its strategy has brought along what the group has not read. `drained`: up to where every group
   * was seen to have read the source before; a commit that has expired since leaves no group short of that.
   */
  watchConsumers(
    input: Watch & {
      groups: readonly string[];
      expected: ConsumersExpected;
      to?: SourceOffsets;
      frozen?: boolean;
      drained?: SourceOffsets;
    },
  ): Promise<Watched<'agrees', unknown> | Grew>;
}

export type ConsumersExpected =
  /** Gone from the source, alive on the target and moving on there. */
  | 'moved'
  /** Alive on both, on the topics of the migration. */
  | 'reads-both'
  /** Gone from the source, alive on the target. */
  | 'left-source';
