import type { Migration } from './file.js';
import { packPositions, partitionsByTopic, unpackPositions, type Position } from './positions.js';
import type { TranslatedGroup, TranslatedPosition } from './work/offsets.js';

type Topics = Pick<Migration, 'topics'>;

/**
 * The name of an entry that is no group: a position in each partition, from which the others count theirs. Groups that have
 * read a topic to its end are at one offset, and others are near it. It stays as it is once there is one.
 */
const base = '';

const namesIn = ({ topics }: Topics): string[] => topics.map(({ name }) => name);

const baseIn = (migration: Topics, all: readonly TranslatedGroup[]): Position[] | undefined => {
  const { positions } = all.find(({ group }) => group === base) ?? {};
  return positions && unpackPositions(namesIn(migration), positions);
};

/** Names of the groups that have positions here. */
export const groupsTranslated = (all: readonly TranslatedGroup[] = []): string[] =>
  all.flatMap(({ group }) => (group === base ? [] : [group]));

/** What these groups were given, with what it is counted from. */
export const ofGroups = (
  all: readonly TranslatedGroup[] = [],
  groups: readonly string[] = [],
): TranslatedGroup[] => all.filter(({ group }) => group === base || groups.includes(group));

/**
 * As it crosses Temporal: the groups, and what they are counted from if `before`, which these are kept with, has no such
 * entry.
 *
 * @param noted what is read together with these in another place
 */
export function packTranslated(
  migration: Topics,
  groups: readonly { group: string; partitions: readonly TranslatedPosition[] }[],
  before: readonly TranslatedGroup[] = [],
  noted: readonly TranslatedGroup[] = [],
): TranslatedGroup[] {
  const names = namesIn(migration);
  const rows = groups.map(({ group, partitions }) => ({
    group,
    rows: partitions.map(({ topic, partition, source, target, certainty, metadata, without }): Position => ({
      ...{ topic, partition, offset: BigInt(target), metadata, without },
      source: source === null ? undefined : BigInt(source),
      atLeastOnce: certainty === 'at-least-once',
    })),
  }));
  const entry = [...before, ...noted].find(({ group }) => group === base) ?? {
    group: base,
    positions: packPositions(names, firstOf(rows.flatMap((one) => one.rows))),
  };
  const from = baseIn(migration, [entry]);
  return [
    ...(before.some(({ group }) => group === base) ? [] : [entry]),
    ...rows.map(({ group, rows }) => ({ group, positions: packPositions(names, rows, undefined, from) })),
  ];
}

/** Of each partition the first position that is known on both sides. */
function firstOf(rows: readonly Position[]): Position[] {
  const first = new Map<string, Position>();
  for (const { topic, partition, offset, source } of rows) {
    const key = `${topic}/${partition}`;
    if (source !== undefined && !first.has(key)) first.set(key, { topic, partition, offset, source });
  }
  return [...first.values()];
}

/** @param all with what the groups are counted from */
export function unpackTranslated(
  migration: Topics,
  all: readonly TranslatedGroup[],
): { group: string; partitions: TranslatedPosition[] }[] {
  const from = baseIn(migration, all);
  return all.flatMap(({ group, positions, partitions = [] }) => {
    if (group === base) return [];
    if (!positions) return [{ group, partitions }];
    return [{ group, partitions: unpackPositions(namesIn(migration), positions, from).map(asTranslated) }];
  });
}

function asTranslated({
  topic,
  partition,
  offset,
  source,
  atLeastOnce,
  metadata,
  without,
}: Position): TranslatedPosition {
  return {
    ...{ topic, partition, target: String(offset) },
    source: source === undefined ? null : String(source),
    certainty: atLeastOnce ? 'at-least-once' : 'exact',
    ...(metadata !== undefined && { metadata }),
    ...(without && { without: true as const }),
  };
}

/** For a person: where each partition of these groups goes on, or how many there are where that would be long. */
export function sayTranslated(
  migration: Topics,
  all: readonly TranslatedGroup[],
  groups: readonly string[],
): object[] {
  const asked = all.filter(({ group }) => groups.includes(group));
  const sizes = asked.map(({ group, positions, partitions = [] }) => {
    const topics = positions
      ? partitionsByTopic(namesIn(migration), positions)
      : partitions.map(({ topic }): [string, number] => [topic, 1]);
    return {
      group,
      topics: new Set(topics.map(([topic]) => topic)).size,
      partitions: topics.reduce((sum, [, count]) => sum + count, 0),
    };
  });
  if (sizes.some(({ partitions }) => partitions > 100)) return sizes;
  return unpackTranslated(migration, all).filter(({ group }) => groups.includes(group));
}
