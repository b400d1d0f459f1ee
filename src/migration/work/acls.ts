import type { Finding } from '../findings.js';
import type { MadeAcl, PackedAcls } from '../packed-acls.js';
import type { Work } from './work.js';

export type { MadeAcl };

/** Who may do what on the target. Topics are named as on the source unless a comment says otherwise. */
export interface AclActivities {
  /**
   * Copies the ACLs of the topics, groups and transactional ids; findings that stand mean that nothing was created.
   * Topics in `made` are named as on the target.
   */
  copyAcls(
    input: Work,
  ): Promise<{ made: (MadeAcl | PackedAcls)[]; created?: number; findings: Finding[]; sentence: string }>;
}
