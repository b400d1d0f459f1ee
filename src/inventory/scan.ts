import { globbed } from '../migration/glob.js';
import {
  partitionKey,
  type Cluster,
  type Committed,
  type GroupFacts,
  type OpenTransaction,
  type ProducerState,
  type Row,
  type Rows,
  type TopicFacts,
  type TopicPartition,
  type Watermarks,
} from '../kafka/cluster.js';
import { isFerryError } from '../migration/errors.js';
import type { Inventory, Known, ScannedGroup, ScannedTopic } from './inventory.js';
import { readSamples, type Sample } from './samples.js';

export interface ScanOptions {
  /** Topics to look at: `*` stands for any characters, `?` for one. */
  glob?: string;
  /** Between two looks, ms: what moves is told from what stands still by them. */
  betweenMs?: number;
  now?: () => Date;
  pause: (ms: number) => Promise<void>;
}

/**
 * One look at a whole cluster, and a second one at what moves. Requests grow with brokers, not with topics and groups. What a
 * part lacks (a right, a broker that is down) is unknown with its reason; only a cluster that does not answer at all, or
 * refuses the credentials, fails as a whole.
 *
 * @throws FerryError `Unreachable`, `Unauthenticated`
 */
export async function scan(
  cluster: Cluster,
  { glob = '*', betweenMs = 2_000, now = () => new Date(), pause }: ScanOptions,
): Promise<Inventory> {
  const scannedAt = now().toISOString();
  const identity = await cluster.identity();
  const wanted = globbed(glob);
  const rows = [...(await cluster.topics())].filter(([name]) => wanted.test(name));
  const topics = rows.flatMap(([, { value }]) => value ?? []);
  const partitions = topics.flatMap(partitionsOf);
  const names = topics.map(({ name }) => name);

  const listing = part(() => cluster.groups());
  const [configs, marks, oldest, producers, transactions, acls, listed] = await Promise.all([
    part(() => cluster.topicConfigs(names)),
    part(() => cluster.watermarks(partitions)),
    part(() => cluster.offsetsAtTime(partitions, 0)),
    part(() => cluster.producers(partitions)),
    part(() => cluster.openTransactions(names)),
    part(() => cluster.acls()),
    listing,
  ]);
  const lookedAt = now().getTime();
  const groups = listed.value?.map(({ group }) => group) ?? [];
  const [members, committed, samples] = await Promise.all([
    part(() => cluster.describeGroups(groups)),
    part(() => cluster.committedOffsets(groups)),
    part(() => readSamples(cluster, marks.value ?? new Map(), partitions)),
  ]);
  await pause(Math.max(0, betweenMs - (now().getTime() - lookedAt)));
  const [later, committedLater] = await Promise.all([
    part(() => cluster.watermarks(partitions)),
    part(() => cluster.committedOffsets(groups)),
  ]);
  const seconds = (now().getTime() - lookedAt) / 1000;

  const seen = { configs, marks, oldest, producers, samples, later, seconds };
  const scanned = topics.map((topic) => scannedTopic(topic, seen, groups));
  return {
    format: 'kafka-ferry/inventory',
    version: 1,
    cluster: cluster.name,
    clusterId: identity.clusterId,
    brokers: identity.brokers.length,
    scannedAt,
    glob,
    topics: scanned.sort((a, b) => (a.name < b.name ? -1 : 1)),
    unseen: rows.flatMap(([topic, { error }]) => (error ? [{ topic, unknown: error.message }] : [])),
    groups:
      listed.value === undefined
        ? { unknown: listed.unknown }
        : {
            value: listed.value
              .map((one): ScannedGroup => {
                const found = rowOf(members, one.group);
                const before = rowOf(committed, one.group);
                const after = rowOf(committedLater, one.group);
                return {
                  group: one.group,
                  protocol: one.protocol,
                  state: found.value?.state ?? one.state,
                  kind:
                    one.coordinatesOther || /^connect-/.test(one.group)
                      ? 'connect'
                      : kindOf(one.group, names),
                  members: mapKnown(found, (facts) => membersOf(facts)),
                  committed: mapKnown(before, (offsets) => lagsOf(offsets, marks)),
                  moved: movedBetween(before, after),
                };
              })
              .sort((a, b) => (a.group < b.group ? -1 : 1)),
          },
    openTransactions: openTransactionsOf(transactions, marks),
    acls: mapKnown(acls, (bindings) => bindings && bindings.map((binding) => ({ ...binding }))),
    quotas: { unknown: 'this version of the ferry does not read quotas' },
  };
}

/** Brokers before Kafka 3.0 name no transactions; that one is open shows in every version by the last stable offset. */
function openTransactionsOf(
  listed: Known<OpenTransaction[]>,
  marks: Known<Rows<string, Watermarks>>,
): Inventory['openTransactions'] {
  const held = [...(marks.value ?? [])].find(
    ([, { value }]) => value !== undefined && value.lastStable < value.highWatermark,
  );
  if (listed.value?.length === 0 && held)
    return { unknown: `a transaction is open on ${held[0]} that no broker names` };
  return mapKnown(listed, (open) =>
    open.map(({ transactionalId, startTimestamp, partitions }) => ({
      transactionalId,
      startedAt: startTimestamp,
      topics: [...new Set(partitions.map(({ topic }) => topic))],
    })),
  );
}

/** What one part of a scan brought, or why it did not. */
async function part<T>(read: () => Promise<T>): Promise<Known<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!isFerryError(error) || error.type === 'Unauthenticated') throw error;
    return { unknown: error.message };
  }
}

function mapKnown<T, U>(known: Known<T>, change: (value: T) => U): Known<U> {
  return known.unknown === undefined ? { value: change(known.value) } : { unknown: known.unknown };
}

const noAnswer = 'no broker said anything about it';

function rowOf<T>(rows: Known<Rows<string, T>>, key: string): Known<T> {
  if (rows.unknown !== undefined) return { unknown: rows.unknown };
  const row: Row<T> | undefined = rows.value.get(key);
  if (row?.error) return { unknown: row.error.message };
  return row === undefined ? { unknown: noAnswer } : { value: row.value };
}

/** All of them, or why one is not known. */
function every<T>(all: readonly Known<T>[]): Known<T[]> {
  const missing = all.find(({ unknown }) => unknown !== undefined)?.unknown;
  return missing === undefined ? { value: all.map(({ value }) => value as T) } : { unknown: missing };
}

interface Seen {
  configs: Known<Awaited<ReturnType<Cluster['topicConfigs']>>>;
  marks: Known<Rows<string, Watermarks>>;
  oldest: Known<Rows<string, { offset: bigint; timestamp: number } | null>>;
  producers: Known<Rows<string, ProducerState[]>>;
  samples: Known<ReadonlyMap<string, Known<Sample>>>;
  later: Known<Rows<string, Watermarks>>;
  seconds: number;
}

function scannedTopic(topic: TopicFacts, seen: Seen, groups: readonly string[]): ScannedTopic {
  const keys = partitionsOf(topic).map(partitionKey);
  const config = rowOf(seen.configs, topic.name);
  const marks = every(keys.map((key) => rowOf(seen.marks, key)));
  const later = every(keys.map((key) => rowOf(seen.later, key)));
  const samples = every(
    keys.map((key): Known<Sample> =>
      seen.samples.unknown === undefined
        ? (seen.samples.value.get(key) ?? { unknown: noAnswer })
        : { unknown: seen.samples.unknown },
    ),
  );
  const entry = (name: string) =>
    mapKnown(config, (entries) => entries.find((one) => one.name === name)?.value ?? undefined);
  const transactional = new Set(samples.value?.flatMap(({ transactional }) => transactional) ?? []);
  return {
    name: topic.name,
    id: topic.topicId,
    partitions: topic.partitions.length,
    replication: Math.max(0, ...topic.partitions.map(({ replicas }) => replicas.length)),
    internal: topic.internal || topic.name.startsWith('__'),
    partOf: innerTopicOf(topic.name, groups),
    config: mapKnown(config, (entries) =>
      Object.fromEntries(
        entries.flatMap(({ name, value, source }) =>
          source === 'topic' ? [[name, value ?? '(hidden)']] : [],
        ),
      ),
    ),
    compacted: mapKnown(entry('cleanup.policy'), (policy) => policy?.includes('compact') ?? false),
    tiered: mapKnown(entry('remote.storage.enable'), (enabled) => enabled === 'true'),
    records: mapKnown(marks, (all) => total(all, ({ highWatermark, logStart }) => highWatermark - logStart)),
    bytes: { unknown: 'this version of the ferry does not read the sizes of logs' },
    oldest: mapKnown(every(keys.map((key) => rowOf(seen.oldest, key))), (all) =>
      extreme(
        all.flatMap((one) => (one ? [one.timestamp] : [])),
        Math.min,
      ),
    ),
    newest: mapKnown(samples, (all) =>
      extreme(
        all.flatMap(({ newest }) => newest ?? []),
        Math.max,
      ),
    ),
    rate: mapKnown(every([mapKnown(marks, ends), mapKnown(later, ends)]), ([before = 0n, after = 0n]) =>
      seen.seconds > 0 ? Math.max(0, Number(after - before)) / seen.seconds : 0,
    ),
    schemas: mapKnown(samples, (all) => ({
      sampled: all.reduce((sum, { records }) => sum + records, 0),
      ids: [...new Set(all.flatMap(({ schemaIds }) => schemaIds))].sort((a, b) => a - b).slice(0, 100),
    })),
    producers: mapKnown(every(keys.map((key) => rowOf(seen.producers, key))), (all) =>
      producersOf(all.flat(), transactional),
    ),
  };
}

function producersOf(states: readonly ProducerState[], transactional: ReadonlySet<string>) {
  const byId = new Map<string, { id: string; lastWrote: number; transactional: boolean }>();
  for (const { producerId, lastTimestamp, openTransactionStart } of states) {
    const id = String(producerId);
    const before = byId.get(id);
    byId.set(id, {
      id,
      lastWrote: Math.max(before?.lastWrote ?? lastTimestamp, lastTimestamp),
      transactional:
        (before?.transactional ?? false) || openTransactionStart !== null || transactional.has(id),
    });
  }
  return [...byId.values()];
}

function membersOf({ members }: GroupFacts) {
  return members.map(({ clientId, host, subscribed, assigned, subscribedPattern }) => ({
    clientId,
    host,
    topics: [...new Set([...subscribed, ...assigned.map(({ topic }) => topic)])].sort(),
    ...(subscribedPattern !== undefined && { pattern: subscribedPattern }),
  }));
}

function lagsOf(offsets: ReadonlyMap<string, Committed>, marks: Known<Rows<string, Watermarks>>) {
  const byTopic = new Map<string, Known<number>[]>();
  for (const [key, { offset }] of offsets) {
    const topic = key.slice(0, key.lastIndexOf('/'));
    const lag = mapKnown(rowOf(marks, key), ({ highWatermark }) =>
      highWatermark > offset ? Number(highWatermark - offset) : 0,
    );
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), lag]);
  }
  return [...byTopic].map(([topic, lags]) => ({
    topic,
    lag: mapKnown(every(lags), (all) => all.reduce((sum, lag) => sum + lag, 0)),
  }));
}

function movedBetween(
  before: Known<ReadonlyMap<string, Committed>>,
  after: Known<ReadonlyMap<string, Committed>>,
): Known<boolean> {
  if (before.unknown !== undefined) return { unknown: before.unknown };
  if (after.unknown !== undefined) return { unknown: after.unknown };
  const { value } = before;
  return { value: [...after.value].some(([key, { offset }]) => value.get(key)?.offset !== offset) };
}

const partitionsOf = ({ name, partitions }: TopicFacts): TopicPartition[] =>
  partitions.map(({ partition }) => ({ topic: name, partition }));

const ends = (marks: readonly Watermarks[]): bigint =>
  marks.reduce((sum, { highWatermark }) => sum + highWatermark, 0n);

const total = (marks: readonly Watermarks[], of: (marks: Watermarks) => bigint): number =>
  Math.max(0, Number(marks.reduce((sum, one) => sum + of(one), 0n)));

const extreme = (times: readonly number[], choose: (a: number, b: number) => number): number | null =>
  times.length === 0 ? null : times.reduce((a, b) => choose(a, b));

/** Kafka Streams names its inner topics after the application, which is the group: `<group>-<name>-changelog`. */
const streamsEnding =
  /-(changelog|repartition|subscription-(registration|response)-topic|KTABLE-FK-.*-topic)$/;

function kindOf(group: string, topics: readonly string[]): ScannedGroup['kind'] {
  return topics.some((name) => name.startsWith(`${group}-`) && streamsEnding.test(name))
    ? 'streams'
    : 'other';
}

function innerTopicOf(name: string, groups: readonly string[]): ScannedTopic['partOf'] {
  if (/^_confluent-ksql-/.test(name)) return 'ksqldb';
  if (/^mm2-(configs|offsets|status|offset-syncs)\.|\.checkpoints\.internal$|(^|\.)heartbeats$/.test(name))
    return 'mirrormaker';
  if (/^(.*-)?connect-(configs|offsets|status)$/.test(name)) return 'connect';
  return streamsEnding.test(name) && groups.some((group) => name.startsWith(`${group}-`)) ? 'streams' : null;
}
