import { endsTable } from '../activities/topics/planned-topics.js';
import type { Lab } from '../lab/lab.js';
import { consumers } from '../lab/principals.js';
import type { Cluster } from '../src/kafka/cluster.js';
import { createTopics, write } from './source.js';
import type { MigrationFile } from '../src/migration/file.js';
import { offsetAt, type SourceOffsets } from '../src/migration/offsets.js';

export const partitionsPerTopic = 12;

const producer = 'orders-web';
/** The first of its groups reads one record behind the others on every partition: what a probe of the drain has to look into. */
const behind = 'audit';

/** One migration with many topics, all of which are written by one application and read by all groups of three others. */
export interface Wide {
  name: string;
  topics: string[];
  groups: { app: string; group: string; left: bigint }[];
}

export function wide(topics: number, groups: number): Wide {
  const name = `wide-${topics}`;
  return {
    name,
    topics: Array.from({ length: topics }, (_, index) => `${name}.orders-${index + 1}`),
    groups: Array.from({ length: groups }, (_, at) => {
      const app = consumers[(at + consumers.indexOf(behind)) % consumers.length] ?? behind;
      const turn = Math.floor(at / consumers.length);
      return { app, group: `${name}.${app}${turn === 0 ? '' : `-${turn}`}`, left: at === 0 ? 1n : 0n };
    }),
  };
}

export const partitionsOf = ({ topics }: Wide) =>
  topics.flatMap((topic) =>
    Array.from({ length: partitionsPerTopic }, (_, partition) => ({ topic, partition })),
  );

export function migrationOf({ name, topics, groups }: Wide): MigrationFile {
  return {
    name,
    strategy: 'simplestCase',
    source: 'source',
    target: 'target',
    topics: topics.map((topic) => ({ name: topic })),
    producers: [{ name: producer }],
    consumers: groups.map(({ group }) => ({ group })),
    principals: Object.fromEntries([producer, ...consumers].map((app) => [`User:${app}`, `User:CN=${app}`])),
    leaveBehind: { principals: ['User:ferry'] },
    waits: { quiet: '2s', soak: '1s' },
  };
}

/**
 * Makes the topics with a record in each partition, their ACLs, and the groups' commits, on the source.
 * @returns where the logs end.
 */
export async function settledEnds(lab: Lab, source: Cluster, it: Wide): Promise<SourceOffsets> {
  await createTopics(source, it.topics, partitionsPerTopic);
  await write(
    lab,
    it.topics,
    Array.from({ length: partitionsPerTopic }, (_, partition) => ({ value: 'last', partition })),
  );
  await lab.source.allow(producer, { write: it.topics });
  const partitions = partitionsOf(it);
  // Asked for and not counted: a producer that tries again may write twice.
  const ends = endsTable<'source'>(partitions, await source.watermarks(partitions));
  for (const app of new Set(it.groups.map((one) => one.app)))
    await lab.source.allow(app, {
      read: it.topics,
      groups: it.groups.flatMap((one) => (one.app === app ? [one.group] : [])),
    });
  for (const one of it.groups) await commitEnds(source, it, ends, one);
  return ends;
}

/** Commits for a group the ends, but for so many records as it has left. */
export async function commitEnds(
  source: Cluster,
  it: Wide,
  ends: SourceOffsets,
  { group, left }: Pick<Wide['groups'][number], 'group' | 'left'>,
): Promise<void> {
  const offsets = partitionsOf(it).map((at) => ({
    ...at,
    offset: (offsetAt(ends, at.topic, at.partition) ?? 0n) - left,
  }));
  for (const { error } of (await source.commitOffsets(group, offsets)).values()) if (error) throw error;
}
