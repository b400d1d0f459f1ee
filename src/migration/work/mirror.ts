import type { Finding } from '../findings.js';
import type { SourceOffsets, TargetOffsets } from '../offsets.js';
import type { Asks, Grew, Heartbeat, Watch, Watched, Watching, Work } from './work.js';

/** The copy of history, by the engine or by MirrorMaker. Topics are named as on the source unless a comment says otherwise. */
export interface MirrorActivities {
  /**
   * Makes what the mirror needs on the target (its offset map, or MirrorMaker's connectors, stopped). Made already:
   * answers the same. Findings that stand mean that nothing was created.
   * `partitions`: how many of each source topic it copies. `targetIds`: the ids of their copies, by target topic.
   */
  prepareMirror(input: Work): Promise<{
    partitions: Record<string, number>;
    targetIds?: Record<string, string | null>;
    findings: Finding[];
    sentence: string;
  }>;

  /**
   * Copies one share of the partitions (partition p of the n-th topic belongs to share (n + p) mod `shares`), or follows
   * MirrorMaker's connectors, until it is cancelled or the slice is over; `watching` is its only answer. Heartbeats a
   * `MirrorHeartbeat`. `rate`: bytes a second of all shares when it was asked for; what the memo of the migration says goes
   * before, also while it copies. `givenToShare` has what it is given of tables. `busy`: how many shares have something to copy,
   * and divide the rate among them; absent where a workflow of before gave each share all topics.
   */
  mirror(
    input: Watch & { share: number; shares: number; busy?: number; rate?: number } & Mirrored,
  ): Promise<Watching>;

  /**
   * Watches until every record that a consumer could read on the source below `to` is acknowledged on the target
   * (promises, 8); without `to`: until the mirror keeps up with the source as it grows. `mirrored` are the target's ends
   * then, by target topic. With `frozen`, records beyond `to` answer `grew`.
   */
  watchMirror(
    input: Watch & Mirrored & { to?: SourceOffsets; frozen?: boolean },
  ): Promise<Watched<'caught-up', { mirrored: TargetOffsets }> | Grew>;

  /**
   * Watches until producers are at work on the target: each topic has grown beyond `mirrored` there, while the source is
   * as it was frozen; after `waits.quiet`, `written` are those that have, one at least. Records on the source answer `grew`
   * as long as nobody has written to the target; after that they cannot be mirrored in order any more, which `asks`. With
   * `not-written` accepted: does not wait for producers.
   */
  watchProducers(
    input: Watch & { ends: SourceOffsets; mirrored: TargetOffsets; frozen: boolean },
  ): Promise<Watched<'writing', { written: string[] }> | Grew | Asks>;

  /**
   * MirrorMaker: stops the connectors, and answers when none of their tasks runs any more; `mirror` lets them run again.
   * Not there, or stopped already: the same. The engine stops with its shares and is not asked.
   */
  stopMirror(input: Work): Promise<{ sentence: string }>;

  /** Stops the mirror for good and removes everything it keeps on either cluster and on Connect. Gone already: the same. */
  removeMirror(input: Work): Promise<{ sentence: string }>;
}

/** What is mirrored, as it was when that was prepared: what has other partitions or ids by now is `Changed`. */
export interface Mirrored {
  partitions: Record<string, number>;
  targetIds?: Record<string, string | null>;
}

/** What a heartbeat of `mirror` carries beside that: numbers for `ferry status`, summed over the shares. */
export interface MirrorHeartbeat extends Heartbeat {
  mirror: {
    share: number;
    /** Copied since the mirror began, with MirrorMaker in offsets since it was last followed anew. */
    records: number;
    /** Copied by this attempt. */
    bytes: number;
    /** Over the last seconds. */
    recordsPerSecond: number;
    bytesPerSecond: number;
    /** Left to copy now, in offsets: an upper bound of records. */
    lag: number;
    /** How long what is left has been there, ms, as far as this attempt has seen. */
    behindMs?: number;
    /** By `topic/partition` of the source, only those that lag most. */
    lagging: Record<string, number>;
    /** What it waits for, since when and by whose word. */
    failing?: string;
  };
}
