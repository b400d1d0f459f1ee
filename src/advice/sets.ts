import type { Inventory, ScannedGroup, ScannedTopic } from '../inventory/inventory.js';
import { wantsTopic } from '../kafka/topic-pattern.js';
import { named } from '../migration/foreign-text.js';
import { SetNames } from './set-names.js';
import { unseenAnywhere, unseenBeside, whyUnseenIn, type Use } from './unseen.js';

type Connector = NonNullable<Inventory['connectors']['value']>[number];

/** Topics that must move together, and why. */
export interface TopicSet {
  /** Fit for the name of a migration: of its first topic. */
  name: string;
  topics: ScannedTopic[];
  groups: ScannedGroup[];
  /** Connectors that read some of its topics, or may: also those whose group has committed nothing. */
  connectors: Reader[];
  /** What ties its topics, in sentences. */
  ties: string[];
  /** What could not be seen and might tie it to others. */
  unseen: string[];
  /** Of which set it is a part, where all of that is too large for one migration. */
  part?: { of: string; number: number };
  /** Its only topic is more than one migration carries, so that a plan refuses its file. */
  tooLarge?: boolean;
}

/** A connector of Kafka Connect that reads. */
export interface Reader {
  name: string;
  /** Absent: whether it reads or writes is not known. */
  group?: string;
  topics: string[];
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

  const known = new Set(inventory.topics.map(({ name }) => name));
  const uses: Use[] = [];
  const use = (who: string, names: Iterable<string>, why: string) => {
    uses.push({ who, topics: [...names] });
    tie(names, `${who} ${why}`);
  };

  const all = inventory.groups.value ?? [];
  const names = [...topics.map(({ name }) => name), ...inventory.unseen.map(({ topic }) => topic)];
  const reads = new Map(all.map((group) => [group, topicsOf(group, names)]));
  const readers = new Map<string, ScannedGroup[]>();
  const inner = topics.flatMap(({ name, partOf }) => (partOf ? [name] : []));
  // The topics of application shop-totals begin as those of shop do: they are those of the longest name that fits.
  const isOf = (topic: string, group: string): boolean =>
    topic.startsWith(`${group}-`) &&
    !all.some((one) => one.group.startsWith(`${group}-`) && topic.startsWith(`${one.group}-`));
  for (const [group, read] of reads) {
    for (const topic of read) readers.set(topic, [...(readers.get(topic) ?? []), group]);
    const who = `group ${named(group.group)}`;
    use(who, read, `reads ${[...read].filter((name) => known.has(name)).length} of its topics`);
    // Streams and ksqlDB name their inner topics after the application, which is the group.
    if (group.kind === 'streams' || group.kind === 'ksqldb' || group.protocol === 'streams')
      tie(
        [...read, ...inner.filter((name) => isOf(name, group.group))],
        `application ${named(group.group)} keeps inner topics`,
      );
  }
  const connectors = new Map<string, Reader[]>();
  for (const connector of inventory.connectors.value ?? []) {
    const { name, type, group } = connector;
    const used = usedBy(connector, names);
    const does = type === 'source' ? 'writes to' : type === 'sink' ? 'reads' : 'uses';
    use(`connector ${named(name)}`, used, `${does} several of its topics`);
    if (type === 'source') continue;
    const reader = { name, ...(group !== undefined && { group }), topics: [...used] };
    for (const topic of used) connectors.set(topic, [...(connectors.get(topic) ?? []), reader]);
  }
  for (const { transactionalId, topics } of inventory.openTransactions.value ?? [])
    use(`transaction ${named(transactionalId)}`, topics, 'writes to several of its topics at once');
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

  const beside = new Map<string, Use[]>();
  for (const { who, topics } of uses) {
    const inside = topics.find((name) => parent.has(name));
    const unseen = topics.filter((name) => !known.has(name));
    if (inside === undefined || unseen.length === 0) continue;
    beside.set(root(inside), [...(beside.get(root(inside)) ?? []), { who, topics: unseen }]);
  }
  const whyUnseen = whyUnseenIn(inventory);
  const everywhere = unseenAnywhere(inventory);
  const byRoot = new Map<string, ScannedTopic[]>();
  for (const topic of topics) byRoot.set(root(topic.name), [...(byRoot.get(root(topic.name)) ?? []), topic]);
  const setNames = new SetNames();
  return [...byRoot].map(([first, members]) => ({
    name: setNames.give(first),
    topics: members,
    groups: [...new Set(members.flatMap(({ name }) => readers.get(name) ?? []))].sort(byName),
    connectors: [...new Set(members.flatMap(({ name }) => connectors.get(name) ?? []))],
    ties: members.flatMap(({ name }) => ties.get(name) ?? []),
    unseen: [
      ...everywhere,
      ...unseenBeside(beside.get(first) ?? [], whyUnseen),
      ...members.flatMap(({ name, producers }) =>
        producers.unknown === undefined ? [] : [`who writes to ${name}: ${producers.unknown}`],
      ),
    ],
  }));
}

/** What a connector uses as far as it was told: a pattern that no engine can read may match any. */
function usedBy({ topics, pattern }: Connector, all: readonly string[]): Set<string> {
  const matched = pattern === undefined ? [] : all.filter((name) => wantsTopic(pattern, name) ?? true);
  return new Set([...(topics.value ?? []), ...matched]);
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
