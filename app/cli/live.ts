import type { MirrorHeartbeat } from '../../src/migration/work/mirror.js';
import type { Progress } from '../../src/migration/work/work.js';

/** What an activity under way saw last: fresher than what the workflow knows. */
export interface Live {
  says: string;
  /** ISO 8601. */
  at: string;
  /** How far it is, where that can be told. */
  progress?: Progress;
  /** Numbers of a mirror, summed over its shares. */
  mirror?: MirrorSum;
}

/** All shares of a mirror together. `bytes` are those of the attempts under way. */
export type MirrorSum = Omit<MirrorHeartbeat['mirror'], 'share'> & { shares: number };
