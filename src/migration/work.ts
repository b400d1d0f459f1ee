import type { Migration } from './file.js';
import type { Finding } from './findings.js';
import type { OffsetTable } from './offsets.js';

/**
 * The contract between workflows and activities: what is asked of the clusters and what is answered, as plain JSON.
 * Offsets are decimal strings. Topics are named as on the source unless a comment says otherwise. Activities only
 * state or change facts; what follows from a fact is decided by the workflow.
 */
export interface Activities {
  /** Everything `ferry plan` checks. Changes nothing. */
  checkPlan(input: Work): Promise<PlanReport>;

  /** Compares topics on the target with what the migration needs. Changes nothing. */
  compareTopics(
    input: Work & { topics: readonly string[] },
  ): Promise<{ findings: Finding[]; sentence: string }>;
  /** Creates what the ferry is to create and compares what is there; findings that block mean that nothing was created. */
  createTopics(input: Work): Promise<{ made: MadeTopic[]; findings: Finding[]; sentence: string }>;
  /** Copies the ACLs of the topics, groups and transactional ids; findings that stand mean that nothing was created. */
  copyAcls(input: Work): Promise<{ made: MadeAcl[]; findings: Finding[]; sentence: string }>;
  /**
   * Commits a starting offset on the target for every group and partition that has none (promises, 1): `start` when
   * given (by target topic name), else the target's end offsets now. Answers the table that holds from now on.
   */
  seedOffsets(
    input: Work & { start?: OffsetTable; groups?: readonly string[] },
  ): Promise<{ start: OffsetTable; made: MadeOffsets[]; findings: Finding[]; sentence: string }>;

  /**
   * Watches the source until it has been quiet for `waits.quiet` (promises, 3). `ends` are the frozen end offsets.
   * With `not-quiet` accepted: answers `quiet` at once with the ends as they are, and says that they were not proved.
   */
  watchQuiet(input: Watch): Promise<Watched<'quiet', { ends: OffsetTable }>>;
  /**
   * Watches both clusters until it is proved that what the source gets, the target gets (promises, 2). `marks` are
   * source ends. With `not-doubling` accepted: answers at once, and says that it was not proved.
   */
  watchDoubling(input: Watch): Promise<Watched<'doubling', { marks: OffsetTable }>>;
  /**
   * Watches until every group has consumed the source up to `to` (promises, 4). With `frozen`, records beyond `to`
   * answer `grew`: the claim that producers have left is contradicted.
   */
  watchDrain(
    input: Watch & { to: OffsetTable; frozen: boolean },
  ): Promise<Watched<'drained', { lag: DrainedGroup[] }> | Grew | Asks>;
  /**
   * Watches the groups named (source group ids) until they do what is expected of them, in `waits.agreeing` probes.
   * With `to`, the source is checked again on the way: records beyond it answer `grew` when it is `frozen`, a group short
   * of it contradicts, unless its strategy has brought along what the group has not read.
   */
  watchConsumers(
    input: Watch & {
      groups: readonly string[];
      expected: ConsumersExpected;
      to?: OffsetTable;
      frozen?: boolean;
    },
  ): Promise<Watched<'agrees', unknown> | Grew>;

  /**
   * Makes what the mirror needs on the target (its offset map, or MirrorMaker's connectors, stopped). Made already:
   * answers the same. Findings that stand mean that nothing was created.
   * `partitions`: how many of each source topic it copies.
   */
  prepareMirror(
    input: Work,
  ): Promise<{ partitions: Record<string, number>; findings: Finding[]; sentence: string }>;
  /**
   * Copies one share of the partitions (partition p of the n-th topic belongs to share (n + p) mod `shares`), or follows
   * MirrorMaker's connectors, until it is cancelled or the slice is over; `watching` is its only answer. Heartbeats a
   * `MirrorHeartbeat`.
   */
  mirror(
    input: Watch & { share: number; shares: number; partitions: Record<string, number> },
  ): Promise<Watching>;
  /**
   * Watches until every record that a consumer could read on the source below `to` is acknowledged on the target
   * (promises, 8); without `to`: until the mirror keeps up with the source as it grows. `mirrored` are the target's ends
   * then, by target topic. With `frozen`, records beyond `to` answer `grew`.
   */
  watchMirror(
    input: Watch & { partitions: Record<string, number>; to?: OffsetTable; frozen?: boolean },
  ): Promise<Watched<'caught-up', { mirrored: OffsetTable }> | Grew>;
  /**
   * Reads both clusters, the source up to `ends` and the target up to `mirrored`, and compares them record by record
   * (compacted topics by the latest value per key). `differs`: the report names the first records that differ.
   */
  watchParity(
    input: Watch & { ends: OffsetTable; mirrored: OffsetTable },
  ): Promise<
    Watched<'equal', { report: ParityReport }> | { state: 'differs'; sentence: string; report: ParityReport }
  >;
  /**
   * Watches until each of the groups (source ids) cannot move any more on the source: it has no member there, or, with
   * `ends`, it has committed up to them; then commits its translated position on the target, unless a member is there
   * already. `translated` is what was committed before: a group whose position on the source has not moved keeps it, and
   * gets it again where it expired.
   */
  translateGroups(
    input: Watch & {
      groups: readonly string[];
      ends?: OffsetTable;
      translated: readonly TranslatedGroup[];
    },
  ): Promise<Watched<'translated', { translated: TranslatedGroup[] }> | Asks>;
  /**
   * Watches until producers are at work on the target: some topic has grown beyond `mirrored` there, while the source is
   * as it was frozen. Records on the source answer `grew` as long as nobody has written to the target; after that they
   * cannot be mirrored in order any more, which `asks`. With `not-written` accepted: does not wait for producers.
   */
  watchProducers(
    input: Watch & { ends: OffsetTable; mirrored: OffsetTable; frozen: boolean },
  ): Promise<Watched<'writing', { written: string[] }> | Grew | Asks>;
  /**
   * MirrorMaker: stops the connectors, and answers when none of their tasks runs any more; `mirror` lets them run again.
   * Not there, or stopped already: the same. The engine stops with its shares and is not asked.
   */
  stopMirror(input: Work): Promise<{ sentence: string }>;
  /** Stops the mirror for good and removes everything it keeps on either cluster and on Connect. Gone already: the same. */
  removeMirror(input: Work): Promise<{ sentence: string }>;

  /**
   * Plans the copy of the schemas against the target registry, and carries it out. Findings that stand mean that nothing
   * was written. May leave the registry in import mode when it fails: `leaveImport` ends that.
   */
  copySchemas(input: Work): Promise<{ findings: Finding[]; sentence: string; data?: unknown }>;
  /** Takes the target registry out of import mode, if the ferry has put it there. */
  leaveImport(input: Work): Promise<{ sentence: string }>;
  /** Lets new versions on the source registry follow on the target while a mirror runs; a conflict `asks`. */
  watchSchemas(input: Watch): Promise<Watching | Asks>;

  /** Everything that must hold at the moment of deletion, read afresh; `manifest` is what will be deleted. */
  finalCheck(
    input: Work & { ends: OffsetTable },
  ): Promise<{ findings: Finding[]; sentence: string; manifest: SourceManifest[] }>;
  /** Deletes the source topics by id, then their ACLs and the groups' offsets on them. What is gone already counts as deleted. */
  deleteSource(input: Work): Promise<{ sentence: string }>;
  /** Watches until the topic ids are gone; `recreated` names topics that are there again under another id (promises, 9). */
  watchDeleted(input: Watch): Promise<Watched<'gone', { recreated: string[] }>>;

  /**
   * Whether anything has been written to the target since the ferry prepared it (`start`, by target topic), other than by
   * the mirror: one sentence per topic that has records.
   */
  targetWrites(input: Work & { start: OffsetTable }): Promise<{ written: string[] }>;
  /**
   * Takes back what the migration made, newest kind first; what is no longer as the ferry made it is left and named. A
   * topic with records goes only if they are the mirror's: its map, or `mirrored`, says up to where they are.
   */
  undo(input: Work & { made: Made; mirrored?: OffsetTable }): Promise<{ undone: string[]; left: string[] }>;
}

export interface Work {
  migration: Migration;
  /** Topic id by source topic, as the plan saw it: a topic deleted and created again is `Changed`. `null`: the broker has no ids. */
  topicIds?: Record<string, string | null>;
  /** Keys of findings that a person has accepted. */
  accepted?: readonly string[];
}

export interface Watch extends Work {
  /** How long this call may take before it answers `watching`, ms. */
  sliceMs: number;
  /** What the last slice handed on; opaque to the workflow. */
  carry?: unknown;
}

/**
 * What a watching activity answers. `contradicted`: it did not come true within `waits.patience`, or the opposite was
 * seen; the sentence names topic, partition, offset, time. `watching`: the slice is over, call again with `carry`.
 */
export type Watched<State extends string, Facts> =
  | ({ state: State; sentence: string; data?: unknown } & Facts)
  | { state: 'contradicted'; sentence: string }
  | Watching;

export interface Watching {
  state: 'watching';
  sentence: string;
  carry: unknown;
}

/** Records arrived on a source that was claimed and proved quiet. */
export interface Grew {
  state: 'grew';
  sentence: string;
}

/** Waiting will not help: a person must mend or accept. */
export interface Asks {
  state: 'asks';
  findings: Finding[];
}

/** What a heartbeat of a watching activity carries: shown live by `ferry status` and the web UI; `carry` lets an attempt go on. */
export interface Heartbeat {
  /** One sentence: what is seen now. */
  says: string;
  /** ISO 8601. */
  at: string;
  carry: unknown;
}

/** What a heartbeat of `mirror` carries beside that: numbers for `ferry status`, summed over the shares. */
export interface MirrorHeartbeat extends Heartbeat {
  mirror: {
    share: number;
    /** Copied by this attempt. */
    records: number;
    bytes: number;
    /** Over the last seconds. */
    recordsPerSecond: number;
    bytesPerSecond: number;
    /** Left to copy now, in offsets: an upper bound of records. */
    lag: number;
    /** By `topic/partition` of the source, only those that lag most. */
    lagging: Record<string, number>;
  };
}

/** Where one group goes on on the target. */
export interface TranslatedGroup {
  /** The group on the source. */
  group: string;
  partitions: {
    /** Topic on the source. */
    topic: string;
    partition: number;
    /** Its position on the source (committed offset) that was translated; `null`: it had none, and starts at the first record. */
    source: string | null;
    target: string;
    /** `exact`; with MirrorMaker also `at-least-once`: some records may be processed twice, none is left out. */
    certainty: 'exact' | 'at-least-once';
  }[];
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

export type ConsumersExpected =
  /** Gone from the source, alive on the target and moving on there. */
  | 'moved'
  /** Alive on both, on the topics of the migration. */
  | 'reads-both'
  /** Gone from the source, alive on the target. */
  | 'left-source';

export interface PlanReport {
  findings: Finding[];
  /** One sentence per thing that will happen. */
  will: string[];
  topicIds: Record<string, string | null>;
}

/** How far one group got, in records: what a person wants to read beside "drained". */
export interface DrainedGroup {
  group: string;
  /** How many partitions ended in each verdict, for example `{ "drained": 11, "drained-control-only": 1 }`. */
  verdicts: Record<string, number>;
}

export interface MadeTopic {
  /** The name on the target. */
  name: string;
  topicId: string | null;
}

export interface MadeAcl {
  resourceType: string;
  resourceName: string;
  patternType: string;
  principal: string;
  host: string;
  operation: string;
  permission: string;
}

export interface MadeOffsets {
  /** The group on the target. */
  group: string;
  /** Topics by their name on the target. */
  topics: string[];
}

/** Everything the migration has created on the target: what `abort` may take back. */
export interface Made {
  topics: MadeTopic[];
  acls: MadeAcl[];
  offsets: MadeOffsets[];
}

export interface SourceManifest {
  topic: string;
  topicId: string | null;
  highWatermarks: string[];
  config: Record<string, string>;
}
