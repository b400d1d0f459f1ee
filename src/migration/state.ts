import type { Acceptance, Finding } from './findings.js';
import { targetName, type Migration } from './file.js';
import type { Membership } from './membership.js';
import type { SourceOffsets, TargetOffsets } from './offsets.js';
import { stepKind, strategies, type StepId } from './strategies.js';
import type { Told } from './told.js';
import type { Held } from './work/holds.js';
import type { BothOffsets, Doubled } from './work/drain.js';
import type { TranslatedGroup } from './work/offsets.js';
import type { Copies } from './work/parity.js';
import type { PlanReport } from './work/plan.js';
import type { Made } from './work/retire.js';

/**
 * The whole state of a migration as plain JSON: what survives continue-as-new, what the queries show, what the
 * handlers of messages judge by. Times are ISO 8601.
 */
export interface MigrationState {
  migration: Migration;
  startedAt: string;
  steps: Step[];
  paused: Said | null;
  abort: Said | null;
  /** What a person decided about the blocked step and nothing has acted on yet. */
  decision: (Said & { what: 'retry' | 'skip' }) | null;
  accepted: Acceptance[];
  /** The file was amended since the present step began: it begins again, with what is in the file now. */
  afresh?: boolean;
  /** The fleet that it is in. */
  fleet?: Membership;
  /** How many bytes a second its mirror may copy, as a person has said and as its fleet has; the least of all counts. */
  throttle?: { own?: number; fleet?: number };
  /** Messages that were refused, newest last: a signal cannot answer, so they are shown here. */
  refused: { at: string; message: string; why: string }[];
  /** What people outside were told, newest last. */
  told?: Told[];
  /** What could not be told or written, newest last. */
  untold?: { at: string; why: string }[];
  /** What the steps hand to each other. */
  facts: Facts;
  /** Since when it has been in this state at this step, as it was shown. */
  since?: { state: string; step: string | null; at: string };
  outcome: Outcome | null;
}

/** What runs in steps, asks people and is told by `status`: a migration, or a copy of a whole registry. */
export interface Shown extends Omit<MigrationState, 'migration' | 'facts'> {
  migration: Pick<Migration, 'name' | 'source' | 'target' | 'mirror'> & { strategy: string };
  facts: Pick<Facts, 'deletingSince'>;
}

export interface Facts {
  topicIds: Record<string, string | null>;
  /** ACLs of the source that go with the topics, as the plan saw them: the deletion takes no others. */
  acls?: PlanReport['acls'];
  /** Groups that read what does not move, in a sentence for each. */
  elsewhere?: PlanReport['elsewhere'];
  /** For how long the target keeps the offsets of a group without members, ms, as the plan saw it. */
  offsetsKeptMs?: number;
  /** Where groups without history start on the target, by target topic. */
  start?: TargetOffsets;
  /** End offsets of the source, when doubling was proved. */
  marks?: SourceOffsets;
  /** Where the window began in which producers were seen to write both. */
  doublingSince?: BothOffsets;
  /** What was shown to be on both clusters, where producers wrote both. */
  doubled?: Doubled;
  /** Every group has read the source up to these; runs of before wrote the offsets down a second time. */
  drained?: 'ends' | 'marks' | SourceOffsets;
  /** End offsets of the source, frozen when it was proved quiet. */
  ends?: SourceOffsets;
  made: Made;
  /** The target takes topics from people alone, whatever the file says. */
  byPeople?: true;
  /** Clusters of which no other migration may have the topics and groups of this one. */
  holds?: Held[];
  /** The groups have changed since they were held. */
  holdsDue?: boolean;
  /**
   * Partitions of each source topic that the mirror copies, from when it is prepared until it is removed. `runs`: it is
   * to copy now, unless the migration is paused. `keepsUp`: whether what is left is copied within seconds, once that is
   * looked at.
   */
  mirror?: {
    partitions: Record<string, number>;
    /** Of the copies, by target topic, when it was prepared. */
    targetIds?: Record<string, string | null>;
    runs: boolean;
    keepsUp?: boolean;
  };
  /** End offsets of the target, by target topic, when the mirror had copied the source to `ends`. */
  mirrored?: TargetOffsets;
  /** How the copies were when they were found equal; what could not be compared is in `asked`. */
  compared?: Copies & { sentence: string; asked: Finding[] };
  /** Where groups go on on the target. */
  translated?: TranslatedGroup[];
  /** The target registry may be in import mode: it is left again whatever happens. */
  importing?: boolean;
  /** A person overrode the proof of a quiet source: records beyond `ends` are then no contradiction. */
  unproved?: { by: string; reason: string };
  /** New producers did not wait for the old ones and for the mirror: order per key may have swapped on the target. */
  ahead?: { by: string; reason: string };
  /** When the deletion of the source began: the point after which there is nothing to abort. */
  deletingSince?: string;
  /** When the source had taken on the deletion of every topic: what is left of it needs no hours, and no look. */
  deletedAt?: string;
}

export type StepStatus = 'pending' | 'active' | 'waiting' | 'blocked' | 'done' | 'skipped';

export interface Step {
  id: StepId;
  title: string;
  status: StepStatus;
  startedAt?: string;
  endedAt?: string;
  /** What it waits for or does now, in a sentence. */
  says?: string;
  /** It was closed, or passed, and is open again: until it closes. */
  openedAgain?: { at: string; why: string };
  /** What was measured and contradicted a claim, until the claim is checked anew. */
  contradicted?: { at: string; why: string };
  /** It is closed, and not because all of it was measured. */
  unverified?: Unverified;
  /** Only while blocked. */
  problem?: Problem;
  /** Human steps: one for each producer, group or topic. */
  parts?: Part[];
  /** The latest; what is measured is summed up where it is long. */
  evidence: Evidence[];
  /** How many pieces of evidence came before those, and are not kept. */
  leftOut?: number;
}

/** What one person has to say about one producer, group or topic. */
export interface Part {
  name: string;
  claim?: Said;
  /** The claim agreed with what was measured; `false` for one that a person has overridden. */
  verified?: boolean;
}

/** Why a closed step proves less than it could: a person overrode its check, or something could not be measured. */
export type Unverified = 'overridden' | 'not-measured';

/** Its step need not wait for it any more. */
export const isPassed = ({ verified }: Part): boolean => verified !== undefined;

export interface Said {
  by?: string | undefined;
  note?: string | undefined;
  override?: { reason: string } | undefined;
  at: string;
}

/** A fact that a step relied on, or that contradicted a claim. */
export interface Evidence {
  at: string;
  sentence: string;
  data?: unknown;
  /** What it leaves without a proof. */
  unverified?: Unverified;
}

export interface Problem {
  /** The error type, or `Findings` when a check asks. */
  type: string;
  /** ISO 8601. */
  since?: string;
  sentence: string;
  findings: Finding[];
  offers: ('retry' | 'accept' | 'skip' | 'abort')[];
}

export interface Outcome {
  result: 'done' | 'aborted';
  at: string;
  sentence: string;
  /** What no measurement has shown, one sentence for each step. */
  unverified?: string[];
  /** What abort took back, and what it left for a person to decide. */
  undone?: string[];
  left?: string[];
  /** Where its report is, or why it is not written. */
  report?: string;
}

/** The parts of a human step. A migration that names no producers or groups has one claim for all of them. */
export function partsOf(id: StepId, migration: Migration): string[] | undefined {
  switch (stepKind(id).claimedFor) {
    case undefined:
      return undefined;
    case 'producers':
      return migration.producers.length > 0 ? migration.producers.map(({ name }) => name) : ['producers'];
    case 'consumers':
      return migration.consumers.length > 0 ? migration.consumers.map(({ group }) => group) : ['consumers'];
    case 'team':
      return ['team'];
    case 'topics':
      return id === 'topicCreated'
        ? migration.topics.filter(({ createdBy }) => createdBy === 'people').map(targetName)
        : migration.topics.map(({ name }) => name);
  }
}

/** The migration as it is carried out where people make every topic on the target. */
export const madeByPeople = (migration: Migration): Migration => ({
  ...migration,
  topics: migration.topics.map((topic) => ({ ...topic, createdBy: 'people' })),
});

/** What the plan has found out about the target, and the file need not say: the step that waits for people comes in. */
export function peopleMakeTopics(state: MigrationState): void {
  if (state.facts.byPeople) return;
  state.facts.byPeople = true;
  state.migration = madeByPeople(state.migration);
  const id = 'topicCreated';
  const names = partsOf(id, state.migration) ?? [];
  const there = stepOf(state, id);
  const parts = names.map((name) => there?.parts?.find((part) => part.name === name) ?? { name });
  if (there) there.parts = parts;
  else {
    const at = state.steps.findIndex((step) => step.id === 'createTopics');
    state.steps.splice(at, 0, { id, title: stepKind(id).title, status: 'pending', evidence: [], parts });
  }
}

export function newState(migration: Migration, at: string): MigrationState {
  const ids: readonly StepId[] = strategies[migration.strategy].steps;
  const byPeople = migration.topics.some(({ createdBy }) => createdBy === 'people');
  // A strategy whose runbook is about schemas says that there are none; the others have no such step then.
  const schemas = migration.schemas !== undefined || migration.strategy === 'advancedMirroring';
  return {
    migration,
    startedAt: at,
    steps: ids
      .filter((id) => (id !== 'topicCreated' || byPeople) && (id !== 'copySchemas' || schemas))
      .map((id): Step => {
        const parts = partsOf(id, migration);
        return {
          id,
          title: stepKind(id).title,
          status: 'pending',
          evidence: [],
          ...(parts && { parts: parts.map((name) => ({ name })) }),
        };
      }),
    paused: null,
    abort: null,
    decision: null,
    accepted: [],
    refused: [],
    facts: { topicIds: {}, made: { topics: [], acls: [], offsets: [] } },
    outcome: null,
  };
}

export const stepOf = (state: MigrationState, id: StepId): Step | undefined =>
  state.steps.find((step) => step.id === id);

export const isClosed = (step: Step): boolean => step.status === 'done' || step.status === 'skipped';

/** The step that the migration is at; undefined before the first and after the last. */
export const currentStep = (state: Pick<MigrationState, 'steps'>): Step | undefined =>
  state.steps.find(({ status }) => status === 'active' || status === 'waiting' || status === 'blocked');
