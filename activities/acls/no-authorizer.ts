import type { Finding } from '../../src/migration/findings.js';
import { asking } from '../kit/weights.js';

/** Nobody can tell from the source who has to be allowed what. */
export const noAuthorizer = (source: string, target: string): Finding =>
  asking(
    `no-authorizer:${source}`,
    `${source} has no authorizer, so there are no ACLs to copy, and ${target} denies what no ACL allows: grant the applications access there yourselves, then accept this.`,
  );
