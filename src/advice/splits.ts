import { tooLargeToCarry } from '../migration/carried-size.js';
import { migrationShape, type Migration } from '../migration/file.js';
import { few, named } from '../migration/foreign-text.js';
import type { Strategy } from '../migration/strategies.js';
import type { SetNames } from './set-names.js';
import { topicsOf, type TopicSet } from './sets.js';

/** Left for what a plan finds beside the offsets: ACLs, metadata of commits. */
const besideBytes = 200_000;
/** Characters of a set's name, after which the number of the part has room. */
const mostOfName = 80;

/**
 * A set as it is, or in parts that a migration can carry each (`carried-size.ts`). Topics of one group stay together as far
 * as they can; a group that reads several parts is named, since it cannot be in two migrations at a time. A topic that is too
 * large by itself is a part of its own, the last ones, and says that a plan refuses it.
 *
 * @param strategy by which it moves; none is known: the one that carries most
 * @param names those of all sets: no part is called as one of them, or as a part of another
 */
export function partsOf(set: TopicSet, strategy: Strategy | null, names: SetNames): TopicSet[] {
  const divided = new Division(set, strategy ?? 'doubleProducer');
  const moved = neighboursFirst(set).filter(({ partOf }) => partOf === null);
  if (moved.length === 0 || divided.fits(moved)) return [set];
  const large = moved.filter((topic) => !divided.fits([topic]));
  if (moved.length === 1) return [{ ...set, tooLarge: true, ties: [tooLarge(set), ...set.ties] }];
  const alone = new Set(large);
  const chunks = chunksThatFit(
    moved.filter((topic) => !alone.has(topic)),
    (chunk) => divided.fits([...chunk]),
  );
  const inner = set.topics.filter(({ partOf }) => partOf !== null);
  const parts = [...chunks, ...large.map((topic) => [topic])].map((topics, at) =>
    // Inner topics are in no file, so that they make no part larger.
    divided.part(at === 0 ? [...topics, ...inner] : topics),
  );
  return withNames(set, parts, names, parts.length - large.length);
}

/** In as few equal parts as fit; one topic fits. */
function chunksThatFit<T>(all: readonly T[], fits: (chunk: readonly T[]) => boolean): T[][] {
  for (let count = 1, before = 0; count <= all.length; count++) {
    const size = Math.ceil(all.length / count);
    if (size === before) continue;
    before = size;
    const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
      all.slice(at * size, (at + 1) * size),
    );
    if (size === 1 || chunks.every(fits)) return chunks;
  }
  return [];
}

/** What reads which topics of a set is looked up once for all ways to divide it. */
class Division {
  private readonly readers = new Map<string, Set<TopicSet['groups'][number]>>();

  constructor(
    private readonly set: TopicSet,
    private readonly strategy: Strategy,
  ) {
    const names = set.topics.map(({ name }) => name);
    for (const { name } of set.topics) this.readers.set(name, new Set());
    for (const group of set.groups)
      for (const topic of topicsOf(group, names)) this.readers.get(topic)?.add(group);
  }

  part(topics: TopicSet['topics']): TopicSet {
    const inside = new Set(topics.map(({ name }) => name));
    const reads = this.readsOf(topics);
    return {
      ...this.set,
      topics,
      groups: this.set.groups.filter((group) => reads.has(group)),
      connectors: this.set.connectors.filter((one) => one.topics.some((topic) => inside.has(topic))),
    };
  }

  fits(topics: TopicSet['topics']): boolean {
    const all = topics.map(({ name }) => name);
    const migration: Migration = {
      ...base,
      strategy: this.strategy,
      topics: all.map((name) => ({ ...baseTopic, name })),
      consumers: [...this.readsOf(topics)].map(([{ group }, read]) => ({
        ...baseConsumer,
        group,
        ...(read.length < all.length && { topics: read }),
      })),
    };
    const partitions = new Map(topics.map(({ name, partitions }) => [name, partitions]));
    return tooLargeToCarry(migration, partitions, besideBytes).length === 0;
  }

  private readsOf(topics: TopicSet['topics']): Map<TopicSet['groups'][number], string[]> {
    const reads = new Map<TopicSet['groups'][number], string[]>();
    for (const { name } of topics)
      for (const group of this.readers.get(name) ?? []) {
        const read = reads.get(group);
        if (read) read.push(name);
        else reads.set(group, [name]);
      }
    return reads;
  }
}

// Names are put in as they are: what no migration file takes has a size all the same.
const baseTopic = migrationShape().shape.topics.element.parse({ name: 'topic' });
const baseConsumer = { isolation: 'read_uncommitted' } as const;
const base = migrationShape().parse({
  name: 'part',
  strategy: 'doubleProducer',
  source: 'source',
  target: 'target',
  topics: [{ name: 'topic' }],
});

const tooLarge = ({ topics, groups }: Pick<TopicSet, 'topics' | 'groups'>): string =>
  `${few(topics.map(({ name }) => name))} alone, with ${topics.reduce((sum, { partitions }) => sum + partitions, 0)} partitions and ${groups.length} ${groups.length === 1 ? 'group' : 'groups'}, is more than one migration carries from step to step: ferry plan refuses its file as too large${groups.length > 0 ? ', until fewer groups move with it' : ''}.`;

/** @param fitting how many of the parts fit; the others come after them */
function withNames(set: TopicSet, parts: readonly TopicSet[], names: SetNames, fitting: number): TopicSet[] {
  const times = new Map<string, number>();
  for (const { groups } of parts)
    for (const { group } of groups) times.set(group, (times.get(group) ?? 0) + 1);
  return parts.map((part, at) => {
    const across = part.groups.filter(({ group }) => (times.get(group) ?? 0) > 1).map(({ group }) => group);
    return {
      ...part,
      name: names.give(`${set.name.slice(0, mostOfName)}-part-${at + 1}`),
      part: { of: set.name, number: at + 1 },
      ...(at >= fitting && { tooLarge: true }),
      ties: [
        `Part ${at + 1} of ${parts.length} of ${set.name}: all its ${set.topics.length} topics together are more than one migration carries from step to step. Start it when the part before has ended.`,
        ...(at >= fitting ? [tooLarge(part)] : []),
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

/** Each topic followed by those that share a group with it. */
function neighboursFirst({ topics, groups }: TopicSet): TopicSet['topics'] {
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const names = [...byName.keys()];
  const readersOf = new Map<string, Set<string>[]>();
  for (const group of groups) {
    const read = topicsOf(group, names);
    for (const topic of read) {
      const there = readersOf.get(topic);
      if (there) there.push(read);
      else readersOf.set(topic, [read]);
    }
  }
  const walked = new Set<Set<string>>();
  const ordered: TopicSet['topics'] = [];
  const seen = new Set<string>();
  for (const first of names) {
    const queue = [first];
    for (let at = 0; at < queue.length; at++) {
      const name = queue[at] ?? first;
      const topic = byName.get(name);
      if (!topic || seen.has(name)) continue;
      seen.add(name);
      ordered.push(topic);
      for (const read of readersOf.get(name) ?? []) {
        // What it reads stands in the queue already.
        if (walked.has(read)) continue;
        walked.add(read);
        queue.push(...read);
      }
    }
  }
  return ordered;
}
