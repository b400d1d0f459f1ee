import { tooLargeToCarry } from '../migration/carried-size.js';
import { migrationShape } from '../migration/file.js';
import { named } from '../migration/foreign-text.js';
import type { Strategy } from '../migration/strategies.js';
import type { SetNames } from './set-names.js';
import { topicsOf, type TopicSet } from './sets.js';

/** Left for what a plan finds beside the offsets: ACLs, metadata of commits. */
const besideBytes = 200_000;
/** Characters of a set's name, after which the number of the part has room. */
const mostOfName = 80;

/**
 * A set as it is, or in parts that a migration can carry each (`carried-size.ts`). Topics of one group stay together as far
 * as they can; a group that reads several parts is named, since it cannot be in two migrations at a time.
 *
 * @param strategy by which it moves; none is known: the one that carries most
 * @param names those of all sets: no part is called as one of them, or as a part of another
 */
export function partsOf(set: TopicSet, strategy: Strategy | null, names: SetNames): TopicSet[] {
  const fits = (part: TopicSet) => isCarried(part, strategy ?? 'doubleProducer');
  if (set.topics.length < 2 || fits(set)) return [set];
  const ordered = neighboursFirst(set);
  for (let count = 2; count <= ordered.length; count++) {
    const size = Math.ceil(ordered.length / count);
    const parts = Array.from({ length: Math.ceil(ordered.length / size) }, (_, at) =>
      partOf(set, ordered.slice(at * size, (at + 1) * size)),
    );
    if (parts.every(fits) || size === 1) return withNames(set, parts, names);
  }
  return [set];
}

function partOf(set: TopicSet, topics: TopicSet['topics']): TopicSet {
  const names = topics.map(({ name }) => name);
  const inside = new Set(names);
  const groups = set.groups.filter((group) => [...topicsOf(group, names)].some((topic) => inside.has(topic)));
  const connectors = set.connectors.filter((one) => one.topics.some((topic) => inside.has(topic)));
  return { ...set, topics, groups, connectors };
}

function withNames(set: TopicSet, parts: readonly TopicSet[], names: SetNames): TopicSet[] {
  const times = new Map<string, number>();
  for (const { groups } of parts)
    for (const { group } of groups) times.set(group, (times.get(group) ?? 0) + 1);
  return parts.map((part, at) => {
    const across = part.groups.filter(({ group }) => (times.get(group) ?? 0) > 1).map(({ group }) => group);
    return {
      ...part,
      name: names.give(`${set.name.slice(0, mostOfName)}-part-${at + 1}`),
      part: { of: set.name, number: at + 1 },
      ties: [
        `Part ${at + 1} of ${parts.length} of ${set.name}: all its ${set.topics.length} topics together are more than one migration carries from step to step. Start it when the part before has ended.`,
        ...(across.length > 0
          ? [
              `Groups that read other parts too: ${across.map(named).join(', ')}. Offsets for one part can only be committed while such a group is stopped on the target: stop it there before the next part starts.`,
            ]
          : []),
        ...set.ties,
      ],
    };
  });
}

function isCarried(part: TopicSet, strategy: Strategy): boolean {
  const names = part.topics.map(({ name }) => name);
  const migration = migrationShape.parse({
    name: 'part',
    strategy,
    source: 'source',
    target: 'target',
    topics: names.map((name) => ({ name })),
    consumers: part.groups.map((group) => {
      const read = [...topicsOf(group, names)].filter((name) => names.includes(name));
      return { group: group.group, ...(read.length > 0 && read.length < names.length && { topics: read }) };
    }),
  });
  const partitions = new Map(part.topics.map(({ name, partitions }) => [name, partitions]));
  return tooLargeToCarry(migration, partitions, besideBytes).length === 0;
}

/** Each topic followed by those that share a group with it. */
function neighboursFirst({ topics, groups }: TopicSet): TopicSet['topics'] {
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const names = [...byName.keys()];
  const reads = groups.map((group) => topicsOf(group, names));
  const readersOf = new Map<string, Set<string>[]>();
  for (const read of reads)
    for (const topic of read) readersOf.set(topic, [...(readersOf.get(topic) ?? []), read]);
  const ordered: TopicSet['topics'] = [];
  const seen = new Set<string>();
  for (const first of names) {
    const queue = [first];
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const topic = byName.get(name);
      if (!topic || seen.has(name)) continue;
      seen.add(name);
      ordered.push(topic);
      for (const read of readersOf.get(name) ?? [])
        for (const next of read) if (!seen.has(next)) queue.push(next);
    }
  }
  return ordered;
}
