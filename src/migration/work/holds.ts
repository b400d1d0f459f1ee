import type { Finding } from '../findings.js';
import type { Work } from './work.js';

/** What no other migration may have at the same time. */
export interface HoldActivities {
  /**
   * Takes the topics and groups of the migration on both clusters, all or none: what others have blocks. Taken already: the
   * same. `run` is the first run of the asking execution.
   */
  takeHolds(input: Work & { run: string }): Promise<{ held: Held[]; findings: Finding[]; sentence: string }>;
  /** Gives them back. Given back already: the same. */
  releaseHolds(input: Work & { run: string; held: readonly Held[] }): Promise<{ sentence: string }>;
}

/** A cluster of which the migration holds something. */
export interface Held {
  cluster: string;
  clusterId: string;
}
