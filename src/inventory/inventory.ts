import { z } from 'zod';
import { named } from '../migration/foreign-text.js';
import { isLegalTopicName } from '../migration/topic-name.js';
import type { Known } from './known.js';

/** As `Known`, in the file. */
const known = <T extends z.ZodType>(value: T) =>
  z.union([z.strictObject({ value }), z.strictObject({ unknown: z.string() })]) as unknown as z.ZodType<
    Known<z.infer<T>>
  >;

const count = z.int().min(0);
/** Milliseconds since the epoch; records may carry any number, so it is not bounded. `null`: there is no record. */
const time = z.number().nullable();

/** Over a survey: what no single look sees. Beyond its time nothing is known by it. */
const topicOverTime = z.strictObject({
  /** The first and the last look that saw it, ms since the epoch. */
  firstSeen: z.number(),
  lastSeen: z.number(),
  /** The looks before which records, or markers of transactions, had come since the look before; `null`: at none. */
  written: known(
    z.strictObject({
      first: z.number().nullable(),
      last: z.number().nullable(),
      records: count,
      /** The most in a second, on average between two looks. */
      peak: z.number(),
    }),
  ),
  /** As `producers`, the last few of all looks. */
  producers: known(
    z.array(z.strictObject({ id: z.string(), lastWrote: z.number(), transactional: z.boolean() })),
  ),
  /** As `writers`, between two looks of the survey. */
  writers: count,
});

const groupOverTime = z.strictObject({
  /** The first and the last look that saw it, ms since the epoch. */
  firstSeen: z.number(),
  lastSeen: z.number(),
  /** The looks before which a commit had moved since the look before; `null`: at none. */
  moved: known(z.strictObject({ first: z.number().nullable(), last: z.number().nullable() })),
  /** The last look at which it had a member; `null`: at none. */
  lastMembers: known(z.number().nullable()),
  /** Offsets that it was behind, on topics that were looked at. */
  lag: known(z.strictObject({ least: count, most: count })),
});

const topic = z.strictObject({
  name: z.string(),
  /** `null` on brokers without topic ids. */
  id: z.string().nullable(),
  partitions: count,
  replication: count,
  /** Kafka's own, such as `__consumer_offsets`: by its broker's word, or by a well-known name that brokers do not mark. */
  internal: z.boolean(),
  /** Whose inner topic it is by its name; `null`: nobody's that is known. */
  partOf: z.enum(['streams', 'connect', 'mirrormaker', 'ksqldb']).nullable(),
  /** What somebody set on the topic, without defaults. */
  config: known(z.record(z.string(), z.string())),
  compacted: known(z.boolean()),
  tiered: known(z.boolean()),
  /** Offsets from log start to end: an upper bound of the records. */
  records: known(count),
  /** On the disks of the fullest replica of each partition; what lies in remote storage alone is not among them. */
  bytes: known(count),
  oldest: known(time),
  newest: known(time),
  /** Records a second between two looks. */
  rate: known(z.number()),
  /**
   * Schema ids (Confluent's wire format) in the newest records of each partition. `sampled`: how many of them could show one, by
   * a value of 5 bytes or more or a key that carries one; a record without a value shows nothing.
   */
  schemas: known(
    z.strictObject({
      sampled: count,
      ids: z.array(count),
      /** Under which a schema registry holds them. */
      subjects: known(z.array(z.string())),
    }),
  ),
  /** Idempotent and transactional producers that the brokers remember. Others leave no trace. */
  producers: known(
    z.array(
      z.strictObject({
        id: z.string(),
        lastWrote: z.number(),
        /** Seen to write in a transaction; `false`: not seen to. */
        transactional: z.boolean(),
      }),
    ),
  ),
  /**
   * How many producers with an id are proved to have been there at once: known at the first look, and they wrote again before
   * the second, or they wrote in turn in the newest records of a partition. Fewer than two say nothing. Absent: an older ferry
   * did not count.
   */
  writers: known(count).optional(),
  /** Only after a survey. */
  overTime: known(topicOverTime).optional(),
});

const group = z.strictObject({
  group: z.string(),
  protocol: z.enum(['classic', 'consumer', 'share', 'streams', 'unknown']),
  /** `dead`: it is not there any more, and a survey has seen it. */
  state: z.enum(['empty', 'stable', 'rebalancing', 'dead', 'unknown']),
  /** `coordination`: its members share out other work than partitions, as the workers of Connect and of registries do. */
  kind: z.enum(['streams', 'connect', 'mirrormaker', 'ksqldb', 'coordination', 'other']),
  members: known(
    z.array(
      z.strictObject({
        clientId: z.string(),
        host: z.string(),
        /** Subscribed or assigned; empty when the protocol does not tell. */
        topics: z.array(z.string()),
        /** A pattern by which the broker finds its topics (KIP-848). */
        pattern: z.string().optional(),
      }),
    ),
  ),
  /** Topics with a commit or a member that reads them, and the offsets between its commits and the ends. */
  committed: known(z.array(z.strictObject({ topic: z.string(), lag: known(count) }))),
  /** Whether a commit moved between two looks. */
  moved: known(z.boolean()),
  /** The look at which a commit was last seen to have moved, ms since the epoch. */
  lastMoved: known(z.number()),
  /** Commits move while nobody is a member: its consumers assign partitions themselves, as Flink's and Spark's do. */
  movesWithoutMembers: known(z.boolean()),
  /** Only after a survey. */
  overTime: known(groupOverTime).optional(),
});

/** Looks at the cluster over days, beside the one that everything else here is of. */
const survey = z.strictObject({
  from: z.string(),
  /** The last look; `null`: there was none yet. */
  until: z.string().nullable(),
  everySeconds: z.number(),
  running: z.boolean(),
  looks: count,
  /** Looks that saw nothing, the latest with why. */
  missed: z.strictObject({
    count,
    latest: z.array(z.strictObject({ at: z.string(), why: z.string() })),
  }),
  /** What single looks did not see: of how many topics or groups. The latest. */
  unseen: z.array(z.strictObject({ at: z.string(), why: z.string(), times: count })),
  /** Topics and groups that there was no room for. */
  left: z.strictObject({ topics: count, groups: count }),
  /** Topics that were seen and are not there any more. */
  gone: z.array(z.strictObject({ topic: z.string(), firstSeen: z.number(), lastSeen: z.number() })),
});

/** Of Kafka Connect; its configuration is left out, since it may hold secrets. */
const connector = z.strictObject({
  /** The name in `ferry.yaml` of the Connect that it runs on. */
  connect: z.string(),
  name: z.string(),
  class: z.string(),
  type: z.enum(['sink', 'source', 'unknown']),
  /** As which a sink reads. */
  group: z.string().optional(),
  /** A Java regular expression by which a sink finds its topics. */
  pattern: z.string().optional(),
  topics: known(z.array(z.string())),
});

const quota = z.strictObject({
  /** All of them together: type `user`, `client-id` or `ip`; `null` stands for everybody without a quota of their own. */
  entity: z.array(z.strictObject({ type: z.string(), name: z.string().nullable() })),
  /** By Kafka's names, in its units: bytes a second, percent of a thread, mutations or connections a second. */
  limits: z.record(z.string(), z.number()),
});

const acl = z.strictObject({
  principal: z.string(),
  resourceType: z.string(),
  resourceName: z.string(),
  patternType: z.enum(['literal', 'prefixed']),
  host: z.string(),
  operation: z.string(),
  permission: z.enum(['allow', 'deny']),
});

/** What a scan has seen of one cluster. A reader of version 1 refuses any other. */
export const inventoryShape = z.strictObject({
  format: z.literal('kafka-ferry/inventory'),
  version: z.literal(1),
  /** The name in `ferry.yaml`. */
  cluster: z.string(),
  clusterId: z.string(),
  brokers: count,
  scannedAt: z.string(),
  /** Topics that were looked at: a glob (`*`, `?`). Others are not in this file. */
  glob: z.string(),
  topics: z.array(topic),
  /** Topics that the listing names and that could not be looked at. */
  unseen: z.array(z.strictObject({ topic: z.string(), unknown: z.string() })),
  groups: known(z.array(group)),
  openTransactions: known(
    z.array(
      z.strictObject({ transactionalId: z.string(), startedAt: z.number(), topics: z.array(z.string()) }),
    ),
  ),
  /**
   * What the cluster lists without a word of what it leaves out: of which more may be there than is in this file, and why. Absent:
   * an older ferry did not look for it.
   */
  hidden: z
    .array(z.strictObject({ what: z.enum(['groups', 'transactions']), unknown: z.string() }))
    .optional(),
  /** `null`: the cluster has no authorizer. */
  acls: known(z.array(acl).nullable()),
  quotas: known(z.array(quota)),
  connectors: known(z.array(connector)),
  /** Absent: there was one look alone, and who comes seldom was not seen by it. */
  survey: survey.optional(),
});

export type Inventory = z.output<typeof inventoryShape>;
export type ScannedTopic = Inventory['topics'][number];
export type ScannedGroup = z.output<typeof group>;
export type { Known };

/** Reads an inventory; a mistake is one sentence. */
export function parseInventory(
  input: unknown,
): { inventory: Inventory; mistake?: undefined } | { mistake: string; inventory?: undefined } {
  const head = z.looseObject({ format: z.string(), version: z.number() }).safeParse(input).data;
  if (head?.format !== 'kafka-ferry/inventory')
    return { mistake: 'is no inventory of kafka-ferry: write one with ferry scan CLUSTER --out FILE' };
  if (head.version !== 1)
    return {
      mistake: `is an inventory of version ${head.version}, and this ferry reads version 1: scan anew`,
    };
  const parsed = inventoryShape.safeParse(input);
  if (parsed.success) {
    const illegal = parsed.data.topics.find(({ name }) => !isLegalTopicName(name));
    // Names become those of files and migrations.
    if (illegal)
      return {
        mistake: `names a topic ${named(illegal.name.slice(0, 250))}, which Kafka itself refuses: scan anew`,
      };
    return { inventory: parsed.data };
  }
  const at = parsed.error.issues[0]?.path.join('.') ?? '';
  return { mistake: `is damaged or cut off at ${at === '' ? 'its beginning' : at}: scan anew` };
}
