import type { Finding } from '../../src/migration/findings.js';
import { asking } from '../kit/weights.js';

/** Nobody can tell from the source who has to be allowed what. */
export const noAuthorizer = (source: string, target: string): Finding =>
  asking(
    `no-authorizer:${source}`,
    `${source} has no authorizer, so there are no ACLs to copy, and ${target} denies what no ACL allows: grant the applications access there yourselves, then accept this.`,
  );

/** Nobody can tell from the source either, and neither who else reads there: it lists to such a principal what that may see. */
export const sourceNotShown = (source: string, target: string): Finding =>
  asking(
    `acls-not-shown:${source}`,
    `${source} does not show the ferry its ACLs, so none is copied to ${target}, those for its topics stay when they are deleted, and groups that the ferry may not describe are not seen: give the applications access on ${target} the way that is usual there, find out who else reads, then accept this; or grant the ferry DESCRIBE on that cluster.`,
  );
