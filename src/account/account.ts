import type { Migration } from '../migration/file.js';
import type { Outcome, Step, Unverified } from '../migration/state.js';
import type { StepId } from '../migration/strategies.js';
import type { Finding } from '../migration/findings.js';
import type { ParityReport } from '../migration/work/parity.js';
import type { MadeAcl } from '../migration/packed-acls.js';
import type { MadeTopic } from '../migration/work/topics.js';

/** The version of the JSON: what has another is not this. */
export const accountVersion = 1;

/**
 * What happened in one migration, as a file that outlives Temporal's retention. Plain JSON: offsets are decimal strings,
 * times ISO 8601. What nobody knows is `null`, never left out.
 */
export interface Account {
  kind: 'kafka-ferry/account';
  version: typeof accountVersion;
  /** When it was read from the histories. */
  readAt: string;
  name: string;
  workflowId: string;
  state: AccountState;
  startedAt: string;
  endedAt: string | null;
  outcome: Outcome | null;
  /** What Temporal has of why it ended, where it could not say so itself: it failed, or somebody terminated it. */
  endedBecause: string | null;
  /** The file as it was carried out last. */
  migration: Migration;
  /** The runs that were read, oldest first. */
  runs: { runId: string; startedAt: string; endedAt: string | null; events: number }[];
  /** What Temporal did not have any more, one sentence for each; empty: all was read. */
  gone: string[];
  phases: Phase[];
  pauses: Pause[];
  steps: AccountStep[];
  /** Everything that people have said, in order. */
  said: Saying[];
  findings: AccountFinding[];
  /** Where each group was, and where it went on. */
  offsets: GroupOffsets[];
  /** Where each partition ended on the source, and the copy of that on the target. */
  ends: { topic: string; partition: number; source: string | null; target: string | null }[];
  parity: Parity | null;
  made: { topics: MadeTopic[]; acls: MadeAcl[] };
  deletion: Deletion | null;
  /** What no measurement has shown, one sentence for each. */
  unverified: string[];
  overridden: { step: StepId; title: string; name: string; by: string; reason: string; at: string }[];
}

/** How it stands: as the migration says itself, or as Temporal says of a run that could say nothing any more. */
export type AccountState =
  | 'running'
  | 'waiting'
  | 'blocked'
  | 'paused'
  | 'aborting'
  | 'done'
  | 'aborted'
  | 'failed'
  | 'terminated'
  | 'timed-out'
  | 'cancelled';

/** A stretch of time in one step and one state. */
export interface Phase {
  from: string;
  to: string;
  step: StepId | null;
  state: AccountState;
}

export interface Pause {
  from: string;
  /** `null`: it lasts. */
  to: string | null;
  by: string | null;
  note: string | null;
  resumedBy: string | null;
}

export interface AccountStep extends Pick<Step, 'id' | 'title' | 'status'> {
  startedAt: string | null;
  endedAt: string | null;
  /** What it ended with, or does. */
  says: string | null;
  unverified: Unverified | null;
  /** Human steps: who said so for what, and whether that agreed with what was measured. */
  parts: Part[];
  measured: Measured[];
  /** How much was measured beside that, and not kept. */
  leftOut: number;
}

export interface Part {
  name: string;
  by: string | null;
  at: string | null;
  note: string | null;
  override: string | null;
  /** `false`: overridden; `null`: not said, or not known. */
  verified: boolean | null;
}

export interface Measured {
  at: string;
  sentence: string;
  unverified: Unverified | null;
  /** As the step has kept it. */
  data?: unknown;
}

export interface Saying {
  at: string;
  message: string;
  via: 'signal' | 'update';
  identity: string;
  by: string | null;
  note: string | null;
  /** The producer, group or topic that it was said of. */
  name: string | null;
  override: string | null;
  accept: string[];
  /** In which step. */
  step: StepId | null;
  /** What was answered. `null`: a signal, which is answered nothing. */
  reply: string | null;
  /** Why it did not count, where that is kept. */
  refused: string | null;
}

export interface AccountFinding extends Finding {
  at: string;
  step: StepId | null;
  accepted: { by: string; reason: string; at: string } | null;
}

export interface GroupOffsets {
  group: string;
  onTarget: string;
  /**
   * `translated`: the position on the source, and the same one on the target. `started`: it had read the source up to
   * `before`, and starts on the target at `after`.
   */
  how: 'translated' | 'started';
  partitions: {
    topic: string;
    onTarget: string;
    partition: number;
    before: string | null;
    after: string | null;
    /** Of a translation. */
    certainty: 'exact' | 'at-least-once' | null;
  }[];
}

export interface Parity extends ParityReport {
  at: string;
  verdict: 'equal' | 'not-proved' | 'differs';
  sentence: string;
  /** Of what could not be compared and of what differs, how much beside this was found and not kept. */
  leftOut: number;
  /** SHA-256 of each topic over its partitions, the same on both sides. `null`: not kept. */
  hashes: { topic: string; sha256: string }[] | null;
}

/** What is gone from the source, whole: enough to make it again. */
export interface Deletion {
  /** `null`: that it was deleted is not known. */
  at: string | null;
  /** It was asked for: some of it may be gone, also where `at` is null. */
  begun: boolean;
  sentence: string | null;
  approvedBy: { topic: string; by: string | null; at: string | null }[];
  /** Empty: not kept. */
  topics: {
    topic: string;
    topicId: string | null;
    partitions: number;
    /** `null`: not kept, by a worker of before. */
    replicationFactor: number | null;
    highWatermarks: (string | null)[];
    /** What was set for the topic itself. */
    config: Record<string, string>;
    /** Of exactly this topic: `allow User:app read from *`. `null`: not kept, by a worker of before. */
    acls: string[] | null;
  }[];
  /** Topics that somebody has made again under the name since. */
  recreated: string[];
}
