import type { Inventory, ScannedGroup, ScannedTopic } from '../inventory/inventory.js';
import { wantsTopic } from '../kafka/topic-pattern.js';
import { named } from '../migration/foreign-text.js';
import { SetNames } from './set-names.js';

/** Topics that must move together, and why. */
export interface TopicSet {
  /** Fit for the name of a migration: of its first topic. */
  name: string;
  topics: ScannedTopic[];
  groups: ScannedGroup[];
  /** What ties its topics, in sentences. */
  ties: string[];
  /** What could not be seen and might tie it to others. */
  unseen: string[];
  /** Of which set it is a part, where all of that is too large for one migration. */
  part?: { of: string; number: number };
}

/**
 * The connected parts of the graph of topics, groups and transactions. Topics of Kafka itself, of Connect and of
 * MirrorMaker do not move: whoever made them makes them anew on the target.
 */
export function setsOf(inventory: Inventory): TopicSet[] {
  const topics = inventory.topics
    .filter(({ internal, partOf }) => !internal && partOf !== 'connect' && partOf !== 'mirrormaker')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const parent = new Map(topics.map(({ name }) => [name, name]));
  const root = (name: string): string => {
    let at = name;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    return at;
  };
  const ties = new Map<string, string[]>();
  const tie = (names: Iterable<string>, why: string) => {
    const [first, ...others] = [...new Set(names)].filter((name) => parent.has(name)).sort();
    if (first === undefined || others.length === 0) return;
    for (const other of others) {
      const [a, b] = [root(first), root(other)].sort();
      if (a !== undefined && b !== undefined) parent.set(b, a);
    }
    ties.set(first, [...(ties.get(first) ?? []), why]);
  };

  const all = inventory.groups.value ?? [];
  const names = topics.map(({ name }) => name);
  const reads = new Map(all.map((group) => [group, topicsOf(group, names)]));
  const readers = new Map<string, ScannedGroup[]>();
  const inner = topics.flatMap(({ name, partOf }) => (partOf ? [name] : []));
  // The topics of application shop-totals begin as those of shop do: they are those of the longest name that fits.
  const isOf = (topic: string, group: string): boolean =>
    topic.startsWith(`${group}-`) &&
    !all.some((one) => one.group.startsWith(`${group}-`) && topic.startsWith(`${one.group}-`));
  for (const [group, read] of reads) {
    for (const topic of read) readers.set(topic, [...(readers.get(topic) ?? []), group]);
    tie(read, `group ${named(group.group)} reads ${read.size} of its topics`);
    // Streams and ksqlDB name their inner topics after the application, which is the group.
    if (group.kind === 'streams' || group.protocol === 'streams')
      tie(
        [...read, ...inner.filter((name) => isOf(name, group.group))],
        `application ${named(group.group)} keeps inner topics`,
      );
  }
  for (const { name, type, topics } of inventory.connectors.value ?? [])
    // What a sink reads is what its group reads.
    if (type === 'source')
      tie(topics.value ?? [], `connector ${named(name)} writes to several of its topics`);
  for (const { transactionalId, topics } of inventory.openTransactions.value ?? [])
    tie(topics, `transaction ${named(transactionalId)} writes to several of its topics at once`);
  const writers = new Map<string, Set<string>>();
  const transactional = new Set(
    topics.flatMap((topic) =>
      producersOf(topic)
        .filter((one) => one.transactional)
        .map(({ id }) => id),
    ),
  );
  for (const topic of topics)
    for (const { id } of producersOf(topic))
      if (transactional.has(id)) writers.set(id, (writers.get(id) ?? new Set()).add(topic.name));
  for (const [id, written] of writers)
    tie(written, `transactional producer ${id} writes to several of its topics`);

  const everywhere = [
    ...(inventory.groups.unknown === undefined
      ? []
      : [`which groups there are: ${inventory.groups.unknown}`]),
    ...(inventory.openTransactions.unknown === undefined
      ? []
      : [`open transactions: ${inventory.openTransactions.unknown}`]),
    // As much as not knowing any: who is not listed may tie every set to others, and read what seems idle.
    ...(inventory.hidden ?? []).map(({ what, unknown }) => `whether there are more ${what}: ${unknown}`),
    ...all.flatMap(({ group, members, committed }) =>
      [members.unknown, committed.unknown].flatMap((why) =>
        why === undefined ? [] : [`what group ${named(group)} reads: ${why}`],
      ),
    ),
  ];
  const byRoot = new Map<string, ScannedTopic[]>();
  for (const topic of topics) byRoot.set(root(topic.name), [...(byRoot.get(root(topic.name)) ?? []), topic]);
  const setNames = new SetNames();
  return [...byRoot].map(([first, members]) => ({
    name: setNames.give(first),
    topics: members,
    groups: [...new Set(members.flatMap(({ name }) => readers.get(name) ?? []))].sort(byName),
    ties: members.flatMap(({ name }) => ties.get(name) ?? []),
    unseen: [
      ...everywhere,
      ...members.flatMap(({ name, producers }) =>
        producers.unknown === undefined ? [] : [`who writes to ${name}: ${producers.unknown}`],
      ),
    ],
  }));
}

/** Those that brokers remember now, and those that a survey has seen: brokers forget one that has not written for a day. */
const producersOf = ({ producers, overTime }: ScannedTopic) => [
  ...(producers.value ?? []),
  ...(overTime?.value?.producers.value ?? []),
];

const byName = (a: ScannedGroup, b: ScannedGroup): number => (a.group < b.group ? -1 : 1);

/** Topics that a group reads as far as it was seen: by its members and by its commits. */
export function topicsOf({ members, committed }: ScannedGroup, all: readonly string[]): Set<string> {
  return new Set([
    ...(members.value ?? []).flatMap(({ topics, pattern }) => [
      ...topics,
      ...(pattern === undefined ? [] : all.filter((topic) => wantsTopic(pattern, topic) ?? true)),
    ]),
    ...(committed.value ?? []).map(({ topic }) => topic),
  ]);
}
