import type { Migration } from './file.js';
import { packPositions, partitionsByTopic, unpackPositions } from './positions.js';
import type { TranslatedGroup, TranslatedPosition } from './work/offsets.js';

type Topics = Pick<Migration, 'topics'>;

const namesIn = ({ topics }: Topics): string[] => topics.map(({ name }) => name);

/** As it crosses Temporal. */
export function packTranslated(
  migration: Topics,
  group: string,
  partitions: readonly TranslatedPosition[],
): TranslatedGroup {
  return {
    group,
    positions: packPositions(
      namesIn(migration),
      partitions.map(({ topic, partition, source, target, certainty, metadata, without }) => ({
        ...{ topic, partition, offset: BigInt(target), metadata, without },
        source: source === null ? undefined : BigInt(source),
        atLeastOnce: certainty === 'at-least-once',
      })),
    ),
  };
}

export function translatedPositions(
  migration: Topics,
  { positions, partitions = [] }: TranslatedGroup,
): TranslatedPosition[] {
  if (!positions) return partitions;
  return unpackPositions(namesIn(migration), positions).map(
    ({ topic, partition, offset, source, atLeastOnce, metadata, without }) => ({
      ...{ topic, partition, target: String(offset) },
      source: source === undefined ? null : String(source),
      certainty: atLeastOnce ? 'at-least-once' : 'exact',
      ...(metadata !== undefined && { metadata }),
      ...(without && { without: true as const }),
    }),
  );
}

/** For a person: where each partition of a group goes on, or how many there are where that would be long. */
export function sayTranslated(migration: Topics, one: TranslatedGroup): object {
  const { group, positions, partitions = [] } = one;
  if (!positions) return { group, partitions };
  if (positions.offsets.length <= 500) return { group, partitions: translatedPositions(migration, one) };
  const all = partitionsByTopic(namesIn(migration), positions);
  return { group, topics: all.length, partitions: all.reduce((sum, [, count]) => sum + count, 0) };
}
