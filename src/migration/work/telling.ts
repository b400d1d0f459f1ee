import type { InColumns } from '../columns.js';
import type { Telling } from '../telling.js';
import type { Work } from './work.js';

/** What leaves the migration for people and for later. Neither ever holds one up. */
export interface TellingActivities {
  /**
   * Tells those whom `ferry.yaml` and the migration file name. Told already, by an attempt that was lost on the way: not
   * again. `failed`: who was not told and why, one sentence for each; a target that may answer later fails the activity.
   */
  tell(
    input: Work & { tellings: readonly Telling[] },
  ): Promise<{ told: string[]; failed: string[]; sentence: string }>;

  /**
   * Writes the report of a migration that has ended where `reports` of `ferry.yaml` says. `state` is all that the migration
   * knows, beside its file: it stands in history with this, for whoever reads that later.
   */
  keepAccount(input: Work & { state?: InColumns }): Promise<{ written: string[]; sentence: string }>;
}
