import type { Finding } from '../findings.js';
import type { RegistryCopy } from '../registry-copy.js';
import type { Asks, Watch, Watching, Work } from './work.js';

/** What is asked of a copy of a whole registry. */
export interface RegistryWork {
  copy: RegistryCopy;
  /** Keys of findings that a person has accepted. */
  accepted?: readonly string[];
}

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

/** As `copySchemas` and `leaveImport`, for all subjects of a registry, or for those of a name. */
export interface RegistryActivities {
  copyRegistry(input: RegistryWork): Promise<{ findings: Finding[]; sentence: string; data?: unknown }>;
  leaveRegistry(input: RegistryWork): Promise<{ sentence: string }>;
}
