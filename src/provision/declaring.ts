import type { AclBinding, NewTopic } from '../kafka/cluster.js';
import type { Workload } from '../migration/workload.js';
import type { Access, Concern } from './grants.js';
import type { Loss } from './loss.js';

/** A topic as the migration needs it on the target. */
export interface WantedTopic {
  /** On the source. */
  from: string;
  /** On the target. */
  name: string;
  partitions: number;
  replicationFactor: number;
  /** What somebody has set, on the source or in the migration file. */
  config: Readonly<Record<string, string>>;
  /** Of what decides which records consumers get: what holds on the source where nobody has set it. */
  defaults: Readonly<Record<string, string>>;
}

/** What cannot be declared at all as it is written in the migration file; the key names the rule and what it is about. */
export interface Undeclarable {
  key: string;
  sentence: string;
}

export interface DeclaredTopic {
  /** What the target will have: each entry that was declared, or that holds where the declaration is silent. */
  topic: NewTopic;
  losses: Loss[];
  mistakes: Undeclarable[];
}

export interface WantedAccess extends Concern {
  /** All ACLs of the source. */
  held: readonly AclBinding[];
  /** What these become as ACLs of the target, for principals that the file maps to one. */
  bindings: readonly AclBinding[];
  /** Who the principals of the source are on the target. */
  principals: Readonly<Record<string, string | Workload>>;
  /** Principals that get nothing: those that are left behind, and the ferry's own. */
  without: ReadonlySet<string>;
}

/** An entry of a Topic's `acl`. */
export interface WorkloadGrant extends Workload {
  /** By its name on the target. */
  topic: string;
  access: Access;
  /** Whom the platform then gives it to, as its list of ACLs shows it: a pattern of users. */
  user: string;
}

export interface DeclaredAccess {
  /** Where the target knows applications. */
  grants: readonly WorkloadGrant[];
  /** Where the target has ACLs as Kafka has them, which may then be read there. */
  bindings: readonly AclBinding[];
  /** What the target shows that the same principals have there already, which a file that holds all of theirs has to keep. */
  kept?: readonly AclBinding[];
  losses: Loss[];
  mistakes: Undeclarable[];
  /** Principals with rights to what moves of whom the file does not say who they are on the target. */
  unmapped: { principal: string; acls: readonly AclBinding[] }[];
}

/** A file that a person puts where the owners of the target take it from. */
export interface DeclaredFile {
  /** Relative to the folder of the provisioner. */
  path: string;
  text: string;
}

/**
 * A cluster whose topics and grants others make, from files that the ferry writes: a platform's controller, or a person with
 * Terraform. Pure: it reads and changes nothing.
 */
export interface Declaring {
  readonly by: 'nais' | 'terraform-aiven' | 'strimzi';
  /** What a topic is made from, as a sentence calls it: `its Topic resource`. */
  readonly from: string;
  topic(wanted: WantedTopic): DeclaredTopic;
  access(wanted: WantedAccess): DeclaredAccess;
  /** @param migration by its name: the files of several may lie in one folder */
  files(migration: string, topics: readonly DeclaredTopic[], access: DeclaredAccess): DeclaredFile[];
  /** What the owners of applications have to do beside, one sentence each. */
  beside(access: DeclaredAccess): string[];
}
