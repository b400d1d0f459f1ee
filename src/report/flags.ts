import type { IdleTopic } from '../advice/idle.js';
import type { TopicSet } from '../advice/sets.js';
import type { Inventory, ScannedGroup, ScannedTopic } from '../inventory/inventory.js';
import { unknownsIn } from '../inventory/unknowns.js';
import { named, oneLine } from '../migration/foreign-text.js';

/** Something to know before a migration, what it means for one, and what it is about. */
export interface Flag {
  title: string;
  means: string;
  /** Names, or sentences. */
  about: string[];
}

const hour = 3_600_000;

/** Red flags of a cluster, worst first. What is unknown is one too: it is not known to be harmless. */
export function flagsOf(inventory: Inventory, sets: readonly TopicSet[], idle: readonly IdleTopic[]): Flag[] {
  const topics = inventory.topics.filter(({ internal }) => !internal);
  const groups = inventory.groups.value ?? [];
  const scannedAt = Date.parse(inventory.scannedAt);
  const of = (title: string, means: string, about: readonly string[]): Flag => ({
    title,
    means,
    about: [...about],
  });
  const topicsThat = (are: (topic: ScannedTopic) => boolean) =>
    topics.filter(are).map(({ name }) => named(name));
  const groupsThat = (are: (group: ScannedGroup) => boolean) =>
    groups.filter(are).map(({ group }) => named(group));
  const all: Flag[] = [
    of(
      'Transactions that are open for more than an hour',
      'A drain waits for them, and one whose producer is gone never ends by itself: have it aborted first.',
      (inventory.openTransactions.value ?? [])
        .filter(({ startedAt }) => scannedAt - startedAt > hour)
        .map(({ transactionalId, topics }) => `${named(transactionalId)} on ${topics.map(named).join(', ')}`),
    ),
    of(
      'Not seen',
      'What is unknown is not absent: grant what is missing and scan again before you rely on this page.',
      unknownsIn(inventory),
    ),
    of(
      'Topics that could not be looked at',
      'They are in no set: who uses them, and what they are tied to, is not known.',
      inventory.unseen.map(({ topic, unknown }) => `${named(topic)}: ${unknown}`),
    ),
    of(
      'Looks of the survey that saw nothing, or not all',
      'Who came at those times was not seen.',
      inventory.survey
        ? [
            ...inventory.survey.missed.latest.map(({ at, why }) => `${at.slice(0, 16)}: ${why}`),
            ...inventory.survey.unseen.map(({ at, why }) => `${at.slice(0, 16)}: ${why}`),
          ].map(oneLine)
        : [],
    ),
    of(
      'Groups that have left',
      'A survey has seen them, and they are not there now: ask whether they come back, since their commits may be gone by then.',
      groupsThat(({ state, overTime }) => state === 'dead' && overTime !== undefined),
    ),
    of(
      'Topics that are written to seldom',
      'Nobody writes to them now, and a survey has seen it done: a short silence proves nothing about their producers.',
      topicsThat(
        ({ rate, overTime }) => rate.value === 0 && (overTime?.value?.written.value?.last ?? null) !== null,
      ),
    ),
    of(
      'No authorizer',
      'Everybody may read and write every topic: nothing shows who the producers are, and no ACL can be copied.',
      inventory.acls.value === null ? [named(inventory.cluster)] : [],
    ),
    of(
      'ACLs that deny',
      'A denial beats every grant. See that it means the same on the target, where principals have other names.',
      (inventory.acls.value ?? [])
        .filter(({ permission }) => permission === 'deny')
        .map(
          ({ principal, operation, resourceType, resourceName }) =>
            `${named(principal)}: ${operation} on ${resourceType} ${named(resourceName)}`,
        ),
    ),
    of(
      'Groups that move without members',
      'Their consumers assign partitions themselves (Flink, Spark, assign()), so that they are not seen to stop: say commitsEvery in the file.',
      groupsThat(({ movesWithoutMembers }) => movesWithoutMembers.value === true),
    ),
    of(
      'Groups of the share protocol',
      'They have no offsets that could be moved: they begin anew on the target.',
      groupsThat(({ protocol }) => protocol === 'share'),
    ),
    of(
      'Applications of Kafka Streams and ksqlDB',
      'Their state is in inner topics: reset the application on the target, or move it with all of them.',
      groupsThat(({ kind }) => kind === 'streams' || kind === 'ksqldb'),
    ),
    of(
      'Sink connectors of Kafka Connect',
      'They read as a group, and are stopped and started by whoever runs Connect.',
      groupsThat(({ kind }) => kind === 'connect'),
    ),
    of(
      'Groups that stand still with records unread',
      'They have committed offsets, no member, and records they have not read: ask whether they come back.',
      groupsThat(
        ({ members, moved, committed }) =>
          members.value?.length === 0 &&
          moved.value === false &&
          (committed.value ?? []).some(({ lag }) => (lag.value ?? 0) > 0),
      ),
    ),
    of(
      'Compacted topics',
      'They hold the state of their keys: without their history applications lose it.',
      topicsThat(({ compacted, partOf }) => compacted.value === true && partOf === null),
    ),
    of(
      'Topics in tiered storage',
      'Their history is read slowly, and the bytes on this page are not all they have.',
      topicsThat(({ tiered }) => tiered.value === true),
    ),
    of(
      'Topics with schemas',
      'Their records carry ids of a registry: the target needs the same schemas under ids that mean the same.',
      topicsThat(({ schemas }) => (schemas.value?.ids.length ?? 0) > 0),
    ),
    of(
      'Transactional producers',
      'What they write to several topics at once has to move at once.',
      topicsThat(({ producers }) => producers.value?.some(({ transactional }) => transactional) ?? false),
    ),
    of(
      'One replica',
      'A broker that fails while it is copied takes the topic with it.',
      inventory.brokers > 1 ? topicsThat(({ replication }) => replication === 1) : [],
    ),
    of(
      'Quotas',
      'A mirror is held back by those that apply to the ferry, and applications by theirs: set them on the target too.',
      (inventory.quotas.value ?? []).map(
        ({ entity, limits }) =>
          `${entity.map(({ type, name }) => `${type} ${name === null ? 'of everybody else' : named(name)}`).join(', ')}: ${Object.entries(
            limits,
          )
            .map(([limit, value]) => `${limit} ${value}`)
            .join(', ')}`,
      ),
    ),
    of(
      'Large sets',
      'Many topics hang together by groups and transactions. See whether a group reads all of them for a reason: without it they may move apart.',
      sets
        .filter(({ topics }) => topics.length > 20)
        .map(({ name, topics }) => `${name}: ${topics.length} topics`),
    ),
    of(
      'Idle topics',
      'Nobody was seen to use them: look whether they can be deleted instead of moved.',
      idle.map(({ topic, why }) => `${named(topic)}: ${why}`),
    ),
  ];
  return all.filter(({ about }) => about.length > 0);
}
