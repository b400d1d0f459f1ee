/**
 * What Temporal has written down of one run of a migration, in the words of an account and in order: its events without
 * what is Temporal's alone. Values are as they were sent, so they are of any version, or nobody's. Times are ISO 8601.
 */
export type Happening =
  | { what: 'asked'; at: string; id: string; activity: string; input: unknown }
  | { what: 'answered'; at: string; id: string; answer: unknown }
  | { what: 'failed'; at: string; id: string; type: string; sentence: string; details: unknown[] }
  | {
      what: 'said';
      at: string;
      id: string;
      message: string;
      input: unknown;
      /** A signal may have been refused later; an update is in history only when it was let pass. */
      via: 'signal' | 'update';
      /** What the client called itself, as Temporal noted it: a process and a host, unless it was told. */
      identity: string;
    }
  | { what: 'replied'; at: string; id: string; reply: unknown }
  /** The migration wrote down where it is: the memo that lists are made of. */
  | { what: 'shown'; at: string; memo: unknown };

/** One run: a migration that lasts for weeks goes on in many. */
export interface Run {
  runId: string;
  startedAt: string;
  /** What it was started with: the file, and in a run that goes on the state of the one before. */
  input: unknown[];
  happenings: Happening[];
  /** How many events it has. */
  events: number;
  end: RunEnd | null;
}

export interface RunEnd {
  at: string;
  how: 'completed' | 'canceled' | 'failed' | 'terminated' | 'timed-out' | 'continued';
  /** Of a run that completed or was canceled. */
  result?: unknown;
  /** Of one that failed. */
  sentence?: string;
}

/** All that there is of one migration. */
export interface Histories {
  workflowId: string;
  /** Oldest first. The last of them is the latest. */
  runs: Run[];
  /** The run before the first of these, where Temporal has it no longer. */
  gone?: { runId: string };
}
