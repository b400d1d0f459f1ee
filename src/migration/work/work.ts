import type { Migration } from '../file.js';
import type { Finding } from '../findings.js';

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
  /** It is not to answer before its time only to tell that something does not answer: it would be looked at by nobody until then. */
  untold?: boolean;
}

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
  /** How far it is, where that can be told. */
  progress?: Progress;
  /** What does not answer, and since when nothing has. */
  failing?: { since: string; why: string };
}

export interface Progress {
  what: 'Copying' | 'Draining' | 'Comparing';
  /** Offsets, an upper bound of records. */
  done: number;
  all: number;
  /** 0: not known yet. */
  perSecond: number;
}
