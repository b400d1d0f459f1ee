import type { FerryError } from '../migration/errors.js';
import type { HeldBack } from './link/restraint.js';

export type { HeldBack };

/**
 * Everything that is said to a cluster, and nothing about how: no caller knows which client answers.
 *
 * Reads take many keys and answer a map with one row per key asked for, so that half a success is visible. A row
 * holds a value or the error of that key; a call itself fails only when the cluster as a whole did not answer
 * (`Unreachable`, `Unauthenticated`). One call costs a number of requests that grows with the brokers (leaders,
 * coordinators) involved, not with the keys. Offsets are `bigint`; times are milliseconds since the epoch.
 *
 * Every method takes an `AbortSignal` where it may last longer than one round trip. Any request may be throttled by a
 * quota: it is answered as late as that has it.
 */
export interface Cluster {
  /** The name that the migration file and `ferry.yaml` use. */
  readonly name: string;
  /** Who the ferry is there, as ACLs write it, for example `User:ferry`; absent where its login does not tell. */
  readonly principal?: string | undefined;

  /** Who answers: cluster id (compared to detect the same cluster twice), brokers, whether an authorizer is set. */
  identity(): Promise<ClusterIdentity>;

  // topics.ts
  /**
   * All topics, or the ones named; `NotFound` rows for names that are not there by the word of two brokers, where there
   * are two. Never creates a topic.
   */
  topics(names?: readonly string[]): Promise<Rows<string, TopicFacts>>;
  /** Configuration entries with where each value comes from. */
  topicConfigs(names: readonly string[]): Promise<Rows<string, ConfigEntry[]>>;
  /** The configuration of one broker (any: the controller's defaults are cluster wide in what the ferry reads). */
  brokerConfig(): Promise<ConfigEntry[]>;
  /**
   * Creates, and answers once the new topics have leaders; an existing topic is a `Conflict` row. `validateOnly` asks
   * the broker without creating.
   */
  createTopics(
    topics: readonly NewTopic[],
    options?: { validateOnly?: boolean; signal?: AbortSignal },
  ): Promise<Rows<string, { topicId: string | null }>>;
  /** Sets single entries and leaves the others alone (IncrementalAlterConfigs, KIP-339). `null` resets one. */
  alterTopicConfigs(changes: ReadonlyMap<string, Record<string, string | null>>): Promise<Rows<string, void>>;
  /**
   * Deletes exactly the topics with these ids (KIP-516), so that a topic re-created under the name survives. An id of
   * `null` (a broker that gives none) deletes by name, unless the topic there has an id by now: a `Changed` row.
   *
   * Who has to look again before it asks again says `once`: what cannot be deleted now is an `Unreachable` row at once,
   * and `HeldByQuota` what a quota of mutations holds back.
   */
  deleteTopics(
    topics: readonly { name: string; topicId: string | null }[],
    options?: { signal?: AbortSignal; once?: boolean },
  ): Promise<Rows<string, void>>;
  /** What became of topic ids: the name now held by each id, or a `NotFound` row when it is gone, as `topics` has it. */
  topicsById(topicIds: readonly string[]): Promise<Rows<string, TopicFacts>>;

  // offsets.ts. Keys are `partitionKey(topic, partition)`.
  /** ListOffsets: log start offset, high watermark, last stable offset (all three in one call). */
  watermarks(
    partitions: readonly TopicPartition[],
    arrived?: Arrived<Watermarks>,
  ): Promise<Rows<string, Watermarks>>;
  /** The first offset whose timestamp is at or after `timestamp` (ms); `null` when there is none. */
  offsetsAtTime(
    partitions: readonly TopicPartition[],
    timestamp: number,
  ): Promise<Rows<string, { offset: bigint; timestamp: number } | null>>;

  // sizes.ts
  /**
   * Bytes of each partition on the disks of its fullest replica, by `partitionKey`; what lies in remote storage alone is not
   * among them, and a partition of which no broker tells is absent. @throws FerryError `Unsupported` before Kafka 3.3,
   * `Unauthorized` without DESCRIBE on the cluster
   */
  sizes(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint>>;

  // quotas.ts
  /**
   * Every quota of clients, users and addresses. @throws FerryError `Unsupported` before Kafka 2.8, `Unauthorized` without
   * DESCRIBE_CONFIGS on the cluster
   */
  quotas(): Promise<ClientQuota[]>;

  // groups.ts
  /**
   * Groups of every protocol: all of them with DESCRIBE on the cluster, and without that those alone that may be described, which
   * the answer does not tell.
   */
  groups(): Promise<GroupListing[]>;
  /**
   * State, protocol, members with what is assigned to each. An unknown group is a row in state `dead`, type `unknown`;
   * one of the share protocol an `Unsupported` row, as is one of the streams protocol before Kafka 4.2.
   */
  describeGroups(groups: readonly string[], arrived?: Arrived<GroupFacts>): Promise<Rows<string, GroupFacts>>;
  /**
   * Committed offsets by group, pending transactional commits awaited (`requireStable`, KIP-447): a group of which one
   * of these partitions has a commit pending is an `Unreachable` row, and is read again by the caller. Partitions
   * without a commit are absent. `partitions`: the same for every group, or a map by group; without them everything
   * the group has committed on topics that the ferry may describe.
   */
  committedOffsets(
    groups: readonly string[],
    partitions?: readonly TopicPartition[] | ReadonlyMap<string, readonly TopicPartition[]>,
    arrived?: Arrived<Map<string, Committed>>,
  ): Promise<Rows<string, Map<string, Committed>>>;
  /**
   * Plain OffsetCommit with generation −1 and leader epoch −1: the broker itself refuses (row `Refused`) while the
   * group has members. Read back and compared before it answers. An offset may be any value; the topic must exist.
   */
  commitOffsets(
    group: string,
    offsets: readonly (TopicPartition & { offset: bigint; metadata?: string })[],
  ): Promise<Rows<string, void>>;
  /** OffsetDelete (KIP-496); `Refused` rows for topics a live member subscribes to. Unknown group or offset: done already. */
  deleteOffsets(group: string, partitions: readonly TopicPartition[]): Promise<Rows<string, void>>;
  /**
   * Share groups with their members and how far they have read, which `describeGroups` and `committedOffsets` do not tell. One
   * that is gone is a `NotFound` row; `Unsupported` rows before Kafka 4.2.
   */
  shareGroups(groups: readonly string[]): Promise<Rows<string, ShareGroup>>;
  /** Removes an empty group whole. Not there: done already. */
  deleteGroups(groups: readonly string[]): Promise<Rows<string, void>>;

  // acls.ts
  /** `null` when the cluster has no authorizer (SECURITY_DISABLED). */
  acls(filter?: AclFilter): Promise<AclBinding[] | null>;
  createAcls(bindings: readonly AclBinding[]): Promise<Row<void>[]>;
  /** Deletes exactly these bindings. */
  deleteAcls(bindings: readonly AclBinding[]): Promise<DeletedBindings>;

  // producers.ts
  /** DescribeProducers (KIP-664): who has written to a partition with an idempotent or transactional producer. */
  producers(partitions: readonly TopicPartition[]): Promise<Rows<string, ProducerState[]>>;
  /**
   * ListTransactions and DescribeTransactions: open transactions touching any of the topics, as far as their ids may be described;
   * empty on brokers before 3.0.
   */
  openTransactions(topics: readonly string[]): Promise<OpenTransaction[]>;

  // records.ts
  /**
   * Raw record batches from each position up to (not including) `until`, at most `maxBytes` in all, in one Fetch per
   * leader. None proves nothing by itself, see `said` in `silence.ts`. The bytes are exactly the log's (KIP-98 batches, magic 2; older magic as is).
   * With `committed` isolation the broker ends at the last stable offset and lists aborted transactions. `lastEpoch`, the
   * leader epoch of the record before `offset`, lets the broker notice that its log was truncated since. `mirror` names a
   * mirror whose own connections are used, see `closeMirror`.
   *
   * A partition whose leader moves is asked for again for a while, and the answer comes when all of it is there. Who asks
   * again and again says `once`: what cannot be had now is an `Unreachable` row at once, for the caller to ask again; or
   * `from`, which broker to ask, once, for those partitions of it that it leads.
   */
  fetch(
    positions: readonly (TopicPartition & { offset: bigint; until?: bigint; lastEpoch?: number })[],
    options: {
      isolation: 'committed' | 'uncommitted';
      maxBytes: number;
      maxBytesPerPartition?: number;
      maxWaitMs: number;
      signal?: AbortSignal;
      mirror?: string;
      once?: boolean;
      from?: number;
    },
  ): Promise<Rows<string, FetchedBatches>>;
  /** The broker that leads each partition, as Metadata says now; an `Unreachable` row when none does for the time being. */
  leaders(partitions: readonly TopicPartition[]): Promise<Rows<string, number>>;

  // sealing.ts
  /**
   * Makes the caller the only writer of these partitions under the transactional id: takes the next producer epoch and has
   * an empty transaction's marker written to each partition, after which their brokers refuse every older epoch. Answers
   * once the markers are in the logs of all replicas in sync.
   *
   * @returns `ends` by `partitionKey`: the offset after the marker. All that older epochs have written lies below it.
   * @throws TakenOver when a newer attempt has done the same meanwhile
   */
  seal(
    transactionalId: string,
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<ProducerSeal>;

  // writing.ts
  /**
   * Writes one batch, acknowledged by all replicas in sync (`acks=all`). Sent once, to the leader known now; batches of a
   * partition leave in the order of the calls, at most five of them unanswered. What to do about an outcome that is not
   * `written` is up to the caller: a batch may be sent again as it is, its sequence numbers make that safe.
   */
  produce(mirror: string, batch: NewBatch): Promise<WriteOutcome>;
  /** Closes the connections that `fetch` and `produce` have opened for a mirror. */
  closeMirror(mirror: string): Promise<void>;

  /** How quotas of this cluster hold the ferry back now; what they hold back is waited for by whoever asks. */
  heldBack(): HeldBack | undefined;

  /** Requests sent so far, by the protocol's name for them: what a benchmark counts. */
  requests(): Record<string, number>;

  close(): Promise<void>;
}

export type Row<V> =
  | { readonly value: V; readonly error?: undefined }
  | { readonly error: FerryError; readonly value?: undefined };
export type Rows<K, V> = ReadonlyMap<K, Row<V>>;

/** Told of each row as soon as it is there: whoever asks for many does not let some wait for others. */
export type Arrived<V> = (key: string, row: Row<V>) => void;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The key of a partition in every map of this layer. A topic name cannot hold a slash. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** The partition of such a key. */
export function partitionAt(key: string): TopicPartition {
  const slash = key.lastIndexOf('/');
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}

export interface ClusterIdentity {
  readonly clusterId: string;
  readonly controllerId: number;
  readonly brokers: readonly { id: number; host: string; port: number; rack: string | null }[];
}

export interface TopicFacts {
  readonly name: string;
  /** Base64 UUID as Kafka's tools print it (22 characters); `null` on brokers that have no topic ids (before 2.8). */
  readonly topicId: string | null;
  readonly internal: boolean;
  readonly partitions: readonly {
    partition: number;
    leader: number;
    leaderEpoch: number;
    replicas: readonly number[];
    isr: readonly number[];
  }[];
}

export interface ConfigEntry {
  readonly name: string;
  /** `null` when sensitive. */
  readonly value: string | null;
  /** DescribeConfigs source: `topic` and `dynamic-broker…` were set by somebody; `static-broker` in server.properties. */
  readonly source:
    'topic' | 'dynamic-broker' | 'dynamic-default-broker' | 'static-broker' | 'default' | 'unknown';
  readonly readOnly: boolean;
  readonly sensitive: boolean;
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  /** −1: the broker's default. */
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface Watermarks {
  readonly logStart: bigint;
  /** The offset the next record will get (ListOffsets latest, read_uncommitted). */
  readonly highWatermark: bigint;
  /** Where a read_committed consumer must stop for now. Lower than the high watermark: a transaction is open. */
  readonly lastStable: bigint;
}

export interface GroupListing {
  readonly group: string;
  readonly protocol: GroupProtocol;
  readonly state: GroupState;
  /** Whether it shares out work other than partitions to read: Connect's workers and registries form such groups. */
  readonly coordinatesOther?: true;
  /**
   * Nobody has ever joined it, so that all it has are commits (Java's `isSimpleConsumerGroup`): its consumers assign
   * partitions to themselves, or commits were made for it by a tool. Kept when members leave, as long as it has commits.
   */
  readonly neverJoined?: true;
}

/** `classic` (JoinGroup), `consumer` (KIP-848), `share` (KIP-932), `streams` (KIP-1071). */
export type GroupProtocol = 'classic' | 'consumer' | 'share' | 'streams' | 'unknown';
export type GroupState = 'empty' | 'stable' | 'rebalancing' | 'dead' | 'unknown';

export interface GroupFacts extends GroupListing {
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly host: string;
    /** Topics the member subscribes to, where the protocol tells. */
    readonly subscribed: readonly string[];
    /** A regular expression (RE2 syntax) that the broker matches against topic names, where a KIP-848 member gave one. */
    readonly subscribedPattern?: string;
    readonly assigned: readonly TopicPartition[];
  }[];
}

export interface ShareGroup extends GroupFacts {
  /**
   * By `partitionKey`: what lies before `start` is done with, and of what lies behind it `lag` records are not. `null`: not known;
   * of a start, that nothing was acknowledged, so that it is for its `share.auto.offset.reset`. Partitions that it has nothing
   * to do with are absent.
   */
  readonly positions: ReadonlyMap<string, { start: bigint | null; lag: bigint | null }>;
}

export interface Committed {
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** As Kafka names them; kept as words so that they read well in a report. */
export interface AclBinding {
  readonly resourceType: 'topic' | 'group' | 'cluster' | 'transactional-id' | 'delegation-token' | 'user';
  readonly resourceName: string;
  readonly patternType: 'literal' | 'prefixed';
  readonly principal: string;
  readonly host: string;
  readonly operation:
    | 'all'
    | 'read'
    | 'write'
    | 'create'
    | 'delete'
    | 'alter'
    | 'describe'
    | 'cluster-action'
    | 'describe-configs'
    | 'alter-configs'
    | 'idempotent-write'
    | 'create-tokens'
    | 'describe-tokens'
    | 'two-phase-commit';
  readonly permission: 'allow' | 'deny';
}

export interface DeletedBindings {
  /** How many were there and are gone. */
  readonly deleted: number;
  /** Those that are there still, since no request of the cluster's takes exactly them away. */
  readonly left: readonly AclBinding[];
}

/** Unset fields match anything. `patternType: 'match'` finds literal, wildcard and prefixed bindings that apply to `resourceName`. */
export interface AclFilter {
  readonly resourceType?: AclBinding['resourceType'];
  readonly resourceName?: string;
  readonly patternType?: AclBinding['patternType'] | 'match';
  readonly principal?: string;
}

/** Limits of an entity by Kafka's names for them: bytes a second, percent of a thread, mutations or connections a second. */
export interface ClientQuota {
  /** All of them together: type `user`, `client-id` or `ip`; `null` stands for everybody without a quota of their own. */
  readonly entity: readonly { readonly type: string; readonly name: string | null }[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface ProducerState {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  /** When this producer last wrote (ms). */
  readonly lastTimestamp: number;
  /** Of the coordinator that has ended its last transaction here; −1: it has ended none, as one without transactions. */
  readonly coordinatorEpoch: number;
  /** First offset of its open transaction here; `null` when none. */
  readonly openTransactionStart: bigint | null;
}

export interface OpenTransaction {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly state: string;
  readonly startTimestamp: number;
  readonly timeoutMs: number;
  readonly partitions: readonly TopicPartition[];
}

export interface FetchedBatches {
  readonly watermarks: Watermarks;
  /** Complete batches back to back, as on disk; a trailing partial batch is cut off. */
  readonly batches: Buffer;
  /** With isolation `committed`: transactions aborted in this range, by producer and first offset. */
  readonly aborted: readonly { producerId: bigint; firstOffset: bigint }[];
  /** A batch came that begins at or beyond `until`: below that there is nothing else than `batches`. */
  readonly untilReached?: boolean;
  /** The log is not the one that was read up to the position: it parts from that at `endOffset`. */
  readonly diverging?: { readonly epoch: number; readonly endOffset: bigint };
  /** Where the batches were read, for sentences: `orders/3 on cluster "main"`. */
  readonly place?: string;
}

/** Whose writes are accepted from now on; sequence numbers of every partition begin at 0. */
export interface ProducerSeal {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly ends: ReadonlyMap<string, bigint>;
}

/** One whole batch of magic 2 in one or more parts, ready to be stored. */
export interface NewBatch extends TopicPartition {
  readonly parts: readonly Buffer[];
}

/**
 * - `written`: stored from `baseOffset` on, now or when it was sent before.
 * - `again`: whether it was stored is not known, or it was not; it may be in a moment.
 * - `out-of-sequence`: not stored, a batch before it is missing.
 * - `duplicate`: stored before, where is not known.
 * - `fenced`: not stored, a newer epoch writes.
 * - `refused`: not stored, and a person must help.
 */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly baseOffset: bigint }
  | { readonly kind: 'out-of-sequence' | 'duplicate' | 'fenced' }
  | { readonly kind: 'again' | 'refused'; readonly error: FerryError };
