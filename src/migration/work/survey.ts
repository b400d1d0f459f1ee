import type { Packed } from '../packed.js';

/** What a survey asks for: one look at a whole cluster. */
export interface LookWork {
  /** The name in `ferry.yaml`. */
  cluster: string;
  /** Which topics; all without it. */
  glob?: string;
  /** Digests of the names of the look before: names are told again only when they have changed. */
  known: { topics: string; groups: string };
}

/** Names in order, or what they are known by already. */
export interface PackedNames {
  of: string;
  names?: string[];
}

/** A look on its way to the workflow: columns over the names, for `unpackLook`. */
export interface PackedLook {
  /** As the brokers say it. */
  clusterId: string;
  topics: PackedNames;
  /** Offsets at the ends of the logs, summed over partitions. */
  ends: Packed;
  producers: PackedProducers;
  /** Absent when the groups could not be listed. */
  groups?: PackedNames & {
    /** Changes when a commit does. */
    marks: Packed;
    commits: Packed;
    members: Packed;
    lags: Packed;
    /** How many topics each reads, and their indices among the topics, one after the other. */
    reads: Packed;
    topics: Packed;
  };
  /** How many there was no room for; absent: for all. */
  left?: { topics: number; groups: number };
  unseen: Unseen[];
}

/** Producers of many topics: how many each has (a hole where that is not known), then all of them one after the other. */
export interface PackedProducers {
  counts: Packed;
  ids: Packed;
  /** ms since the epoch */
  lastWrote: Packed;
  transactional: Packed;
  /** A hole where no transaction is open. */
  openFrom: Packed;
}

/** A part of the cluster that a look did not see. */
export interface Unseen {
  /** One sentence. */
  why: string;
  /** Of how many topics, groups or brokers. */
  times: number;
}

export interface SurveyActivities {
  /** One look at a whole cluster, in requests that grow with brokers. Changes nothing. */
  lookAtCluster(input: LookWork): Promise<PackedLook>;
}
