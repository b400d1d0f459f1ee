import type { ValueFormat, ValueSubjects } from './values.js';

/** The two clusters of a migration, as the applications know them. */
export type Side = 'source' | 'target';
export const sides: readonly Side[] = ['source', 'target'];

export function otherSide(side: Side): Side {
  return side === 'source' ? 'target' : 'source';
}

/** How one principal reaches one cluster; has the shape of the lab's `clients[user]`. */
export interface Connection {
  /** `host:port`. */
  bootstrap: readonly string[];
  sasl?: { mechanism: string; username: string; password: string } | undefined;
  /** Paths of PEM files. */
  tls?: { ca: string; certificate?: string | undefined; key?: string | undefined } | undefined;
}

export interface ProducerConfig {
  /** Unique among the producers of a folder, without a colon; names the journal, the log and the ids of messages. */
  name: string;
  /** Where journals and logs are kept. */
  folder: string;
  source?: { connection: Connection; topic: string };
  target?: { connection: Connection; topic: string };
  /** Where it writes at first: `source` unless given. */
  writes?: Side | 'both';
  /** Keys are `k0` to `k<keys - 1>`, taken in turn; 100 unless given. */
  keys?: number;
  /** Messages per second; 0, the default, is as fast as the clusters acknowledge. */
  rate?: number;
  /** It falls idle after so many messages, aborted ones not counted; without it, it writes until stopped. */
  total?: number;
  /** Most messages of one send; 500 unless given. */
  batchSize?: number;
  /** Bytes of a value, filled up; 200 unless given. */
  messageBytes?: number;
  /** Values with a schema, registered in the registry of the cluster that is written to; plain JSON unless given. */
  values?: { format: ValueFormat; subjects: ValueSubjects; registries: Record<Side, string> };
  /** Adds two headers to every message. */
  headers?: boolean;
  /**
   * On unless given. Without it nothing is sent twice: a message without an acknowledgement is uncertain for good, since
   * sending it again could double it by the producer's own doing.
   */
  idempotent?: boolean;
  /** Needs `idempotent`. */
  transactions?: {
    /** Share of the batches that are sent in a transaction, 0 to 1. */
    share: number;
    /** Share of the transactions that are aborted on purpose, 0 to 1. */
    aborted: number;
    /** The transactional id; `ledger-<name>` unless given. */
    id?: string;
    /** 60 s unless given. */
    timeoutMs?: number;
  };
}

export interface ConsumerConfig {
  group: string;
  /** Tells the members of one group apart; `1` unless given. */
  member?: string;
  folder: string;
  source?: { connection: Connection; topics: readonly string[] };
  target?: { connection: Connection; topics: readonly string[] };
  /** Where it reads at first: `source` unless given. */
  reads?: Side | 'both';
  /** Isolation level read_committed; on unless given. */
  readCommitted?: boolean;
  /** `auto.offset.reset`: true is earliest; false, the default, is latest, so that a missing starting offset shows as loss. */
  fromBeginning?: boolean;
  /** Addresses of the registries that know the ids in values; values are plain JSON unless given. */
  registries?: Record<Side, string>;
  /** Least time between two commits; 200 ms unless given. */
  commitEveryMs?: number;
}

export interface ProducerStatus {
  name: string;
  writes: Side | 'both';
  /** Messages by what became of them; a message written to both clusters counts once. */
  acknowledged: number;
  aborted: number;
  uncertain: number;
  /** Messages handed to a cluster that has not answered yet. */
  inFlight: number;
  acknowledgedBy: Record<Side, number>;
  /** Milliseconds since 1970; null before the first. */
  lastAcknowledgedAt: number | null;
  /** All of `total` is written. */
  finished: boolean;
  /** One sentence: why the last attempt failed; null when it did not. */
  problem: string | null;
}

export interface ConsumerStatus {
  group: string;
  member: string;
  reads: Side[];
  /** Messages processed, each time one was. */
  processed: number;
  processedFrom: Record<Side, number>;
  /** Messages that no ledger producer wrote. */
  foreign: number;
  /** Processed and not committed yet. */
  uncommitted: number;
  lastProcessedAt: number | null;
  problem: string | null;
}

/** What a consumer answers when it has left a cluster. */
export interface Left {
  /** Messages that it had processed and could not commit: they will be processed again. */
  uncommitted: number;
}
