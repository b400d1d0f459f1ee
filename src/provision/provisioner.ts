import type { AclBinding, Row } from '../kafka/cluster.js';
import type { Finding } from '../migration/findings.js';
import type { MadeAcl } from '../migration/packed-acls.js';

/**
 * A right as the cluster's own way of giving it has it: an ACL of Kafka, or something else in the same seven words, which
 * only the way that made it understands.
 */
export type Right = MadeAcl;

/** Who may read or write a subject, by the name on the target. */
export interface SubjectGrant {
  readonly subject: string;
  /** As ACLs write it: `User:orders-web`. */
  readonly principal: string;
  readonly access: 'read' | 'write';
}

/**
 * How rights come to a cluster: one interface for every way, so that steps and findings are the same. Topics come by the
 * `Cluster` itself, whichever way has them made (`Cluster.createTopics`), and are read back from the brokers.
 */
export interface Provisioner {
  /**
   * What is to be given so that these ACLs of Kafka hold there, in the way's own words.
   *
   * @param wanted by their names on the cluster
   * @returns `findings`: what the way cannot say (each asks), and what it says otherwise (each notes)
   */
  plan(wanted: readonly AclBinding[]): { rights: Right[]; findings: Finding[] };
  /**
   * The same for subjects of the schema registry that belongs to the cluster; nothing where there is none. Absent: rights on
   * subjects are no affair of this way.
   */
  planSubjects?(wanted: readonly SubjectGrant[]): Promise<{ rights: Right[]; findings: Finding[] }>;
  /**
   * All that is given now, or at least what there is of one; `null` where nothing is refused to anybody; `hidden` where the
   * cluster does not show it, so that nothing can be given either: nobody could tell later whose it is.
   */
  rights(only?: Right): Promise<Right[] | null | 'hidden'>;
  /** Gives them, a row for each in their order. What is given already is given once. */
  make(rights: readonly Right[]): Promise<Row<void>[]>;
  /** Takes exactly these back; answers how many were there. */
  takeBack(rights: readonly Right[]): Promise<number>;
  /**
   * What stands in the way of a migration to this cluster, and of the ferry's own work there.
   *
   * @param topics that the ferry works on, by their names there
   * @param principals who is to be given something
   */
  check?(topics: readonly string[], principals: readonly string[]): Promise<Finding[]>;
  /** Why brokers may not answer, from whoever runs them. Absent: nobody else knows. */
  state?(): Promise<Finding[]>;
}
