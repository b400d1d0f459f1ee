import type { Finding } from '../findings.js';
import type { Asks, Watch, Watching, Work } from './work.js';

/** Schemas on the target registry. Topics are named as on the source unless a comment says otherwise. */
export interface SchemaActivities {
  /**
   * Plans the copy of the schemas against the target registry, and carries it out. Findings that stand mean that nothing
   * was written. May leave the registry in import mode when it fails: `leaveImport` ends that.
   */
  copySchemas(input: Work): Promise<{ findings: Finding[]; sentence: string; data?: unknown }>;

  /** Takes the target registry out of import mode, if the ferry has put it there. */
  leaveImport(input: Work): Promise<{ sentence: string }>;

  /** Lets new versions on the source registry follow on the target while a mirror runs; a conflict `asks`. */
  watchSchemas(input: Watch): Promise<Watching | Asks>;
}
