import { targetGroup, targetName, topicsOf, type Migration } from '../migration/file.js';
import { offsetAt, partitionsOf, type OffsetTable } from '../migration/offsets.js';
import { unpackTranslated } from '../migration/translated.js';
import type { Account, GroupOffsets } from './account.js';
import type { Found } from './found.js';

const said = (offset: bigint | undefined): string | null => (offset === undefined ? null : String(offset));
const at = (table: OffsetTable | undefined, topic: string, partition: number): string | null =>
  table ? said(offsetAt(table, topic, partition)) : null;

/** Where each group was on the source, and where it went on on the target. */
export function groupOffsets(migration: Migration, found: Found): GroupOffsets[] {
  const translated = new Map(
    unpackTranslated(migration, found.translated).map(({ group, partitions }) => [group, partitions]),
  );
  return migration.consumers.flatMap((consumer): GroupOffsets[] => {
    const topics = topicsOf(migration, consumer);
    const names = new Map(migration.topics.map((move) => [move.name, targetName(move)]));
    const partitions = translated.get(consumer.group);
    const who = { group: consumer.group, onTarget: targetGroup(consumer) };
    if (partitions)
      return [
        {
          ...who,
          how: 'translated',
          partitions: partitions.map(({ topic, partition, source, target, certainty }) => ({
            ...{ topic, onTarget: names.get(topic) ?? topic, partition },
            ...{ before: source, after: target, certainty },
          })),
        },
      ];
    const { start, drained } = found;
    const known = partitionsIn(
      topics.map(({ name }) => name),
      found,
      names,
    );
    if (!start || known.length === 0) return [];
    return [
      {
        ...who,
        how: 'started',
        partitions: known.map(({ topic, partition }) => {
          const onTarget = names.get(topic) ?? topic;
          return {
            ...{ topic, onTarget, partition, certainty: null },
            before: at(drained, topic, partition),
            after: at(start, onTarget, partition),
          };
        }),
      },
    ];
  });
}

/** Where each partition ended on both sides. */
export function endsOf({ topics }: Migration, found: Found): Account['ends'] {
  const names = new Map(topics.map((move) => [move.name, targetName(move)]));
  return partitionsIn([...names.keys()], { ends: found.ends, mirrored: found.mirrored }, names).map(
    ({ topic, partition }) => ({
      ...{ topic, partition },
      source: at(found.ends, topic, partition),
      target: at(found.mirrored, names.get(topic) ?? topic, partition),
    }),
  );
}

/** Every partition that a table knows, by its name on the source. */
function partitionsIn(
  topics: readonly string[],
  { ends, drained, start, mirrored }: Partial<Pick<Found, 'ends' | 'drained' | 'start' | 'mirrored'>>,
  names: ReadonlyMap<string, string>,
): { topic: string; partition: number }[] {
  const [source, target] = [countsIn(ends, drained), countsIn(start, mirrored)];
  return topics.flatMap((topic) => {
    const many = Math.max(source.get(topic) ?? 0, target.get(names.get(topic) ?? topic) ?? 0);
    return Array.from({ length: many }, (_, partition) => ({ topic, partition }));
  });
}

function countsIn(...tables: (OffsetTable | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const table of tables)
    for (const { topic, partition } of table ? partitionsOf(table) : [])
      counts.set(topic, Math.max(counts.get(topic) ?? 0, partition + 1));
  return counts;
}
