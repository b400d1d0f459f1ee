import type { Connect } from '../connect/rest.js';
import { globbed } from '../migration/glob.js';
import type { Cluster } from '../kafka/cluster.js';
import type { Registry } from '../registry/registry.js';
import { readConnectors } from './connectors.js';
import { scannedGroup } from './groups.js';
import { hiddenBy, mayLackGroups } from './hidden.js';
import type { Inventory } from './inventory.js';
import { endsOf } from './lags.js';
import { mapKnown, partOfCluster } from './known.js';
import { streamsGroupsOf } from './recognised.js';
import { readSamples } from './samples.js';
import { subjectsById, withSubjects } from './subjects.js';
import { partitionsOf, scannedTopic } from './topics.js';
import { openTransactionsOf } from './transactions.js';

export interface ScanOptions {
  /** Topics to look at: `*` stands for any characters, `?` for one. */
  glob?: string;
  /** Asked under which subjects it holds the schemas whose ids records carry. */
  registry?: Registry;
  /** Asked for its connectors. */
  connect?: Connect;
  /** Between two looks, ms: what moves is told from what stands still by them. */
  betweenMs?: number;
  now?: () => Date;
  pause: (ms: number) => Promise<void>;
  /** Told what is read; answers what to call when it has been. */
  begins?: (what: string) => () => void;
}

/**
 * One look at a whole cluster, and a second one at what moves. Requests grow with brokers, not with topics and groups. What a
 * part lacks (a right, a broker that is down, a registry that refuses its own credentials) is unknown with its reason; only a
 * cluster that does not answer at all, or refuses the credentials, fails as a whole.
 *
 * @throws FerryError `Unreachable`, `Unauthenticated`
 */
export async function scan(
  cluster: Cluster,
  {
    glob = '*',
    registry,
    connect,
    betweenMs = 2_000,
    now = () => new Date(),
    pause,
    begins = () => () => undefined,
  }: ScanOptions,
): Promise<Inventory> {
  const reading = async <T>(what: string, read: () => Promise<T>): Promise<T> => {
    const ended = begins(`reads ${what} of ${cluster.name}`);
    try {
      return await read();
    } finally {
      ended();
    }
  };
  const partOf = <T>(what: string, read: () => Promise<T>) => reading(what, () => partOfCluster(read));

  const scannedAt = now().toISOString();
  const identity = await reading('who it is', () => cluster.identity());
  const wanted = globbed(glob);
  const everyTopic = await reading('the topics', () => cluster.topics());
  const rows = [...everyTopic].filter(([name]) => wanted.test(name));
  const topics = rows.flatMap(([, { value }]) => value ?? []);
  const partitions = topics.flatMap(partitionsOf);
  const names = topics.map(({ name }) => name);

  const [configs, marks, oldest, sizes, producers, transactions, acls, quotas, listed, connectors] =
    await Promise.all([
      partOf('the configuration of topics', () => cluster.topicConfigs(names)),
      partOf('where the logs end', () => cluster.watermarks(partitions)),
      partOf('the oldest records', () => cluster.offsetsAtTime(partitions, 0)),
      partOf('the sizes of logs', () => cluster.sizes(partitions)),
      partOf('the producers', () => cluster.producers(partitions)),
      partOf('the open transactions', () => cluster.openTransactions(names)),
      partOf('the ACLs', () => cluster.acls()),
      partOf('the quotas', () => cluster.quotas()),
      partOf('the groups', () => cluster.groups()),
      connect
        ? reading('the connectors', () => readConnectors(connect, identity.clusterId))
        : { unknown: 'no Kafka Connect was asked: name one by --connect' },
    ]);
  const lookedAt = now().getTime();
  const groups = listed.value?.map(({ group }) => group) ?? [];
  const [members, committed, samples] = await Promise.all([
    partOf('the members of groups', () => cluster.describeGroups(groups)),
    partOf('the commits of groups', () => cluster.committedOffsets(groups)),
    partOf('the newest records', () => readSamples(cluster, marks.value ?? new Map(), partitions)),
  ]);
  await pause(Math.max(0, betweenMs - (now().getTime() - lookedAt)));
  const [later, laterProducers, committedLater] = await Promise.all([
    partOf('where the logs end', () => cluster.watermarks(partitions)),
    partOf('the producers', () => cluster.producers(partitions)),
    partOf('the commits of groups', () => cluster.committedOffsets(groups)),
  ]);
  const lookedAgainAt = now().getTime();
  const seconds = (lookedAgainAt - lookedAt) / 1000;

  const seen = { configs, marks, oldest, sizes, producers, samples, later, laterProducers, seconds };
  const { openTransactions, hidden: unnamed } = openTransactionsOf(transactions, marks, later);
  const hidden = [
    ...hiddenBy({ acls, sizes }, { groups: listed, transactions: openTransactions }),
    ...unnamed,
  ];
  const allGroups = listed.value && !mayLackGroups(hidden) ? groups : undefined;
  const scanned = topics.map((topic) => scannedTopic(topic, seen, allGroups)).sort(by(({ name }) => name));
  const streams = streamsGroupsOf(names, groups);
  const seenOfGroups = {
    ...{ members, committed, committedLater, lookedAt: lookedAgainAt, seconds },
    ends: endsOf(topics, marks),
    readable: topics.filter(({ internal }) => !internal).map(({ name }) => name),
    notScanned: (topic: string) =>
      wanted.test(topic)
        ? (everyTopic.get(topic)?.error?.message ?? 'the topic is not among those that the cluster lists')
        : 'the topic is outside of those that were scanned',
  };
  return {
    format: 'kafka-ferry/inventory',
    version: 1,
    cluster: cluster.name,
    clusterId: identity.clusterId,
    brokers: identity.brokers.length,
    scannedAt,
    glob,
    topics: registry
      ? await reading('the subjects of schemas', async () => {
          const ids = [...new Set(scanned.flatMap(({ schemas }) => schemas.value?.ids ?? []))];
          const subjects = await subjectsById(registry, ids);
          return scanned.map((topic) => withSubjects(topic, subjects));
        })
      : scanned,
    unseen: rows.flatMap(([topic, { error }]) => (error ? [{ topic, unknown: error.message }] : [])),
    groups: mapKnown(listed, (all) =>
      all.map((one) => scannedGroup(one, seenOfGroups, streams)).sort(by(({ group }) => group)),
    ),
    openTransactions,
    hidden,
    acls: mapKnown(acls, (bindings) => bindings && bindings.map((binding) => ({ ...binding }))),
    quotas: mapKnown(quotas, (all) =>
      all.map(({ entity, limits }) => ({
        entity: entity.map(({ type, name }) => ({ type, name })),
        limits: { ...limits },
      })),
    ),
    connectors,
  };
}

const by =
  <T>(of: (one: T) => string) =>
  (a: T, b: T): number =>
    of(a) < of(b) ? -1 : 1;
